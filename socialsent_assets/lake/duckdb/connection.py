"""DuckDB connections that can open the files of the lake, wherever the lake is.

Not here: the marts' own file (warehouse/duckdb/database.py), how S3 is read (s3_filesystem.py).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from socialsent_assets.aws.s3 import ReplacedError
from socialsent_assets.lake.storage.base import Storage

if TYPE_CHECKING:
    import duckdb

    from socialsent_assets.lake.duckdb.s3_filesystem import S3Files

_TRIES = 3
_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer")


@contextmanager
def connected(
    tiers: Sequence[Storage], memory_limit: str = "512MB", threads: int = 2
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in memory that reads files of these tiers, each in one version. Closed at the end.

    Raises:
        ReplacedError: an object was replaced while it was read (in S3 alone: an open file of a disk stays).
        UserError, StorageError: see `s3_client.told`.
    """
    import duckdb

    with duckdb.connect(":memory:", config={"threads": threads, "memory_limit": memory_limit}) as connection:
        files = let_read(connection, tiers)
        with with_its_own_error(files):
            yield connection


def let_read(connection: duckdb.DuckDBPyConnection, tiers: Sequence[Storage]) -> S3Files | None:
    """Let a connection read files of these tiers; None if they are all on this machine, so that it can already."""
    roots = [tier.uri for tier in tiers if tier.is_remote]
    if not roots:
        return None
    from socialsent_assets.lake.duckdb.s3_filesystem import let_read_s3

    return let_read_s3(connection, roots)


@contextmanager
def with_its_own_error(files: S3Files | None) -> Iterator[None]:
    """Raise what went wrong in S3 instead of DuckDB's error about it."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        if files is not None and files.failure is not None:
            raise files.failure from error
        raise


def read_again_if_replaced(function: Callable[_Arguments, _Answer]) -> Callable[_Arguments, _Answer]:
    """A function that only reads, repeated from its beginning when an object was replaced under it."""

    @functools.wraps(function)
    def repeated(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Answer:
        for _ in range(_TRIES - 1):
            try:
                return function(*args, **kwargs)
            except ReplacedError:
                continue
        return function(*args, **kwargs)

    return repeated
