"""Anything in, source records out: the mock feed, files of events, mapped CSV.

Not here: whether a record is valid (../event.py).
"""
