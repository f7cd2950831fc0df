"""Read-only SQL over lake and marts, as `socialsent query` and the report ask it.

    with reading(lake, warehouse) as sql:
        for row in sql.run("select topic, count(*) from fct_posts group by 1").rows: ...

Marts have bare names, lake tables are `cleansed.posts`, `analytics.sentiment`, … with the columns of
domain/tables.py; filter by `event_hour` to read only those hours. Every table is shown as the last finished build
left it, or with `pins` as an earlier one did.
Every timestamp is UTC without an offset, as in the marts.

The statement may come from anybody: it cannot write, leave the lake, or change these limits.

Not here: showing rows (cli/result_output.py), building marts (dbt_project/), the report's queries (insights/).
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.tables import TABLES, Column, Table
from socialsent_assets.lake.builds import Pins, read_builds
from socialsent_assets.lake.duckdb.connection import let_read, set_up
from socialsent_assets.lake.duckdb.local_filesystem import SCHEME, let_only_read
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.table_rows import duckdb_type, paths_of, select_from
from socialsent_assets.warehouse.duckdb import database as marts
from socialsent_assets.warehouse.engine import QueryResult, different

if TYPE_CHECKING:
    import duckdb

MEMORY_LIMIT = "2GB"
_PATIENCE_S = 30.0  # with another program that writes the marts
_FETCH = 10_000  # rows held at a time

# Since DuckDB 2.0 a WITH clause may hold INSERT, UPDATE, DELETE and even COPY … TO 'file', and counts as SELECT.
_READING_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE", "RECURSIVE_CTE_NODE"})
_POSITION = re.compile(r"\n+LINE \d+:.*", re.DOTALL)
_NEEDS_EXTENSION = re.compile(r"automatically install the required extension|requires the extension")
_MISSING_MART = re.compile(r"Table with name ((?:fct|dim|agg)_\w+) does not exist")


@contextlib.contextmanager
def reading(lake: Lake, warehouse: Path, pins: Pins | None = None) -> Iterator[LakeSql]:
    """SQL over a lake and its warehouse; either may be missing. Marts are those of one build.

    With `pins`, lake tables are read in those snapshots, and the marts, which have no history, are left out.

    Raises:
        WarehouseBusyError: another program writes the marts, for longer than half a minute.
        WarehouseDamagedError: their file cannot be read.
    """
    import duckdb

    with contextlib.ExitStack() as stack:
        has_marts = warehouse.is_file() and pins is None
        connection = stack.enter_context(contextlib.closing(duckdb.connect()))
        set_up(connection)
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
        except Exception as error:
            if not _is_about_the_statement(error):
                raise
            raise UserError(self._explain(error)) from error

    def _lock(self) -> None:
        tiers = [self._lake.tier(tier) for tier in self._tiers]
        let_read(self._connection, [tier for tier in tiers if tier.is_remote])
        # DuckDB would let a statement write wherever it lets it read: what passes the parser still cannot.
        let_only_read(self._connection, [tier.path("") for tier in tiers if not tier.is_remote])
        self._connection.execute("set allowed_directories = ?", [[_opened(tier.path("")) for tier in tiers]])
        self._connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        self._connection.execute("set temp_directory = ''")
        self._connection.execute("set enable_external_access = false")
        self._connection.execute("set disabled_filesystems = 'LocalFileSystem'")  # what is attached stays open
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
            paths = [_opened(path) for path in paths_of(self._lake, table, self._pins_of(table))]
            self._connection.execute(f"drop table if exists {table.tier}.{table.name}")
            self._connection.execute(
                f"create view {table.tier}.{table.name} as {_naive(table, select_from(table, paths))}"
            )
            self._opened.add(table.asset_key)

    def _pins_of(self, table: Table) -> Pins:
        if self._pins is not None:
            return self._pins
        builds = read_builds(self._lake)
        return builds.pins if table.tier == "cleansed" else builds.scored_pins

    def _explain(self, error: Exception) -> str:
        text = _one_line(error)
        mart = _MISSING_MART.search(text)
        if mart and not self._has_marts:
            return f"there is no {mart[1]} yet: build the marts with socialsent materialize"
        if _NEEDS_EXTENSION.search(text):
            return "this needs a DuckDB extension, which is not available: query the marts and tables of the lake"
        if "LocalFileSystem" in text:
            return "files cannot be read here: query a mart (fct_posts) or a table of the lake (cleansed.posts)"
        if "Out of Memory" in text:
            return f"this query needs over {MEMORY_LIMIT}; read fewer hours (where event_hour >= …) or fewer columns"
        return text


def _show_marts(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    marts.attach(connection, warehouse, "warehouse", _PATIENCE_S)
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

    text = sql.encode()  # the tokens' places are those of bytes
    starts = [start for start, kind in duckdb.tokenize(sql) if kind != duckdb.token_type.comment]
    words = [text[start:end].strip().lower() for start, end in pairwise([*starts, len(text)])]
    skipped = 0
    if words[:1] == [b"explain"]:
        skipped = 2 if words[1:2] == [b"analyze"] else 1
    option = words[skipped + 1 : skipped + 2]
    if skipped and words[skipped : skipped + 1] == [b"("] and option in ([b"analyze"], [b"format"]):
        raise UserError("EXPLAIN takes no options here: write EXPLAIN or EXPLAIN ANALYZE and the query")
    behind = text[starts[skipped] :].decode() if len(starts) > skipped else ""
    return ("", "EXPLAIN ", "EXPLAIN ANALYZE ")[skipped], behind


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
    except Exception as error:
        if not _is_about_the_statement(error):
            raise
        raise UserError(_one_line(error)) from error


def _is_about_the_statement(error: Exception) -> bool:
    """Whether another statement would not have this error; what is left, as broken files, is a failed run."""
    import duckdb

    ours = (
        duckdb.ProgrammingError,
        duckdb.DataError,
        duckdb.NotSupportedError,
        duckdb.PermissionException,
        duckdb.OutOfMemoryException,
        duckdb.TransactionException,  # a function that would change a database: checkpoint, force_checkpoint
    )
    # The bare type is an error of our file system, or a missing extension.
    return isinstance(error, ours) or type(error) is duckdb.Error


def _one_line(error: Exception) -> str:
    """DuckDB's message without the position; our own file system's without its traceback."""
    text = _POSITION.sub("", str(error)).strip()
    if text.startswith("Traceback"):
        text = text.rpartition("\n")[2]
    return " ".join(text.split())


def _opened(path: str) -> str:
    """Path by which DuckDB opens a file or folder of the lake."""
    return path if "://" in path else f"{SCHEME}{path}"


def _empty_table(table: Table) -> str:
    columns = ", ".join(f"{column.name} {_naive_type(column)}" for column in table.columns)
    return f"create table {table.tier}.{table.name} ({columns})"


def _naive(table: Table, rows: str) -> str:
    """The rows with timestamps as the marts have them: UTC, without an offset."""
    columns = ", ".join(f"cast({c.name} as {_naive_type(c)}) as {c.name}" for c in table.columns)
    return f"select {columns} from ({rows})"  # noqa: S608


def _naive_type(column: Column) -> str:
    return column.type if column.type == "timestamp" else duckdb_type(column)
