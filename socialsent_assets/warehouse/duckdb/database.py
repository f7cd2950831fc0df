"""The DuckDB warehouse as a file: open it to read, and ask which lake version of each hour its marts hold.

Not here: building the marts (rebuild.py, dbt_project/), ad-hoc SQL of a user (warehouse/duckdb/engine.py).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from socialsent_assets.lake.duckdb.connection import set_up
from socialsent_assets.warehouse.engine import HOURS_TABLE
from socialsent_assets.warehouse.errors import WarehouseBusyError, WarehouseDamagedError

if TYPE_CHECKING:
    import duckdb

_RETRY_S = 0.2


@contextlib.contextmanager
def reading(path: Path, patience_s: float = 30.0) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads the file as it is now, closed at the end; UTC, so that dates mean what the lake means.

    Raises:
        FileNotFoundError: there is no warehouse yet.
        WarehouseBusyError, WarehouseDamagedError: see `attach`.
    """
    import duckdb

    if not path.is_file():
        raise FileNotFoundError(f"no warehouse at {path}")
    # Attached to a database of its own: DuckDB would share what another thread of this process has open, which may
    # still be the file that was there before a build.
    with duckdb.connect() as connection:
        attach(connection, path, path.stem, patience_s)
        connection.execute(f"use {_quoted(path.stem)}")
        set_up(connection)
        yield connection


def attach(connection: duckdb.DuckDBPyConnection, path: Path, name: str, patience_s: float) -> None:
    """Attach the warehouse file to read it, as a catalog.

    Raises:
        WarehouseBusyError: another program had it open for writing for longer than `patience_s` seconds.
        WarehouseDamagedError: it cannot be read.
    """
    import duckdb

    address = str(path).replace("'", "''")
    deadline = time.monotonic() + patience_s
    while True:
        try:
            connection.execute(f"attach '{address}' as {_quoted(name)} (read_only)")
            return
        except duckdb.IOException as error:
            if "lock" not in str(error):
                raise WarehouseDamagedError(damaged(path)) from error
            if time.monotonic() > deadline:
                raise WarehouseBusyError(
                    f"another program has {path} open for writing; close it, or try again in a moment"
                ) from error
        except duckdb.Error as error:
            raise WarehouseDamagedError(damaged(path)) from error
        time.sleep(_RETRY_S)


def damaged(path: Path) -> str:
    """What a person does about a file that is no database any more."""
    return (
        f"{path} is damaged, or no warehouse: move it away and run socialsent materialize, "
        "which builds the marts again from the lake"
    )


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def versions_held(path: Path, patience_s: float = 30.0) -> dict[str, str]:
    """{hour key: lake version} of every hour that the marts hold; {} if there is no warehouse or no mart yet.

    Raises:
        WarehouseBusyError, WarehouseDamagedError: see `attach`.
    """
    import duckdb

    query = f"select strftime(event_hour, '%Y-%m-%d-%H:00'), lake_version from {HOURS_TABLE}"  # noqa: S608
    try:
        with reading(path, patience_s) as connection:
            return dict(connection.execute(query).fetchall())
    except (FileNotFoundError, duckdb.CatalogException):
        return {}
