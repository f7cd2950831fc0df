"""Marts in the DuckDB file, as a SQL engine.

Not here: ad-hoc SQL over lake and marts (engine.py), opening the file (database.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from socialsent_assets.warehouse.duckdb import database as warehouse
from socialsent_assets.warehouse.engine import QueryResult, SqlEngine, different
from socialsent_assets.warehouse.errors import NO_MARTS, NoMartsError

if TYPE_CHECKING:
    import duckdb


class DuckDbMarts:
    """An open connection to a warehouse file, as an engine."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def run(self, sql: str) -> QueryResult:
        """See `SqlEngine.run`. All rows are there when it returns. Raises NoMartsError when a mart is missing."""
        import duckdb

        try:
            cursor = self._connection.execute(sql)
        except duckdb.CatalogException as error:
            raise NoMartsError(NO_MARTS) from error
        description = cursor.description or []
        names = tuple(different(column[0] for column in description))
        return QueryResult(names, tuple(str(column[1]) for column in description), iter(cursor.fetchall()))


@contextlib.contextmanager
def duckdb_marts(path: Path, patience_s: float = 30.0) -> Iterator[SqlEngine]:
    """The marts of a warehouse file, as one build left them.

    Raises:
        NoMartsError: there is no such file yet.
        WarehouseBusyError, WarehouseDamagedError: see `database.attach`.
    """
    with contextlib.ExitStack() as stack:
        try:
            connection = stack.enter_context(warehouse.reading(path, patience_s))
        except FileNotFoundError as error:
            raise NoMartsError(f"no warehouse at {path} yet: run socialsent materialize first") from error
        yield DuckDbMarts(connection)
