"""Encoder: a small transformer as the second reader of a cascade, and its fine-tuning.

Not here: the linear classifier (classifier.py, linear/), both together (cascade.py).
"""
