"""Read-only SQL over lake and marts, as `socialsent query` and the report ask it.

    with reading(lake, warehouse) as sql:
        for row in sql.run("select topic, count(*) from fct_posts group by 1").rows: ...

Marts have bare names, lake tables are `cleansed.posts`, `analytics.sentiment`, … with the columns of
domain/tables.py; filter by `event_hour` to read only those hours. Every table is shown as the last finished build
left it, or with `pins` as an earlier one did.
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

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.tables import TABLES, Column, Table
from socialsent_assets.lake.builds import Pins, read_builds
from socialsent_assets.lake.duckdb.connection import let_read
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.table_rows import duckdb_type, rows_sql
from socialsent_assets.warehouse.duckdb import database as marts
from socialsent_assets.warehouse.engine import QueryResult, different

if TYPE_CHECKING:
    import duckdb

MEMORY_LIMIT = "2GB"
_FETCH = 10_000  # rows held at a time

# Since DuckDB 2.0 a WITH clause may hold INSERT, UPDATE, DELETE and even COPY … TO 'file', and counts as SELECT.
_READING_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE", "RECURSIVE_CTE_NODE"})
_POSITION = re.compile(r"\n+LINE \d+:.*", re.DOTALL)
_MISSING_MART = re.compile(r"Table with name ((?:fct|dim|agg)_\w+) does not exist")


@contextlib.contextmanager
def reading(lake: Lake, warehouse: Path, pins: Pins | None = None) -> Iterator[LakeSql]:
    """SQL over a lake and its warehouse; either may be missing. Keeps writers of the marts waiting.

    With `pins`, lake tables are read in those snapshots, and the marts, which have no history, are left out.

    Raises:
        WarehouseBusyError: the marts are being written, for longer than half a minute.
    """
    import duckdb

    with contextlib.ExitStack() as stack:
        has_marts = warehouse.is_file() and pins is None
        if has_marts:
            stack.enter_context(marts.reading(warehouse))
        connection = stack.enter_context(contextlib.closing(duckdb.connect()))
        connection.execute("set timezone = 'UTC'")
        if has_marts:
            _show_marts(connection, warehouse)
        yield LakeSql(connection, lake, pins, has_marts=has_marts)


class LakeSql:
    """DuckDB on this machine; one statement per instance's run, any number of runs. See `reading`."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, lake: Lake, pins: Pins | None, *, has_marts: bool
    ) -> None:
        self._connection = connection
        self._lake = lake
        self._pins = pins
        self._has_marts = has_marts
        self._opened: set[tuple[str, str]] = set()
        self._tables = TABLES
        self._tiers = sorted({table.tier for table in self._tables})
        let_read(connection, [lake.tier(tier) for tier in self._tiers])
        for tier in self._tiers:
            connection.execute(f"create schema {tier}")
        for table in self._tables:
            connection.execute(_empty_table(table))
        self._lock()

    def run(self, sql: str) -> QueryResult:
        """See `SqlEngine.run`. A result has to be used before the next statement.

        Raises:
            UserError: also when S3 rejects.
        """
        try:
            statement = self._readable(sql)
            self._open_tables_named_in(statement)
            return _result(self._connection.execute(statement))
        except _ours() as error:
            raise UserError(self._explain(error)) from error

    def _lock(self) -> None:
        folders = [self._lake.tier(tier).path("") for tier in self._tiers]
        self._connection.execute("set allowed_directories = ?", [folders])
        self._connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        self._connection.execute("set temp_directory = ''")
        self._connection.execute("set enable_external_access = false")
        self._connection.execute("set lock_configuration = true")

    def _readable(self, sql: str) -> str:
        """The statement to run, which is exactly the text that was found to read and do nothing else.

        EXPLAIN is taken off by its tokens and put back, never by a pattern over the text: a comment could otherwise
        hide a statement from the check that is then run.
        """
        statements = self._connection.extract_statements(sql)
        if len(statements) != 1:
            raise UserError(f"give one SQL statement, not {len(statements)}")
        prefix, inner = _without_explain(sql)
        tree = self._connection.execute("select json_serialize_sql(?)", [inner]).fetchone()
        if tree is None or not _only_reads(tree[0]):
            raise UserError(
                "only reading is allowed here: SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW, SUMMARIZE, EXPLAIN"
            )
        return f"{prefix}{inner}"

    def _open_tables_named_in(self, sql: str) -> None:
        """Point the tables that the statement may read at their files; the others stay empty, which costs nothing."""
        text = sql.lower()
        for table in self._tables:
            # query('…') and query_table('…') can put a name together at run time.
            named = table.name in text or "query" in text
            if not named or table.asset_key in self._opened:
                continue
            rows = rows_sql(self._lake, table, self._pins_of(table))
            self._connection.execute(f"drop table if exists {table.tier}.{table.name}")
            self._connection.execute(f"create view {table.tier}.{table.name} as {_naive(table, rows)}")
            self._opened.add(table.asset_key)

    def _pins_of(self, table: Table) -> Pins:
        if self._pins is not None:
            return self._pins
        builds = read_builds(self._lake)
        return builds.pins if table.tier == "cleansed" else builds.scored_pins

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
    if tree.get("error") or len(tree.get("statements", ())) != 1:
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


def _without_explain(sql: str) -> tuple[str, str]:
    """`EXPLAIN `, `EXPLAIN ANALYZE ` or nothing, and the statement behind it, without leading comments."""
    import duckdb

    starts = [start for start, kind in duckdb.tokenize(sql) if kind != duckdb.token_type.comment]
    words = [sql[start:end].strip().lower() for start, end in zip(starts, [*starts[1:], len(sql)], strict=True)][:2]
    if not words or words[0] != "explain":
        return "", sql[starts[0] :] if starts else sql
    if len(words) > 1 and words[1] == "analyze":
        return "EXPLAIN ANALYZE ", sql[starts[2] :] if len(starts) > 2 else ""
    return "EXPLAIN ", sql[starts[1] :] if len(starts) > 1 else ""


def _result(cursor: duckdb.DuckDBPyConnection) -> QueryResult:
    description = cursor.description or []
    return QueryResult(
        columns=tuple(different([column[0] for column in description])),
        types=tuple(str(column[1]) for column in description),
        rows=_fetched(cursor),
    )


def _fetched(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    try:
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


def _empty_table(table: Table) -> str:
    columns = ", ".join(f"{column.name} {_naive_type(column)}" for column in table.columns)
    return f"create table {table.tier}.{table.name} ({columns})"


def _naive(table: Table, rows: str) -> str:
    """The rows with timestamps as the marts have them: UTC, without an offset."""
    columns = ", ".join(f"cast({c.name} as {_naive_type(c)}) as {c.name}" for c in table.columns)
    return f"select {columns} from ({rows})"  # noqa: S608


def _naive_type(column: Column) -> str:
    return column.type if column.type == "timestamp" else duckdb_type(column)
