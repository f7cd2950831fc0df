"""The lake's tables in Apache Iceberg: catalog, schema, data files, commits, scans and upkeep.

Not here: what the columns are (domain/tables.py), which rows a table gets (jobs/), which hours are stale (staleness).
"""
