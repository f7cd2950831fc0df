"""The DuckDB warehouse as a file: open it to read, and ask which lake version of each hour its marts hold.

Not here: building the marts (dbt_project/), ad-hoc SQL of a user (warehouse/duckdb/engine.py).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from socialsent_assets.lake.storage.file_lock import BusyError, exclusive, shared
from socialsent_assets.warehouse.engine import HOURS_TABLE
from socialsent_assets.warehouse.errors import WarehouseBusyError

if TYPE_CHECKING:
    import duckdb

_RETRY_S = 0.2


@contextlib.contextmanager
def reading(path: Path, patience_s: float = 30.0) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection, closed at the end; UTC, so that dates mean what the lake means.

    Raises:
        FileNotFoundError: there is no warehouse yet.
        WarehouseBusyError: a writer held it for longer than `patience_s` seconds.
    """
    import duckdb

    if not path.is_file():
        raise FileNotFoundError(f"no warehouse at {path}")
    deadline = time.monotonic() + patience_s
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(shared(_lock_of(path), patience_s))
        except BusyError as error:
            raise WarehouseBusyError(f"{path} is being written; try again in a moment") from error
        while True:
            try:
                connection = duckdb.connect(str(path), read_only=True)
                break
            except duckdb.IOException as error:  # a writer of another program, or one that was killed
                if time.monotonic() > deadline:
                    raise WarehouseBusyError(f"{path} is being written; try again in a moment") from error
                time.sleep(_RETRY_S)
        stack.callback(connection.close)
        connection.execute("set timezone = 'UTC'")
        yield connection


@contextlib.contextmanager
def writing(path: Path, patience_s: float = 3600.0, on_wait: Callable[[str], None] | None = None) -> Iterator[None]:
    """Keep our own readers and writers away while something else (dbt) has the file open for writing.

    Raises:
        WarehouseBusyError: they still had it after `patience_s` seconds.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(exclusive(_lock_of(path), patience_s, on_wait))
        except BusyError as error:
            raise WarehouseBusyError(f"{path} is in use; try again in a moment") from error
        yield


def _lock_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def versions_held(path: Path, patience_s: float = 30.0) -> dict[str, str]:
    """{hour key: lake version} of every hour that the marts hold; {} if there is no warehouse or no mart yet.

    Raises:
        WarehouseBusyError: see `reading`.
    """
    import duckdb

    query = f"select strftime(event_hour, '%Y-%m-%d-%H:00'), lake_version from {HOURS_TABLE}"  # noqa: S608
    try:
        with reading(path, patience_s) as connection:
            return dict(connection.execute(query).fetchall())
    except (FileNotFoundError, duckdb.CatalogException):
        return {}
