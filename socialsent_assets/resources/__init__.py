"""Dagster's handles on the world: compute, ingest, warehouse, and the one place that chooses an environment."""
