"""The functions that AWS Lambda runs. Each sees `socialsent_assets.domain.events` and nothing else of ours.

Not here: what a valid event is and where it lands (domain/events/), how a function is deployed (infra/).
"""
