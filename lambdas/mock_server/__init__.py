"""The mock social network: what is due in a minute -> Kinesis records.

Not here: the simulated posts (socialsent_assets/simulator/feed.py).
"""
