"""Spark: one function (spark, lake, hours) -> receipts per job. No dagster."""
