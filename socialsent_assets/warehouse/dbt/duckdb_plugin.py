"""A plugin of dbt-duckdb: lets dbt's DuckDB read a lake in S3. dbt_project/profiles.yml names it when there is one.

Not here: how S3 is read (lake/duckdb/s3_filesystem.py).
"""

from __future__ import annotations

import os
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin

from socialsent_assets.lake.duckdb.connection import let_read
from socialsent_assets.lake.storage.open import storage_at

_TIERS = ("SOCIALSENT_LAKE_CLEANSED", "SOCIALSENT_LAKE_ANALYTICS")


class Plugin(BasePlugin):
    """What dbt-duckdb looks for in this module."""

    def configure_connection(self, conn: Any) -> None:
        """Called once per process, with the connection to the warehouse."""
        let_read(conn, [storage_at(uri) for name in _TIERS if (uri := os.environ.get(name))])
