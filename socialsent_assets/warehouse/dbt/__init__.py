"""dbt: environment, manifest, compiled SQL, column lineage and the DuckDB plugin."""
