"""Public networks that are followed while they go on: connections that resume, and the loop that lands what comes.

Each module but follower.py and checkpoint.py is one network: how to connect, and what a cursor is there. The meaning
of a record is in ingest/sources/, the same for a file and a stream.
"""
