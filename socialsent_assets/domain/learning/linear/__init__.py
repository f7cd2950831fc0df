"""The classifier, compiled, for columns of posts. Not here: what it computes (classifier.py, features.py)."""
