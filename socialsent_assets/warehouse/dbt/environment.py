"""Environment, variables and executable of dbt processes: the same for parsing and for running.

Not here: when dbt runs (defs/marts.py), its profiles (dbt_project/profiles.yml).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from socialsent_assets.domain.events.layout import EventHour, contiguous_ranges
from socialsent_assets.settings import AthenaSettings, CatalogSettings, RedshiftSettings
from socialsent_assets.warehouse.duckdb.rebuild import copy_of


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
    """Environment of every dbt process: parsing and running need the same one, or dbt parses twice.

    dbt builds in a copy of the warehouse (warehouse/duckdb/rebuild.py), in the folder of its artifacts.
    """
    return {
        "SOCIALSENT_LAKE_FILES": str(warehouse.absolute().parent / ARTIFACTS / LAKE_FILES),
        "SOCIALSENT_LAKE_CLEANSED": _absolute(cleansed),
        "SOCIALSENT_LAKE_ANALYTICS": _absolute(analytics),
        "SOCIALSENT_WAREHOUSE": str(copy_of(warehouse.absolute(), warehouse.absolute().parent / ARTIFACTS)),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_LOG_LEVEL_FILE": "info",  # its debug level writes each statement twice, for 1 CPU second of a build
    }


def window_environment(hours: list[EventHour]) -> dict[str, str]:
    """Environment that limits a build to the span of `hours`, and to none (all history) for no hours.

    Not `--vars`: dbt parses the whole project again for new ones (7 CPU seconds, 4 without). Macros read these while
    a model is built, never while one is parsed (dbt_project/macros/window.sql).

    >>> window_environment([EventHour.from_key("2026-11-22-03:00")])
    {'SOCIALSENT_WINDOW_START': '2026-11-22 03:00:00', 'SOCIALSENT_WINDOW_END': '2026-11-22 04:00:00'}
    """
    pattern = "%Y-%m-%d %H:%M:%S"
    return {
        "SOCIALSENT_WINDOW_START": min(hours).start.strftime(pattern) if hours else "",
        "SOCIALSENT_WINDOW_END": max(hours).end.strftime(pattern) if hours else "",
    }


def left_out_environment(hours: Collection[EventHour]) -> dict[str, str]:
    """Environment that keeps hours out of every window.

    >>> left_out_environment([EventHour.from_key("2026-11-22-03:00"), EventHour.from_key("2026-11-22-04:00")])
    {'SOCIALSENT_WINDOW_WITHOUT': '2026-11-22 03:00:00/2026-11-22 05:00:00'}
    """
    pattern = "%Y-%m-%d %H:%M:%S"
    spans = (f"{a.start.strftime(pattern)}/{b.end.strftime(pattern)}" for a, b in contiguous_ranges(hours))
    return {"SOCIALSENT_WINDOW_WITHOUT": ",".join(spans)}


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


MODULE_FLAGS = ["-m", "socialsent_assets.warehouse.dbt.build_process"]
"""What turns this very Python into a dbt that need not parse the project: `python -m … build`."""


def dbt_executable() -> str:
    """Dbt of this very Python, found also when its folder is not on PATH."""
    beside = Path(sys.executable).parent / "dbt"
    return str(beside) if beside.is_file() else "dbt"
