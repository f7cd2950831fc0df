"""The marts to ask, wherever they are: in the DuckDB file of this machine, or in a warehouse on AWS.

    with marts_of(settings) as sql:
        posts = sql.run("select count(*) from fct_posts").rows

Marts have bare names in all of them. A statement here is our own: what a user types goes through sql.py.

Not here: building marts (dbt_project/), the statements of the report (insights/questions.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.lake import warehouse
from socialsent_assets.lake.sql import QueryResult, SqlEngine, different
from socialsent_assets.settings import Settings

if TYPE_CHECKING:
    import duckdb

ATHENA = "athena"
"""The dbt target that builds the marts there."""

NO_MARTS = "there are no marts to report on yet: run socialsent materialize first"


class NoMartsError(UserError):
    """There is nothing to ask: the marts were never built."""


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
    """The marts of a warehouse file; keeps its writers waiting.

    Raises:
        NoMartsError: there is no such file yet.
        WarehouseBusyError: see `warehouse.reading`.
    """
    with contextlib.ExitStack() as stack:
        try:
            connection = stack.enter_context(warehouse.reading(path, patience_s))
        except FileNotFoundError as error:
            raise NoMartsError(f"no warehouse at {path} yet: run socialsent materialize first") from error
        yield DuckDbMarts(connection)


def versions_in(sql: SqlEngine) -> dict[str, str]:
    """{hour key: lake version} of every hour that the marts hold; {} if they were never built."""
    try:
        rows = sql.run(f"select event_hour, lake_version from {warehouse.HOURS_TABLE}").rows  # noqa: S608
        return {EventHour.of(start.replace(tzinfo=UTC)).key: str(version) for start, version in rows}
    except NoMartsError:
        return {}


def versions_of(settings: Settings) -> dict[str, str]:
    """As `versions_in`, of the marts that the settings' dbt target builds, asked now. Raises as `marts_of` does."""
    try:
        with marts_of(settings) as sql:
            return versions_in(sql)
    except NoMartsError:
        return {}


@contextlib.contextmanager
def marts_of(settings: Settings) -> Iterator[SqlEngine]:
    """The marts that the settings' dbt target builds. Raises as the engine does."""
    if settings.dbt_target == ATHENA:
        from socialsent_assets.lake.athena import athena_sql

        yield athena_sql(settings)
        return
    if settings.redshift is not None:
        from socialsent_assets.lake.redshift import redshift_marts

        with redshift_marts(settings.redshift) as sql:
            yield sql
        return
    with duckdb_marts(settings.warehouse) as sql:
        yield sql
