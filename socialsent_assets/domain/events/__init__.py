"""The event contract: what a valid event is, where it lands, what happens to the rest.

Standard library only; this folder, whole, is what a Lambda zip carries.
"""
