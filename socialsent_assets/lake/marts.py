"""The marts to ask, wherever they are: in the DuckDB file of this machine, or in a warehouse on AWS.

    with marts_of(settings) as sql:
        posts = sql.run("select count(*) from fct_posts").rows

Marts have bare names in all of them. A statement here is our own: what a user types goes through sql.py.

Not here: building marts (dbt_project/), the statements of the report (insights/questions.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.lake import warehouse
from socialsent_assets.lake.sql import QueryResult, SqlEngine, different
from socialsent_assets.settings import Settings

if TYPE_CHECKING:
    import duckdb

ATHENA = "athena"
"""The dbt target that builds the marts there."""

NO_MARTS = "there are no marts to report on yet: run socialsent materialize first"


class DuckDbMarts:
    """An open connection to a warehouse file, as an engine."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def run(self, sql: str) -> QueryResult:
        """See `SqlEngine.run`. All rows are there when it returns. Raises UserError when a mart is missing."""
        import duckdb

        try:
            cursor = self._connection.execute(sql)
        except duckdb.CatalogException as error:
            raise UserError(NO_MARTS) from error
        description = cursor.description or []
        names = tuple(different(column[0] for column in description))
        return QueryResult(names, tuple(str(column[1]) for column in description), iter(cursor.fetchall()))


@contextlib.contextmanager
def duckdb_marts(path: Path, patience_s: float = 30.0) -> Iterator[SqlEngine]:
    """The marts of a warehouse file; keeps its writers waiting.

    Raises:
        UserError: there is no such file yet.
        WarehouseBusyError: see `warehouse.reading`.
    """
    with contextlib.ExitStack() as stack:
        try:
            connection = stack.enter_context(warehouse.reading(path, patience_s))
        except FileNotFoundError as error:
            raise UserError(f"no warehouse at {path} yet: run socialsent materialize first") from error
        yield DuckDbMarts(connection)


@contextlib.contextmanager
def marts_of(settings: Settings) -> Iterator[SqlEngine]:
    """The marts that the settings' dbt target builds. Raises as the engine does."""
    if settings.dbt_target == ATHENA:
        from socialsent_assets.lake.athena import athena_sql

        yield athena_sql(settings)
        return
    with duckdb_marts(settings.warehouse) as sql:
        yield sql
