"""Bigram model with Kneser-Ney smoothing: model, files, distinctive bigrams."""
