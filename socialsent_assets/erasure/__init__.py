"""Erasure: every trace of a person or text out of what is kept on this machine, and the search that proves it.

Not here: the rule that recognises an erased event (domain/events/erasure.py), the command (cli/erase.py), deletions
that networks send, which leave the bytes where they are (domain/events/kinds/deletion.py).
"""
