"""DuckDB connections that can open the files of the lake, wherever the lake is.

Not here: the marts' own file (warehouse/duckdb/database.py), how S3 is read (s3_filesystem.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from socialsent_assets.lake.storage.base import Storage

if TYPE_CHECKING:
    import duckdb


@contextmanager
def connected(
    tiers: Sequence[Storage], memory_limit: str = "512MB", threads: int = 2
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in memory that reads files of these tiers. Closed at the end."""
    import duckdb

    with duckdb.connect(":memory:", config={"threads": threads, "memory_limit": memory_limit}) as connection:
        set_up(connection)
        let_read(connection, tiers)
        yield connection


def set_up(connection: duckdb.DuckDBPyConnection) -> None:
    """Set UTC, so that dates mean what the lake means, and no progress bar, which prints into a command's JSON."""
    import duckdb

    connection.execute("set timezone = 'UTC'")
    with suppress(duckdb.InvalidInputException):  # Jupyter without ipywidgets: no bar there, and no setting of it
        connection.execute("set enable_progress_bar = false")


def let_read(connection: duckdb.DuckDBPyConnection, tiers: Sequence[Storage]) -> None:
    """Let a connection read files of these tiers; those of this machine it can read already."""
    roots = [tier.uri for tier in tiers if tier.is_remote]
    if roots:
        from socialsent_assets.lake.duckdb.s3_filesystem import let_read_s3

        let_read_s3(connection, roots)
