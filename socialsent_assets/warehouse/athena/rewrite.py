"""Statements allowed on Athena, rewritten to the names of the Glue Data Catalog.

    statement_for("select * from cleansed.posts", names)  ->  'select * from "socialsent_cleansed".posts'

Only names are replaced, in place: the statement stays as it was typed. SHOW TABLES and DESCRIBE become queries of
information_schema, so that they answer in columns, and by the same names.

This is a fence for mistakes. What someone may read or write is decided by the role and the workgroup.

Not here: running it (engine.py).
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.errors import UserError

if TYPE_CHECKING:
    from sqlglot import exp

READING = "only reading is allowed here: SELECT, WITH, VALUES, DESCRIBE, SHOW, EXPLAIN"
MARTS = "main"
"""Schema in which one machine keeps the marts; their names need no schema."""

_CATALOG = "awsdatacatalog"
_ALWAYS = frozenset({"information_schema"})
_SHOW = re.compile(r"show\s+(?:columns|partitions|create\s+(?:table|view)|tblproperties|views)\b", re.IGNORECASE)
_SHOW_TABLES = re.compile(r"show\s+(?:all\s+)?tables", re.IGNORECASE)
_DESCRIBE = re.compile(r"desc(?:ribe)?\s+(?:(?P<schema>\w+)\.)?(?P<table>\w+)", re.IGNORECASE)
_EXPLAIN = re.compile(r"explain\s+(?:analyze\s+)?(?:verbose\s+)?(?:\([^()]*\)\s*)?", re.IGNORECASE)
_QUALIFIED = re.compile(r"\b(\w+)(?=\.\w)")
_COMMENTS = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)+", re.DOTALL)


def statement_for(sql: str, databases: Mapping[str, str]) -> str:
    """The statement as Athena takes it.

    Args:
        sql: one statement, with the names of one machine or those of the catalog.
        databases: schema on one machine (`cleansed`, `analytics`, `main`) -> database of the catalog.

    Raises:
        UserError: it is not one statement, does more than read, or leaves these databases.
    """
    plain = _COMMENTS.sub("", sql, count=1) if _COMMENTS.match(sql) else sql
    plain = plain.rstrip().rstrip(";").rstrip()
    if _SHOW_TABLES.fullmatch(plain):
        return _all_tables(databases)
    if described := _DESCRIBE.fullmatch(plain):
        return _columns_of(described["schema"] or MARTS, described["table"], databases)
    if _SHOW.match(plain):
        if ";" in plain:
            raise UserError("give one SQL statement")
        return _QUALIFIED.sub(lambda name: databases.get(name[1].lower(), name[1]), plain)
    explain = _EXPLAIN.match(plain)
    prefix = explain[0] if explain else ""
    return prefix + _renamed(plain.removeprefix(prefix), databases)


def names_marts_alone(sql: str) -> bool:
    """Whether a statement is a query that reads marts and nothing else: tables without a schema."""
    from sqlglot import exp

    try:
        tree = _query(sql)
    except UserError:
        return False
    tables = list(tree.find_all(exp.Table))
    return bool(tables) and not any(table.db for table in tables)


def _renamed(sql: str, databases: Mapping[str, str]) -> str:
    tree = _query(sql)
    allowed = _ALWAYS | {name for pair in databases.items() for name in pair}
    replaced: list[tuple[int, int, str]] = []
    for name in _schemas(tree):
        if name.this.lower() not in allowed:
            raise UserError(f"{name.this} is not part of the lake; its schemas are cleansed and analytics")
        database = databases.get(name.this.lower())
        if database is not None:
            replaced.append((name.meta["start"], name.meta["end"] + 1, f'"{database}"'))
    for start, end, database in sorted(set(replaced), reverse=True):
        sql = sql[:start] + database + sql[end:]
    return sql


def _query(sql: str) -> exp.Query | exp.Values:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        with _quiet():
            statements = [statement for statement in sqlglot.parse(sql, read="athena") if statement is not None]
    except SqlglotError as error:
        raise UserError(f"Athena cannot parse this SQL: {_first_line(error)}") from error
    except RecursionError:
        raise UserError("this statement is nested too deeply") from None
    if len(statements) != 1:
        raise UserError(f"give one SQL statement, not {len(statements)}")
    tree = statements[0]
    # Inside a query, too: a WITH clause may hold a DELETE.
    changing = (exp.DML, exp.DDL, exp.Command, exp.Into, exp.Drop)
    if not isinstance(tree, exp.Query | exp.Values) or any(isinstance(node, changing) for node in tree.walk()):
        raise UserError(READING)
    return tree


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings about statements that sqlglot does not know: those are rejected anyway."""
    log = logging.getLogger("sqlglot")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


def _schemas(tree: exp.Query | exp.Values) -> Iterator[exp.Identifier]:
    """The schema of every name that has one."""
    from sqlglot import exp

    for table in tree.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier):
            raise UserError("table functions are not allowed here: they can hand a statement to another system")
        if table.catalog and table.catalog.lower() != _CATALOG:
            raise UserError(f"{table.catalog} is another data source: only the lake can be queried here")
        if isinstance(table.args.get("db"), exp.Identifier):
            yield table.args["db"]
    for column in tree.find_all(exp.Column):
        if isinstance(column.args.get("db"), exp.Identifier):
            yield column.args["db"]


def _all_tables(databases: Mapping[str, str]) -> str:
    return (
        f"select {_schema_column(databases)} as table_schema, table_name, table_type "  # noqa: S608
        f"from information_schema.tables where table_schema in ({_listed(databases.values())}) order by 1, 2"
    )


def _columns_of(schema: str, table: str, databases: Mapping[str, str]) -> str:
    database = databases.get(schema.lower(), schema.lower())
    if database not in databases.values():
        raise UserError(f"{schema} is not part of the lake; its schemas are cleansed and analytics")
    return (
        "select column_name, data_type as column_type, comment from information_schema.columns "  # noqa: S608
        f"where table_schema = '{database}' and table_name = '{table.lower()}' order by ordinal_position"
    )


def _schema_column(databases: Mapping[str, str]) -> str:
    cases = " ".join(f"when '{database}' then '{schema}'" for schema, database in databases.items())
    return f"case table_schema {cases} end"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _first_line(error: Exception) -> str:
    # sqlglot underlines the place with terminal codes.
    return re.sub(r"\x1b\[\d+m", "", str(error)).split("\n")[0]
