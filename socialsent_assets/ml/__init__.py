"""Models: corpus, training, registry, drift and serving.

Not here: the mathematics (domain/learning/, domain/language/), assets (defs/ml/).
"""
