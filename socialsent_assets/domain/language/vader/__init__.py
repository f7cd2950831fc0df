"""VADER: rules, lexicon, and the compiled scorer that equals them bit for bit."""
