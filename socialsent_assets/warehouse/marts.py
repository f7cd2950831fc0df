"""The marts to ask, wherever they are: in the DuckDB file of this machine, or in a warehouse on AWS.

    with marts_of(settings) as sql:
        posts = sql.run("select count(*) from fct_posts").rows

Marts have bare names in all of them. A statement here is our own: what a user types goes through
duckdb/engine.py.

Not here: building marts (dbt_project/), the statements of the report (insights/queries.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.settings import Settings
from socialsent_assets.warehouse.duckdb.marts import duckdb_marts
from socialsent_assets.warehouse.engine import HOURS_TABLE, SqlEngine
from socialsent_assets.warehouse.errors import NoMartsError

if TYPE_CHECKING:
    pass

ATHENA = "athena"
"""The dbt target that builds the marts there."""


def versions_in(sql: SqlEngine) -> dict[str, str]:
    """{hour key: lake version} of every hour that the marts hold; {} if they were never built."""
    try:
        rows = sql.run(f"select event_hour, lake_version from {HOURS_TABLE}").rows  # noqa: S608
        return {EventHour.of(start.replace(tzinfo=UTC)).key: str(version) for start, version in rows}
    except NoMartsError:
        return {}


def versions_of(settings: Settings) -> dict[str, str]:
    """As `versions_in`, for the marts of the settings' dbt target, queried now. Raises as `marts_of` does."""
    try:
        with marts_of(settings) as sql:
            return versions_in(sql)
    except NoMartsError:
        return {}


@contextlib.contextmanager
def marts_of(settings: Settings) -> Iterator[SqlEngine]:
    """The marts that the settings' dbt target builds. Raises as the engine does."""
    if settings.dbt_target == ATHENA:
        from socialsent_assets.warehouse.athena.engine import athena_sql

        yield athena_sql(settings)
        return
    if settings.redshift is not None:
        from socialsent_assets.warehouse.redshift import redshift_marts

        with redshift_marts(settings.redshift) as sql:
            yield sql
        return
    with duckdb_marts(settings.warehouse) as sql:
        yield sql
