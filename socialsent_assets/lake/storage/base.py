"""Objects under the root of a tier: list, read, replace one, delete one. A folder here, or S3 (s3.py).

An object is replaced whole or not at all; a reader sees the old bytes or the new ones.

Not here: what the keys mean (domain/events/layout.py), commits of several objects (lake/iceberg/commit.py).
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol

_UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)

Names = list[str]  # by another name, because `list` is a method below


@dataclass(frozen=True)
class ObjectInfo:
    """One object as a listing shows it.

    Attributes:
        size: bytes.
        version: changes whenever the content does.
        changed_at: when it was written, UTC; two infos are equal whatever it is.
    """

    key: str
    size: int
    version: str
    changed_at: datetime = field(default=_UNKNOWN, compare=False)


Objects = list[ObjectInfo]


class Storage(Protocol):
    """A tier's root; keys are relative to it, with `/` between parts, and never leave it.

    Attributes:
        uri: `storage_at` makes the same storage of it.
        is_remote: whether each request waits for a network.
    """

    uri: str
    is_remote: bool

    def list(self, prefix: str) -> Objects:
        """Objects whose folder is exactly `prefix`, sorted by key; [] if there is no such folder."""
        ...

    def walk(self, prefix: str) -> Objects:
        """Objects at any depth below the folder `prefix`, sorted by key; hidden folders and files are left out."""
        ...

    def folders(self, prefix: str) -> Names:
        """Names of the folders directly under `prefix`, sorted."""
        ...

    def read(self, key: str) -> bytes:
        """Content of an object. Raises FileNotFoundError."""
        ...

    def open(self, key: str) -> BinaryIO:
        """An object, to read from its beginning, in parts; close it. Raises FileNotFoundError."""
        ...

    def open_at(self, key: str, size: int) -> BinaryIO:
        """An object of `size` bytes, to read anywhere; each read of a remote one is a request. Close it.

        Raises FileNotFoundError, for a remote object with the first read.
        """
        ...

    def write(self, key: str, content: bytes) -> bool:
        """Replace one object; False if these very bytes stood there already (nothing is touched then)."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens if there is none."""
        ...

    def changed_at(self, key: str) -> datetime:
        """Time at which an object was written, UTC. Raises FileNotFoundError."""
        ...

    def path(self, key: str) -> str:
        """Path or URI for Spark, DuckDB and messages."""
        ...

    def scratch(self, prefix: str) -> contextlib.AbstractContextManager[Path]:
        """A folder of this machine to write files in that `adopt` will take; `prefix` is where they will be kept."""
        ...

    def adopt(self, key: str, file: Path) -> None:
        """Make a finished file from `scratch` the object `key`."""
        ...

    def remove(self, prefix: str, older_than_s: float = 0.0) -> None:
        """Remove everything below `prefix`, or only what was put there longer ago than that."""
        ...


def inside(key: str) -> None:
    """Raises ValueError for a key that leaves its tier."""
    if key.startswith("/") or ".." in key.split("/"):
        raise ValueError(f"key leaves its tier: {key!r}")
