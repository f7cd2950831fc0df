"""Files of the lake on this machine for DuckDB: to read, and never to write.

DuckDB lets a statement write wherever it lets it read, so a statement of a stranger gets its files by a scheme of
our own that has no way to write, and DuckDB's own way to files is closed.

Not here: S3 (s3_filesystem.py), which statements pass (warehouse/duckdb/engine.py).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from fsspec.spec import AbstractFileSystem

if TYPE_CHECKING:
    import duckdb

SCHEME = "lakefile://"


class ReadOnlyFiles(AbstractFileSystem):  # type: ignore[misc]  # fsspec has no types
    """Files below `roots` (absolute folders), for reading alone. Whatever writes or removes is not implemented."""

    protocol = SCHEME.removesuffix("://")
    cachable = False  # fsspec would otherwise hand out an earlier instance, with its roots

    def __init__(self, roots: Sequence[str]) -> None:
        super().__init__()
        self._roots = tuple(f"{os.path.realpath(root)}{os.sep}" for root in roots)

    def open(self, path: str, mode: str = "rb", **_: Any) -> BinaryIO:
        """A file. Raises PermissionError for writing, and outside of the roots, also by a link."""
        if mode != "rb":
            raise PermissionError(f"only reading is allowed here: {path}")
        return self._allowed(path).open("rb")

    def ls(self, path: str, **_: Any) -> list[Any]:
        """Nothing: the catalog names the files. Raises PermissionError."""
        raise PermissionError(f"folders are not listed here: {path}")

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Size in bytes and kind of a file."""
        found = self._allowed(path).stat()
        return {"name": path, "size": found.st_size, "type": "file", "mtime": found.st_mtime}

    def modified(self, path: str) -> datetime:
        """Time of the last change."""
        return datetime.fromtimestamp(self._allowed(path).stat().st_mtime, UTC)

    def _allowed(self, path: str) -> Path:
        real = os.path.realpath(path.removeprefix(SCHEME))
        if not real.startswith(self._roots):
            raise PermissionError(f"only files of the lake can be read: {path}")
        return Path(real)


def let_only_read(connection: duckdb.DuckDBPyConnection, roots: Sequence[str]) -> None:
    """Let a connection read `lakefile://` files below `roots`. The caller closes DuckDB's own way."""
    connection.register_filesystem(ReadOnlyFiles(roots))
