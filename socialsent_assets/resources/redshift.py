"""Amazon Redshift as the warehouse: what dbt has to know, and what the graph asks of the marts.

Builds take turns by Dagster's pool `warehouse` alone: two deployments must not share a schema.

Not here: connections and errors (lake/redshift.py), the memory of what the marts hold (lake/held_hours.py).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from socialsent_assets.lake import held_hours
from socialsent_assets.lake.held_hours import FRESH_FOR, HeldHours
from socialsent_assets.lake.marts import versions_in
from socialsent_assets.lake.redshift import redshift_marts
from socialsent_assets.lake.sql import SqlEngine
from socialsent_assets.lake.storage import Storage
from socialsent_assets.lake.warehouse import WarehouseUnreachableError
from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.resources.warehouse import ARTIFACTS, Warehouse, dbt_environment, in_environment
from socialsent_assets.settings import RedshiftSettings, Settings, read_dotenv
from socialsent_assets.settings.redshift import password_of

_SENSOR_DEADLINE_S = 20.0  # the daemon gives a sensor a minute
_WAKING_PAUSE_S = 10.0
_EXISTING = """
    select table_schema || '.' || table_name from information_schema.tables where table_type = 'BASE TABLE'
"""


class RedshiftWarehouse(Warehouse):
    """A schema of marts in Redshift.

    Attributes:
        home: folder of this machine for dbt's artifacts.
        duckdb_file: `Settings.warehouse`, which dbt_project/profiles.yml names whatever the target.
        method, host, port, database, user, region, marts_schema, sslmode, cluster: see `settings.RedshiftSettings`.
            Its password is no part of this: Dagster shows the attributes of a resource to everybody.
        waking_s: how long a build waits for a warehouse that does not answer, such as one that was paused.
    """

    home: str
    duckdb_file: str
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

    def environment(self) -> dict[str, str]:
        """See `Warehouse.environment`."""
        return {
            **dbt_environment(self.lake.cleansed, self.lake.analytics, Path(self.duckdb_file)),
            **redshift_environment(self.settings()),
        }

    def artifacts_folder(self) -> Path:
        """See `Warehouse.artifacts_folder`."""
        return Path(self.home).absolute() / ARTIFACTS

    @contextmanager
    def building(self, log: Callable[[str], None]) -> Iterator[None]:
        """See `Warehouse.building`. Wakes the warehouse first, so that dbt finds it.

        Raises:
            UserError: see `lake.redshift.redshift_marts`.
            WarehouseUnreachableError: it did not answer for `waking_s` seconds.
        """
        self._wake(log)
        before = held_hours.remembered(self._artifacts(), self.marts_schema)
        held_hours.forget(self._artifacts(), self.marts_schema)
        with in_environment(self.environment()):
            yield
        try:
            self._remember(before, deadline_s=_SENSOR_DEADLINE_S)
        except WarehouseUnreachableError as error:  # the build is done; the next sensor's tick asks again
            log(f"cannot see what the marts hold now: {error}")

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
        """See `Warehouse.asking`. Marts that were never built show themselves when they are asked."""
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

    def known_versions(self) -> dict[str, str]:
        """See `Warehouse.known_versions`: from memory, unless that is missing or old; then Redshift is asked."""
        held = held_hours.remembered(self._artifacts(), self.marts_schema)
        if held is None or datetime.now(UTC) - held.seen_at > FRESH_FOR:
            held = self._remember(held, deadline_s=_SENSOR_DEADLINE_S)
        return held.versions

    def built_at(self) -> datetime | None:
        """See `Warehouse.built_at`: when the memory of the hours last changed."""
        held = held_hours.remembered(self._artifacts(), self.marts_schema)
        return held.changed_at if held is not None and held.versions else None

    def _remember(self, before: HeldHours | None, deadline_s: float) -> HeldHours:
        with redshift_marts(self.settings(), deadline_s) as sql:
            versions = versions_in(sql)
        return held_hours.remember(self._artifacts(), self.marts_schema, versions, datetime.now(UTC), before)

    def _artifacts(self) -> Storage:
        return self.lake.open().artifacts


def redshift_environment(redshift: RedshiftSettings) -> dict[str, str]:
    """What the target `redshift` of dbt_project/profiles.yml reads: the same for parsing and for running."""
    return {
        "SOCIALSENT_REDSHIFT_METHOD": redshift.method,
        "SOCIALSENT_REDSHIFT_HOST": redshift.host,
        "SOCIALSENT_REDSHIFT_PORT": str(redshift.port),
        "SOCIALSENT_REDSHIFT_DATABASE": redshift.database,
        "SOCIALSENT_REDSHIFT_USER": redshift.user,
        "SOCIALSENT_REDSHIFT_PASSWORD": redshift.password,
        "SOCIALSENT_REDSHIFT_SCHEMA": redshift.schema,
        "SOCIALSENT_REDSHIFT_SSLMODE": redshift.sslmode,
        "SOCIALSENT_REDSHIFT_CLUSTER": redshift.cluster,
        "AWS_REGION": redshift.region,
    }
