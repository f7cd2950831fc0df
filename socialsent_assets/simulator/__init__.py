"""Simulated social network: people, topics, moods and the events they produce. Standard library and domain only.

Not here: delivery to Kinesis (lambdas/mock_server/), the local feed (local_aws/).
"""
