"""Athena: run statements, rewrite them for the catalog, decode the answers."""
