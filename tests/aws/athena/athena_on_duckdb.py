"""An emulation of Athena: moto takes the calls, DuckDB runs the SQL, translated from Athena's dialect.

It lets dbt-athena run for real: its materializations, the order of its statements and what they leave. It is neither
Trino nor Iceberg: functions, types, limits and cost are DuckDB's, every table is an ordinary one, and nothing is read
from or written to S3. What passes here is not thereby shown to run on Athena.

Not here: the lake (tests/marts/lake_folder.py).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import sqlglot

from socialsent_assets.domain.tables import TABLES
from socialsent_assets.local_aws.server import EmbeddedAws

CATALOG = "awsdatacatalog"
_HEADER = re.compile(r"^\s*(?:/\*.*?\*/|--[^\n]*\n)\s*", re.DOTALL)
_CTAS = re.compile(r"create table (\S+)\s+with \((.*?)\)\s+as\s+(.*)", re.DOTALL | re.IGNORECASE)
_VIEW = re.compile(r"create or replace view\s+(\S+)\s+as\s+(.*)", re.DOTALL | re.IGNORECASE)
_SCHEMA = re.compile(r"create schema if not exists\s+(\S+)", re.IGNORECASE)
_RENAME = re.compile(r"alter table\s+(\S+)\s+rename to\s+(\S+)", re.IGNORECASE)
_LOCATION = re.compile(r"location\s*=\s*'([^']+)'")
# What Athena's grammar has not and a translation to DuckDB would let pass (Athena SQL reference, "DELETE", "UPDATE").
_NOT_ATHENA = re.compile(r"(delete\s+from|update)\s+\S+\s+as\s", re.IGNORECASE)
_TYPES = {"VARCHAR": "varchar", "HUGEINT": "bigint", "INTEGER": "integer"}
_GLUE_TYPES = {"varchar": "string", "integer": "int"}


@dataclass
class AthenaOnDuckDb:
    """One account.

    Attributes:
        statements: every statement in order, as Athena received it.
    """

    aws: EmbeddedAws
    connection: duckdb.DuckDBPyConnection
    statements: list[str] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def show(self, lake: Path, schemas: dict[str, str]) -> None:
        """Let the tables of a lake's folder be read; `schemas` maps tiers to databases."""
        for schema in schemas.values():
            self.connection.execute(f"create schema {schema}")
        for table in TABLES:
            files = list((lake / table.tier / table.name).rglob("*.parquet"))
            kinds = {"string": "varchar", "array<string>": "varchar[]", "timestamp": "timestamptz", "int": "integer"}
            name = f"{schemas[table.tier]}.{table.name}"
            if files:
                files_of_table = f"{lake}/{table.tier}/{table.name}/*/*/*.parquet"
                source = f"read_parquet('{files_of_table}', hive_partitioning = false)"
                self.connection.execute(f"create or replace view {name} as select * from {source}")
            else:
                columns = [f"{c.name} {kinds.get(c.type, c.type)}" for c in table.columns]
                self.connection.execute(f"create table {name} ({', '.join(columns)})")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query in DuckDB's own words, which is how a test looks at what was left."""
        with self._lock:
            return self._run(sql).fetchall()

    def answer(self, query: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Run a statement; rows and columns as Athena gives them."""
        with self._lock:
            statement = query
            while header := _HEADER.match(statement):
                statement = statement[header.end() :]
            statement = statement.strip().rstrip(";")
            self.statements.append(statement)
            if refused := _NOT_ATHENA.match(statement):
                raise duckdb.ParserException(f"mismatched input 'as' in {refused[0]!r}")
            if schema := _SCHEMA.match(statement):
                self._make_schema(_plain(schema[1]))
            elif made := _CTAS.match(statement):
                self._run(f"create or replace table {made[1]} as {_translated(made[3])}")
                self._tell_glue(made[1], "EXTERNAL_TABLE", _LOCATION.findall(made[2])[0])
            elif view := _VIEW.match(statement):
                self._run(f"create or replace view {view[1]} as {_translated(view[2])}")
                self._tell_glue(view[1], "VIRTUAL_VIEW", "")
            elif renamed := _RENAME.match(statement):
                self._rename(renamed[1], renamed[2])
            else:
                return self._rows(_translated(statement))
            return [], []

    def _run(self, sql: str) -> duckdb.DuckDBPyConnection:
        return self.connection.execute(sql)

    def _rows(self, sql: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        cursor = self._run(sql)
        described = [(name, _kind(str(kind))) for name, kind, *_ in cursor.description or []]
        info = [
            {"CatalogName": "hive", "SchemaName": "", "TableName": "", "Name": name, "Label": name, "Type": kind,
             "Precision": 0, "Scale": 0, "Nullable": "UNKNOWN", "CaseSensitive": False}
            for name, kind in described
        ]  # fmt: skip
        rows = [[name for name, _ in described], *cursor.fetchall()]
        return [{"Data": [{} if v is None else {"VarCharValue": _text(v)} for v in row]} for row in rows], info

    def _make_schema(self, name: str) -> None:
        self._run(f"create schema if not exists {name}")
        glue = self.aws.client("glue")
        if name not in [database["Name"] for database in glue.get_databases()["DatabaseList"]]:
            glue.create_database(DatabaseInput={"Name": name})

    def _rename(self, before: str, after: str) -> None:
        database, old = _plain(before).split(".")[-2:]
        new = _plain(after).split(".")[-1]
        self._run(f'drop table if exists {database}."{new}"')
        self._run(f'alter table {database}."{old}" rename to "{new}"')
        glue = self.aws.client("glue")
        place = glue.get_table(DatabaseName=database, Name=old)["Table"]["StorageDescriptor"]["Location"]
        glue.delete_table(DatabaseName=database, Name=old)
        self._tell_glue(f"{database}.{new}", "EXTERNAL_TABLE", place)

    def _tell_glue(self, name: str, table_type: str, location: str) -> None:
        database, table = _plain(name).split(".")[-2:]
        described = self._run(f'select * from {database}."{table}" limit 0').description or []
        kinds = [(column, _kind(str(kind))) for column, kind, *_ in described]
        columns = [{"Name": column, "Type": _GLUE_TYPES.get(kind, kind)} for column, kind in kinds]
        is_table = table_type == "EXTERNAL_TABLE"
        glue = self.aws.client("glue")
        described_table = {
            "Name": table,
            "TableType": table_type,
            "Parameters": {"table_type": "ICEBERG"} if is_table else {"presto_view": "true"},
            "StorageDescriptor": {"Columns": columns, "Location": location},
        }
        existing = [found["Name"] for found in glue.get_tables(DatabaseName=database)["TableList"]]
        (glue.update_table if table in existing else glue.create_table)(
            DatabaseName=database, TableInput=described_table
        )


@contextmanager
def athena_on_duckdb(aws: EmbeddedAws) -> Iterator[AthenaOnDuckDb]:
    """Let moto's Athena answer from a new DuckDB for the length of a `with` block."""
    from moto.athena.models import AthenaBackend, QueryResults

    connection = duckdb.connect()
    connection.execute(f"attach ':memory:' as {CATALOG}; use {CATALOG}; set timezone = 'UTC'")
    stand_in = AthenaOnDuckDb(aws, connection)
    original = AthenaBackend.start_query_execution

    def start(self: Any, query: str, *args: Any, **kwargs: Any) -> str:
        query_id = str(original(self, query, *args, **kwargs))
        try:
            self.query_results[query_id] = QueryResults(*stand_in.answer(query))
        except duckdb.Error as error:
            execution = self.executions[query_id]
            execution.status = "FAILED"
            execution.advance = lambda: None
            stand_in.statements.append(f"-- failed: {error}")
        return query_id

    AthenaBackend.start_query_execution = start  # type: ignore[method-assign]
    try:
        yield stand_in
    finally:
        AthenaBackend.start_query_execution = original  # type: ignore[method-assign]
        connection.close()


def _plain(name: str) -> str:
    return name.replace("`", "").replace('"', "")


def _translated(sql: str) -> str:
    return ";".join(sqlglot.transpile(sql, read="athena", write="duckdb"))


def _kind(duckdb_type: str) -> str:
    return _TYPES.get(duckdb_type, duckdb_type.split("(")[0].lower())


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
