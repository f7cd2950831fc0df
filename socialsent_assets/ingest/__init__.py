"""Ingest of files into landing: JSON Lines, CSV, labels. Imports no AWS client.

Not here: the event contract (domain/events/), the stream's consumer (lambdas/kinesis_consumer/).
"""
