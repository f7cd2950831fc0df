"""DuckDB connections that read the lake."""
