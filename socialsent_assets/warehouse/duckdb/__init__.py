"""DuckDB: the warehouse file and ad-hoc SQL over lake and marts."""
