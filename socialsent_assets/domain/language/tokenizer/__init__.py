"""The token grammar of text.py, compiled, for columns of texts. Not here: the grammar itself (text.py)."""
