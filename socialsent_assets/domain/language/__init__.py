"""Language: two forms of a post's text, and its polarity.

Start with text.py (clean text and model tokens) and polarity.py (the scorer). lexicon/ holds the data and
its licences. Not here: training and models (domain/learning/), where scores are kept (jobs/score.py).
"""
