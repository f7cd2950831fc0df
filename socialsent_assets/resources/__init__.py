"""Dagster's handles on the world: lake, compute, warehouse, ingest; bindings.py chooses them."""
