"""The mock social network: what is due in a minute -> Kinesis records.

Not here: what people say (socialsent_assets/simulator/feed.py).
"""
