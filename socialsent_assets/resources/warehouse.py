"""The warehouse as a Dagster resource: where it is, what dbt has to know, who may have it open.

Not here: Redshift (redshift.py), the models (dbt_project/), how a run maps onto dbt's arguments (defs/marts.py).
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.lake.marts import duckdb_marts
from socialsent_assets.lake.sql import SqlEngine
from socialsent_assets.lake.warehouse import WarehouseBusyError, versions_held, writing
from socialsent_assets.resources.lake import LakeResource

# dbt's artifacts of the latest build. One folder per warehouse: dbt finds its parsed project again there,
# and only one build at a time can use it (the pool `warehouse`, and `Warehouse.building`).
ARTIFACTS = "dbt"
_TABLES = "select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE'"


class Warehouse(dg.ConfigurableResource, ABC):
    """Where dbt builds the marts."""

    lake: LakeResource

    @abstractmethod
    def environment(self) -> dict[str, str]:
        """What dbt_project/ reads from its environment: lake and warehouse."""

    @abstractmethod
    def artifacts_folder(self) -> Path:
        """Folder of dbt's artifacts and log."""

    @abstractmethod
    def building(self, log: Callable[[str], None]) -> AbstractContextManager[None]:
        """The warehouse is ours to write and dbt finds everything that it needs, until the end.

        The environment is set in this process, because DbtCliResource opens the warehouse here as well.
        """

    @abstractmethod
    def asking(self) -> AbstractContextManager[SqlEngine]:
        """The marts, to read. Raises UserError if there are none yet."""

    @abstractmethod
    def row_counts(self, tables: Iterable[str]) -> dict[str, int]:
        """Rows of each of `tables` (`schema.table`) that exists. Call it inside `building`, when dbt has ended."""

    @abstractmethod
    def known_versions(self) -> dict[str, str] | None:
        """{hour key: lake version} that the marts hold, told at once; None while they are being built.

        Raises:
            WarehouseUnreachableError: nobody can tell now.
        """

    @abstractmethod
    def built_at(self) -> datetime | None:
        """When the marts last changed, UTC; None if that is not known, or they were never built."""


class DuckDbWarehouse(Warehouse):
    """The DuckDB file of this machine."""

    path: str

    def environment(self) -> dict[str, str]:
        """See `Warehouse.environment`: absolute paths."""
        return dbt_environment(self.lake.cleansed, self.lake.analytics, Path(self.path))

    def artifacts_folder(self) -> Path:
        """Beside the file."""
        return Path(self.path).absolute().parent / ARTIFACTS

    @contextmanager
    def building(self, log: Callable[[str], None]) -> Iterator[None]:
        """See `Warehouse.building`. Waits for readers of the file to end."""
        Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        with (
            writing(Path(self.path), on_wait=lambda who: log(f"waiting for the warehouse: {who}")),
            in_environment(self.environment()),
        ):
            yield

    @contextmanager
    def asking(self) -> Iterator[SqlEngine]:
        """See `Warehouse.asking`."""
        with duckdb_marts(Path(self.path)) as sql:
            yield sql

    def row_counts(self, tables: Iterable[str]) -> dict[str, int]:
        """See `Warehouse.row_counts`."""
        import duckdb

        if not Path(self.path).is_file():
            return {}
        with duckdb.connect(self.path, read_only=True) as connection:
            known = {f"{schema}.{name}" for schema, name in connection.execute(_TABLES).fetchall()}
            existing = [table for table in tables if table in known]
            sizes = {table: connection.execute(f"select count(*) from {table}").fetchone() for table in existing}  # noqa: S608
        return {table: int(row[0]) for table, row in sizes.items() if row is not None}

    def known_versions(self) -> dict[str, str] | None:
        """See `Warehouse.known_versions`."""
        try:
            return versions_held(Path(self.path), patience_s=0.0)
        except WarehouseBusyError:
            return None

    def built_at(self) -> datetime | None:
        """See `Warehouse.built_at`: the time of the file."""
        path = Path(self.path)
        return datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.is_file() else None


@contextmanager
def in_environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables of this process, and put them back at the end."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def dbt_environment(cleansed: str, analytics: str, warehouse: Path) -> dict[str, str]:
    """Environment of every dbt process: parsing and running need the same one, or dbt parses twice."""
    return {
        "SOCIALSENT_LAKE_CLEANSED": _absolute(cleansed),
        "SOCIALSENT_LAKE_ANALYTICS": _absolute(analytics),
        "SOCIALSENT_WAREHOUSE": str(warehouse.absolute()),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def window_vars(hours: list[EventHour]) -> dict[str, str]:
    """Dbt vars that limit a build to the span of `hours`; {} (all history) for no hours.

    >>> window_vars([EventHour.from_key("2026-11-22-03:00")])
    {'window_start': '2026-11-22 03:00:00', 'window_end': '2026-11-22 04:00:00'}
    """
    if not hours:
        return {}
    pattern = "%Y-%m-%d %H:%M:%S"
    return {
        "window_start": min(hours).start.strftime(pattern),
        "window_end": max(hours).end.strftime(pattern),
    }


def _absolute(uri: str) -> str:
    return (
        uri
        if "://" in uri and not uri.startswith("file:")
        else str(Path(uri.removeprefix("file://").removeprefix("file:")).absolute())
    )
