"""Read-only SQL over lake and marts, as `socialsent query` and the report ask it.

    with reading(lake, warehouse) as sql:
        for row in sql.run("select topic, count(*) from fct_posts group by 1").rows: ...

Marts have bare names, lake tables are `cleansed.posts`, `analytics.sentiment`, … with the columns of
domain/tables.py and their partition columns `dt` and `hr` (text: filter by them to read only those hours).
Every timestamp is UTC without an offset, as in the marts.

The statement may come from anybody: it cannot write, leave the lake, or change these limits.

Not here: showing rows (cli/result_output.py), building marts (dbt_project/), what a report asks (insights/).
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from socialsent_assets.aws.s3 import ReplacedError
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import TABLES, Column, Table
from socialsent_assets.lake.duckdb.connection import let_read, with_its_own_error
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.base import Storage
from socialsent_assets.warehouse.duckdb import database as marts
from socialsent_assets.warehouse.engine import QueryResult, different

if TYPE_CHECKING:
    import duckdb

    from socialsent_assets.lake.duckdb.s3_filesystem import S3Files

MEMORY_LIMIT = "2GB"
_FETCH = 10_000  # rows held at once
_TRIES = 3  # of a statement whose objects are replaced under it

# Since DuckDB 2.0 a WITH clause may hold INSERT, UPDATE, DELETE and even COPY … TO 'file', and counts as SELECT.
_READING_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE", "RECURSIVE_CTE_NODE"})
_EXPLAIN = re.compile(r"\s*explain\s+(?:analyze\s+)?", re.IGNORECASE)
_POSITION = re.compile(r"\n+LINE \d+:.*", re.DOTALL)
_MISSING_MART = re.compile(r"Table with name ((?:fct|dim|agg)_\w+) does not exist")
_DUCKDB_TYPES = {"string": "varchar", "array<string>": "varchar[]", "int": "integer"}


@contextlib.contextmanager
def reading(lake: Lake, warehouse: Path) -> Iterator[LakeSql]:
    """SQL over a lake and its warehouse as they stand; either may be missing. Keeps writers of the marts waiting.

    Raises:
        WarehouseBusyError: the marts are being written, for longer than half a minute.
    """
    import duckdb

    with contextlib.ExitStack() as stack:
        has_marts = warehouse.is_file()
        if has_marts:
            stack.enter_context(marts.reading(warehouse))
        connection = stack.enter_context(contextlib.closing(duckdb.connect()))
        connection.execute("set timezone = 'UTC'")
        if has_marts:
            _show_marts(connection, warehouse)
        yield LakeSql(connection, lake, has_marts=has_marts)


class LakeSql:
    """DuckDB on this machine; one statement per instance's run, any number of runs. See `reading`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, lake: Lake, *, has_marts: bool) -> None:
        self._connection = connection
        self._lake = lake
        self._has_marts = has_marts
        self._opened: set[tuple[str, str]] = set()
        self._tiers = sorted({table.tier for table in TABLES})
        self._files = let_read(connection, [lake.tier(tier) for tier in self._tiers])
        for tier in self._tiers:
            connection.execute(f"create schema {tier}")
        for table in TABLES:
            connection.execute(_empty_table(table))
        self._lock()

    def run(self, sql: str) -> QueryResult:
        """See `SqlEngine.run`. A result has to be used before the next statement.

        Raises:
            UserError: also when S3 refuses.
            ReplacedError: an object in S3 was replaced while it was read, each of several times.
        """
        for _ in range(_TRIES - 1):
            with contextlib.suppress(ReplacedError):
                return self._run(sql)
        return self._run(sql)

    def _run(self, sql: str) -> QueryResult:
        if self._files is not None:
            self._files.forget()  # a statement sees each object in one version, the next one sees the next
        try:
            self._refuse_anything_but_reading(sql)
            with with_its_own_error(self._files):
                self._open_tables_named_in(sql)
                return _result(self._connection.execute(sql), self._files)
        except _ours() as error:
            raise UserError(self._explain(error)) from error

    def _lock(self) -> None:
        folders = [self._lake.tier(tier).path("") for tier in self._tiers]
        self._connection.execute("set allowed_directories = ?", [folders])
        self._connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        self._connection.execute("set temp_directory = ''")
        self._connection.execute("set enable_external_access = false")
        self._connection.execute("set lock_configuration = true")

    def _refuse_anything_but_reading(self, sql: str) -> None:
        statements = self._connection.extract_statements(sql)
        if len(statements) != 1:
            raise UserError(f"give one SQL statement, not {len(statements)}")
        plain = _EXPLAIN.sub("", sql, count=1) if str(statements[0].type).endswith("EXPLAIN") else sql
        tree = self._connection.execute("select json_serialize_sql(?)", [plain]).fetchone()
        if tree is None or not _only_reads(tree[0]):
            raise UserError(
                "only reading is allowed here: SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW, SUMMARIZE, EXPLAIN"
            )

    def _open_tables_named_in(self, sql: str) -> None:
        """Point the tables that the statement may read at their files; the others stay empty, which costs nothing.

        Listing the hours of a table takes 25 µs each, so a lake of three years would cost seconds per statement.
        """
        text = sql.lower()
        for table in TABLES:
            # query('…') and query_table('…') can put a name together at run time.
            named = table.name in text or "query" in text
            if not named or table.asset_key in self._opened or not _has_rows(self._lake.tier(table.tier), table):
                continue
            # "if exists": it is gone already when the files could not be opened the time before.
            self._connection.execute(f"drop table if exists {table.tier}.{table.name}")
            self._connection.execute(_files_view(self._lake.tier(table.tier), table))
            self._opened.add(table.asset_key)

    def _explain(self, error: Exception) -> str:
        text = " ".join(_POSITION.sub("", str(error)).split())
        mart = _MISSING_MART.search(text)
        if mart and not self._has_marts:
            return f"there is no {mart[1]} yet: build the marts with socialsent materialize"
        if "Out of Memory" in text:
            return f"this query needs more than {MEMORY_LIMIT}; read fewer hours (where dt = …) or fewer columns"
        return text


def _show_marts(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    quoted = str(warehouse).replace("'", "''")
    connection.execute(f"attach '{quoted}' as warehouse (read_only)")
    names = connection.execute(
        "select table_name from information_schema.tables where table_catalog = 'warehouse' and table_schema = 'main'"
    ).fetchall()
    for (name,) in names:
        connection.execute(f'create view "{name}" as select * from warehouse.main."{name}"')  # noqa: S608


def _only_reads(serialized: str) -> bool:
    """Whether a statement, as DuckDB's own parser serialized it, is nothing but nested queries."""
    try:
        tree = json.loads(serialized)
    except RecursionError:
        raise UserError("this statement is nested too deeply") from None
    if tree.get("error"):
        return False
    pending: list[Any] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            kind = node.get("type")
            if isinstance(kind, str) and kind.endswith("_NODE") and kind not in _READING_NODES:
                return False
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)
    return True


def _result(cursor: duckdb.DuckDBPyConnection, files: S3Files | None) -> QueryResult:
    description = cursor.description or []
    return QueryResult(
        columns=tuple(different([column[0] for column in description])),
        types=tuple(str(column[1]) for column in description),
        rows=_fetched(cursor, files),
    )


def _fetched(cursor: duckdb.DuckDBPyConnection, files: S3Files | None) -> Iterator[tuple[Any, ...]]:
    try:
        with with_its_own_error(files):
            while rows := cursor.fetchmany(_FETCH):
                yield from rows
    except _ours() as error:
        raise UserError(" ".join(str(error).split())) from error


def _ours() -> tuple[type[Exception], ...]:
    """Errors that another statement would not have; what is left (broken files, DuckDB's own) is a failed run."""
    import duckdb

    return (
        duckdb.ProgrammingError,
        duckdb.DataError,
        duckdb.NotSupportedError,
        duckdb.PermissionException,
        duckdb.OutOfMemoryException,
    )


def _has_rows(tier: Storage, table: Table) -> bool:
    for day in tier.folders(table.name):
        for hour in tier.folders(f"{table.name}/{day}"):
            if EventHour.from_path(f"{day}/{hour}") and tier.list(f"{table.name}/{day}/{hour}"):
                return True
    return False


def _empty_table(table: Table) -> str:
    columns = [f"{column.name} {_duckdb_type(column)}" for column in table.columns]
    return f"create table {table.tier}.{table.name} ({', '.join([*columns, 'dt varchar', 'hr varchar'])})"


def _files_view(tier: Storage, table: Table) -> str:
    columns = ", ".join([*(f"cast({c.name} as {_duckdb_type(c)}) as {c.name}" for c in table.columns), "dt", "hr"])
    files = tier.path(f"{table.name}/dt=*/hr=*/*.parquet").replace("'", "''")
    hive = "hive_partitioning = true, hive_types = {'dt': varchar, 'hr': varchar}"
    return f"create view {table.tier}.{table.name} as select {columns} from read_parquet('{files}', {hive})"  # noqa: S608


def _duckdb_type(column: Column) -> str:
    return _DUCKDB_TYPES.get(column.type, column.type)
