"""The lake's Parquet in PostgreSQL, under the names and with the types that Redshift Spectrum shows it.

    spectrum_cleansed.posts, spectrum_analytics.sentiment, …: the columns of domain/tables.py

An array is JSON text, and reading it fails unless the session has set json_serialization_enable, as on Redshift.

Limits: the rows are copied, so this shows nothing of the Glue catalog, of Iceberg, of reading S3
or of permissions. Text of more than 65,535 bytes is here; Spectrum would reject or cut it.

Not here: writing the Parquet (tests/marts/lake_folder.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq

from socialsent_assets.domain.tables import TABLES, Column, Table
from tests.aws.redshift.postgres import USER

_TYPES = {"string": "text", "timestamp": "timestamp", "double": "double precision", "array<string>": "text"}


def show_lake(connection: psycopg.Connection[Any], root: Path) -> None:
    """Make the Spectrum schemas show what lies in the lake below `root` now."""
    for table in TABLES:
        schema = f"spectrum_{table.tier}"
        connection.execute(f"create schema if not exists {schema}")
        connection.execute(f"grant usage on schema {schema} to {USER}")
        columns = ", ".join(f"{column.name} {_TYPES.get(column.type, column.type)}" for column in table.columns)
        rows = f"{schema}.rows_of_{table.name}"
        connection.execute(f"create table if not exists {rows} ({columns})")
        shown = ", ".join(_shown(column) for column in table.columns)
        connection.execute(f"create or replace view {schema}.{table.name} as select {shown} from {rows}")
        connection.execute(f"grant select on all tables in schema {schema} to {USER}")
        connection.execute(f"truncate {rows}")
        with connection.cursor().copy(f"copy {rows} from stdin") as copy:
            for row in _rows(root / table.tier / table.name, table):
                copy.write_row(row)


def _shown(column: Column) -> str:
    return f"spectrum_array({column.name}) as {column.name}" if column.type.startswith("array") else column.name


def _rows(folder: Path, table: Table) -> Iterator[tuple[Any, ...]]:
    for path in sorted(folder.rglob("*.parquet")):
        names = [column.name for column in table.columns]
        for row in pq.ParquetFile(path).read().to_pylist():
            yield tuple(_value(row[name]) for name in names)


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)  # `["a", "b"]`: with a space, as in Redshift's documentation
    return value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value
