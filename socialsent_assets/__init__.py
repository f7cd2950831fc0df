"""SocialSent: social-media events in, sentiment out.

Imports nothing, on purpose: a Lambda and a Glue job come in through this package and pay for what they use.
Start reading at `socialsent_assets.domain`.
"""
