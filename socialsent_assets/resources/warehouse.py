"""The warehouse as a Dagster resource: where it is, what dbt has to know, who may have it open.

Not here: Redshift (redshift.py), the models (dbt_project/), how a run maps onto dbt's arguments (defs/marts.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from socialsent_assets.insights.day_measures import DayMeasures, day_measures
from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.warehouse.dbt.environment import (
    ARTIFACTS,
    LAKE_FILES,
    dbt_environment,
    in_environment,
    left_out_environment,
)
from socialsent_assets.warehouse.duckdb.database import versions_held
from socialsent_assets.warehouse.duckdb.marts import duckdb_marts
from socialsent_assets.warehouse.duckdb.rebuild import copy_of, publish, rebuilding
from socialsent_assets.warehouse.engine import SqlEngine
from socialsent_assets.warehouse.errors import WarehouseBusyError
from socialsent_assets.warehouse.lake_files import write_lake_files

_TABLES = "select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE'"


class Warehouse(dg.ConfigurableResource[None], ABC):
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

    @property
    def publishes(self) -> bool:
        """Whether readers see what dbt built after `publish` alone; else they see each model when it is built."""
        return False

    def publish(self) -> None:
        """Show readers what dbt built. Call it inside `building`, when dbt has succeeded."""

    @abstractmethod
    def asking(self) -> AbstractContextManager[SqlEngine]:
        """The marts, to read. Raises UserError if there are none yet."""

    @abstractmethod
    def row_counts(self, tables: Iterable[str]) -> dict[str, int]:
        """Rows of each of `tables` (`schema.table`) that exists. Call it inside `building`, when dbt has ended."""

    def day_measures(self, days: Sequence[str]) -> DayMeasures:
        """Measures of the marts for these days. Call it when they can be read: after `publish`."""
        with self.asking() as sql:
            return day_measures(sql, days)

    @abstractmethod
    def known_versions(self) -> dict[str, str] | None:
        """{hour key: lake version} that the marts hold, without waiting; None while another program writes them.

        Raises:
            WarehouseUnreachableError: the warehouse cannot be queried now.
        """

    @abstractmethod
    def how_to_build_anew(self) -> str:
        """What a person does when the marts' columns are of an older version."""

    @abstractmethod
    def built_at(self) -> datetime | None:
        """When the marts last changed, UTC; None if that is not known, or they were never built."""


class DuckDbWarehouse(Warehouse):
    """The DuckDB file of this machine."""

    path: str

    def environment(self) -> dict[str, str]:
        """See `Warehouse.environment`: absolute paths; dbt is given the copy."""
        return dbt_environment(self.lake.cleansed, self.lake.analytics, Path(self.path))

    def artifacts_folder(self) -> Path:
        """Beside the file."""
        return Path(self.path).absolute().parent / ARTIFACTS

    @contextmanager
    def building(self, log: Callable[[str], None]) -> Iterator[None]:
        """See `Warehouse.building`: dbt works in a copy of the file. Waits for another build to end."""
        path = Path(self.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with (
            rebuilding(path, self._copy(), on_wait=lambda who: log(f"waiting for another build: {who}")),
            in_environment(self.environment()),
        ):
            left_out = write_lake_files(self.lake.open(), self.artifacts_folder() / LAKE_FILES)
            if left_out:
                log(f"{len(left_out)} hours are left as they are until another run has scored them")
            with in_environment(left_out_environment(left_out)):
                yield

    @property
    def publishes(self) -> bool:
        """See `Warehouse.publishes`."""
        return True

    def publish(self) -> None:
        """See `Warehouse.publish`: one rename."""
        publish(self._copy(), Path(self.path))

    @contextmanager
    def asking(self) -> Iterator[SqlEngine]:
        """See `Warehouse.asking`."""
        with duckdb_marts(Path(self.path)) as sql:
            yield sql

    def row_counts(self, tables: Iterable[str]) -> dict[str, int]:
        """See `Warehouse.row_counts`."""
        import duckdb

        if not self._copy().is_file():
            return {}
        with duckdb.connect(str(self._copy()), read_only=True) as connection:
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

    def how_to_build_anew(self) -> str:
        """See `Warehouse.how_to_build_anew`."""
        return f"Delete {self.path} and run socialsent materialize: the marts are built again from the lake."

    def built_at(self) -> datetime | None:
        """See `Warehouse.built_at`: the time of the file."""
        path = Path(self.path)
        return datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.is_file() else None

    def _copy(self) -> Path:
        return copy_of(Path(self.path), self.artifacts_folder())
