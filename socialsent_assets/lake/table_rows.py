"""Rows of lake tables for DuckDB: a view over exactly the data files of given hours, in one snapshot.

Not here: connections (duckdb/connection.py), which files those are (pinned_files.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import EVENT_HOUR, Column, Table
from socialsent_assets.lake.builds import Pins
from socialsent_assets.lake.duckdb.connection import connected
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.pinned_files import pinned_files

if TYPE_CHECKING:
    import duckdb

_TYPES = {"string": "varchar", "array<string>": "varchar[]", "int": "integer", "timestamp": "timestamptz"}


@contextmanager
def rows_of(
    lake: Lake, table: Table, hours: Collection[EventHour], pins: Pins
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with a view `rows` over these hours of a table; empty, with all columns, if there is none."""
    with connected([lake.tier(table.tier)]) as connection:
        connection.execute(f"create view rows as {rows_sql(lake, table, pins, hours)}")
        yield connection


def rows_sql(lake: Lake, table: Table, pins: Pins, hours: Collection[EventHour] | None = None) -> str:
    """A SELECT over the rows of `hours`, or of all hours, with the columns of the contract.

    A table that is not in `pins` has no finished build, so it is empty.
    """
    return select_from(table, paths_of(lake, table, pins, hours), hours)


def paths_of(lake: Lake, table: Table, pins: Pins, hours: Collection[EventHour] | None = None) -> list[str]:
    """Paths of the data files that hold these hours."""
    return [file.path for file in pinned_files(lake, table, pins, hours)]


def select_from(table: Table, paths: Collection[str], hours: Collection[EventHour] | None = None) -> str:
    """A SELECT over data files; a column that is younger than a file is null."""
    columns = ", ".join(f"null::{duckdb_type(column)} as {column.name}" for column in table.columns)
    empty = f"select {columns} where false"
    if not paths:
        return empty
    names = ", ".join(column.name for column in table.columns)
    files = ", ".join(quoted(path) for path in paths)
    rows = f"select * from read_parquet([{files}], union_by_name = true, hive_partitioning = false)"  # noqa: S608
    within = f" where {EVENT_HOUR} in ({_timestamps(hours)})" if hours else ""
    return f"select {names} from ({empty} union all by name {rows}){within}"  # noqa: S608


def duckdb_type(column: Column) -> str:
    """DuckDB's word for a column's type."""
    return _TYPES.get(column.type, column.type)


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def _timestamps(hours: Collection[EventHour]) -> str:
    return ", ".join(f"timestamptz '{hour.start:%Y-%m-%d %H}:00:00+00'" for hour in sorted(hours))
