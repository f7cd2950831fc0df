"""Amazon Redshift as the warehouse: connection settings for dbt, and the graph's queries on the marts.

Not here: connections and errors (warehouse/redshift.py), the memory of what the marts hold (remote_warehouse.py).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.resources.remote_warehouse import SENSOR_DEADLINE_S, BilledWarehouse
from socialsent_assets.settings import RedshiftSettings, Settings, read_dotenv
from socialsent_assets.settings.redshift import password_of
from socialsent_assets.warehouse.dbt.environment import redshift_environment
from socialsent_assets.warehouse.engine import SqlEngine
from socialsent_assets.warehouse.errors import WarehouseUnreachableError
from socialsent_assets.warehouse.marts import versions_in
from socialsent_assets.warehouse.redshift import redshift_marts

_WAKING_PAUSE_S = 10.0
_EXISTING = """
    select table_schema || '.' || table_name from information_schema.tables where table_type = 'BASE TABLE'
"""


class RedshiftWarehouse(BilledWarehouse):
    """A schema of marts in Redshift.

    Attributes:
        home, duckdb_file: see `BilledWarehouse`.
        method, host, port, database, user, region, marts_schema, sslmode, cluster: see `settings.RedshiftSettings`.
            Its password is no part of this: Dagster shows the attributes of a resource to everybody.
        waking_s: how long a build waits for a warehouse that does not answer, such as one that was paused.
    """

    method: str
    host: str
    port: int
    database: str
    user: str
    region: str
    marts_schema: str
    sslmode: str
    cluster: str
    waking_s: float = 120.0

    @classmethod
    def of(cls, settings: Settings, redshift: RedshiftSettings, lake: LakeResource) -> RedshiftWarehouse:
        """The warehouse that the settings name."""
        connection = asdict(redshift)
        connection["marts_schema"] = connection.pop("schema")
        del connection["password"]
        return cls(lake=lake, home=str(settings.home), duckdb_file=str(settings.warehouse), **connection)

    def settings(self) -> RedshiftSettings:
        """How to reach it, with the password that this process was given. Raises UserError without one."""
        connection: dict[str, Any] = {
            name: getattr(self, name)
            for name in ("method", "host", "port", "database", "user", "region", "sslmode", "cluster")
        }
        password = password_of({**read_dotenv(Path(".env")), **os.environ}, self.method)
        return RedshiftSettings(**connection, schema=self.marts_schema, password=password)

    @property
    def place(self) -> str:
        """See `BilledWarehouse.place`."""
        return self.marts_schema

    def connection_environment(self) -> dict[str, str]:
        """See `BilledWarehouse.connection_environment`."""
        return redshift_environment(self.settings())

    @contextmanager
    def building(self, log: Callable[[str], None]) -> Iterator[None]:
        """See `Warehouse.building`. Wakes the warehouse first, so that dbt finds it.

        Raises:
            UserError: see `warehouse.redshift.redshift_marts`.
            WarehouseUnreachableError: it did not answer for `waking_s` seconds.
        """
        self._wake(log)
        with super().building(log):
            yield

    def _wake(self, log: Callable[[str], None]) -> None:
        deadline = time.monotonic() + self.waking_s
        while True:
            try:
                with self.asking():
                    return
            except WarehouseUnreachableError as error:
                if time.monotonic() + _WAKING_PAUSE_S > deadline:
                    raise
                log(f"waiting for the warehouse: {error}")
                time.sleep(_WAKING_PAUSE_S)

    @contextmanager
    def asking(self) -> Iterator[SqlEngine]:
        """See `Warehouse.asking`. Missing marts show when they are queried."""
        with redshift_marts(self.settings()) as sql:
            yield sql

    def row_counts(self, tables: Iterable[str]) -> dict[str, int]:
        """See `Warehouse.row_counts`: two statements, however many tables."""
        with self.asking() as sql:
            known = {name for (name,) in sql.run(_EXISTING).rows}
            existing = [table for table in tables if table in known]
            if not existing:
                return {}
            counts = " union all ".join(
                f"select cast('{table}' as varchar(256)) as name, count(*) as found from {table}"  # noqa: S608
                for table in existing
            )
            return {str(name): int(found) for name, found in sql.run(counts).rows}

    def versions_now(self) -> dict[str, str]:
        """See `BilledWarehouse.versions_now`."""
        with redshift_marts(self.settings(), SENSOR_DEADLINE_S) as sql:
            return versions_in(sql)
