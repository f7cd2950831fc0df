"""Environment, variables and executable of dbt processes: the same for parsing and for running.

Not here: when dbt runs (defs/marts.py), its profiles (dbt_project/profiles.yml).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.settings import AthenaSettings, CatalogSettings, RedshiftSettings


@contextmanager
def in_environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables of this process, and put them back at the end."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


LAKE_FILES = "lake_files.json"
"""Listing of the lake's data files beside the warehouse, in the folder of dbt's artifacts."""

ARTIFACTS = "dbt"
"""Folder of dbt's artifacts: one per warehouse, because dbt finds its parsed project again there, and one build at a
time can use it (the pool `warehouse`, and `Warehouse.building`)."""


def dbt_environment(cleansed: str, analytics: str, warehouse: Path) -> dict[str, str]:
    """Environment of every dbt process: parsing and running need the same one, or dbt parses twice."""
    return {
        "SOCIALSENT_LAKE_FILES": str(warehouse.absolute().parent / ARTIFACTS / LAKE_FILES),
        "SOCIALSENT_LAKE_CLEANSED": _absolute(cleansed),
        "SOCIALSENT_LAKE_ANALYTICS": _absolute(analytics),
        "SOCIALSENT_WAREHOUSE": str(warehouse.absolute()),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def window_vars(hours: list[EventHour]) -> dict[str, str]:
    """Dbt vars that limit a build to the span of `hours`; {} (all history) for no hours.

    >>> window_vars([EventHour.from_key("2026-11-22-03:00")])
    {'window_start': '2026-11-22 03:00:00', 'window_end': '2026-11-22 04:00:00'}
    """
    if not hours:
        return {}
    pattern = "%Y-%m-%d %H:%M:%S"
    return {
        "window_start": min(hours).start.strftime(pattern),
        "window_end": max(hours).end.strftime(pattern),
    }


def _absolute(uri: str) -> str:
    return (
        uri
        if "://" in uri and not uri.startswith("file:")
        else str(Path(uri.removeprefix("file://").removeprefix("file:")).absolute())
    )


def redshift_environment(redshift: RedshiftSettings) -> dict[str, str]:
    """What the target `redshift` of dbt_project/profiles.yml reads: the same for parsing and for running."""
    return {
        "SOCIALSENT_REDSHIFT_METHOD": redshift.method,
        "SOCIALSENT_REDSHIFT_HOST": redshift.host,
        "SOCIALSENT_REDSHIFT_PORT": str(redshift.port),
        "SOCIALSENT_REDSHIFT_DATABASE": redshift.database,
        "SOCIALSENT_REDSHIFT_USER": redshift.user,
        "SOCIALSENT_REDSHIFT_PASSWORD": redshift.password,
        "SOCIALSENT_REDSHIFT_SCHEMA": redshift.schema,
        "SOCIALSENT_REDSHIFT_SSLMODE": redshift.sslmode,
        "SOCIALSENT_REDSHIFT_CLUSTER": redshift.cluster,
        "AWS_REGION": redshift.region,
    }


def athena_environment(athena: AthenaSettings, catalog: CatalogSettings) -> dict[str, str]:
    """What the target `athena` of dbt_project/profiles.yml reads: the same for parsing and for running."""
    return {
        "SOCIALSENT_ATHENA_WORKGROUP": athena.workgroup,
        "SOCIALSENT_ATHENA_MARTS": athena.marts,
        "SOCIALSENT_ATHENA_DATA": athena.data,
        "SOCIALSENT_SPECTRUM_CLEANSED": catalog.cleansed,
        "SOCIALSENT_SPECTRUM_ANALYTICS": catalog.analytics,
    }


def dbt_executable() -> str:
    """Dbt of this very Python, found also when its folder is not on PATH."""
    beside = Path(sys.executable).parent / "dbt"
    return str(beside) if beside.is_file() else "dbt"
