"""Kinesis records -> landing and quarantine objects.

Not here: the contract that decides which (socialsent_assets/domain/events/).
"""
