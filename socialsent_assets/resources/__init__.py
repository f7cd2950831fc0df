"""Dagster's handles on the world: lake, compute, warehouse, ingest; build.py chooses them."""
