"""Checks: what has to hold before data flows on, one file per kind."""
