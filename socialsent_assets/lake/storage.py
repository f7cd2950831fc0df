"""Objects under the root of a tier: list, read, replace one, delete one.

An object is replaced whole or not at all; a reader sees the old bytes or the new ones.

Not here: what the keys mean (domain/events/layout.py), several objects at once (lake/publish.py).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from socialsent_assets.domain.events.errors import UserError

_TAIL = 8  # gzip ends with CRC-32 and length of the content: a content hash for the price of a seek


Names = list[str]  # by another name, because `list` is a method below


@dataclass(frozen=True)
class ObjectInfo:
    """One object as a listing shows it: `size` in bytes, `version` changes whenever the content does."""

    key: str
    size: int
    version: str


Objects = list[ObjectInfo]


class Storage(Protocol):
    """A tier's root; keys are relative to it, with `/` between parts, and never leave it."""

    uri: str

    def list(self, prefix: str) -> Objects:
        """Objects whose folder is exactly `prefix`, sorted by key; [] if there is no such folder."""
        ...

    def folders(self, prefix: str) -> Names:
        """Names of the folders directly under `prefix`, sorted."""
        ...

    def read(self, key: str) -> bytes:
        """Content of an object. Raises FileNotFoundError."""
        ...

    def write(self, key: str, content: bytes) -> bool:
        """Replace one object; False if these very bytes stood there already (nothing is touched then)."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens if there is none."""
        ...

    def path(self, key: str) -> str:
        """What Spark, DuckDB and Arrow open."""
        ...


class FolderStorage:
    """A tier in a folder of this machine. Writes go to a temporary name first and are renamed over the key."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.uri = str(root)

    def list(self, prefix: str) -> Objects:
        """See `Storage.list`; hidden files and writes under way (names that start with a dot) are left out."""
        folder = self._inside(prefix)
        if not folder.is_dir():
            return []
        with os.scandir(folder) as entries:
            files = [e for e in entries if e.is_file() and not e.name.startswith(".")]
        return sorted((self._info(prefix, e) for e in files), key=lambda info: info.key)

    def folders(self, prefix: str) -> Names:
        """See `Storage.folders`."""
        folder = self._inside(prefix)
        if not folder.is_dir():
            return []
        with os.scandir(folder) as entries:
            return sorted(e.name for e in entries if e.is_dir() and not e.name.startswith("."))

    def read(self, key: str) -> bytes:
        """See `Storage.read`."""
        return self._inside(key).read_bytes()

    def write(self, key: str, content: bytes) -> bool:
        """See `Storage.write`. Raises OSError when the disk is full; the old object then still stands."""
        target = self._inside(key)
        if target.is_file() and target.stat().st_size == len(content) and target.read_bytes() == content:
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".writing-", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.chmod(temporary, 0o644)  # mkstemp makes it private; a lake is read by others
            os.replace(temporary, target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return True

    def delete(self, key: str) -> None:
        """See `Storage.delete`."""
        self._inside(key).unlink(missing_ok=True)

    def path(self, key: str) -> str:
        """See `Storage.path`: an absolute path."""
        return str(self._inside(key))

    def _inside(self, key: str) -> Path:
        parts = key.split("/")
        if key.startswith("/") or ".." in parts:
            raise ValueError(f"key leaves its tier: {key!r}")
        return self.root / key if key else self.root

    def _info(self, prefix: str, entry: os.DirEntry[str]) -> ObjectInfo:
        status = entry.stat()
        key = f"{prefix}/{entry.name}" if prefix else entry.name
        if entry.name.endswith(".gz"):
            with open(entry.path, "rb") as file:
                file.seek(max(0, status.st_size - _TAIL))
                return ObjectInfo(key, status.st_size, file.read(_TAIL).hex())
        return ObjectInfo(key, status.st_size, str(status.st_mtime_ns))


def walk(storage: Storage, prefix: str) -> Iterator[ObjectInfo]:
    """Every object at or below `prefix`, folder by folder in order. Its cost grows with the history."""
    yield from storage.list(prefix)
    for name in storage.folders(prefix):
        yield from walk(storage, f"{prefix}/{name}" if prefix else name)


def storage_at(uri: str) -> Storage:
    """The storage that a `SOCIALSENT_LAKE_*` value names.

    Raises:
        UserError: a scheme that this version does not speak.
    """
    if uri.startswith("file:"):
        return FolderStorage(Path(uri.removeprefix("file://").removeprefix("file:")))
    if "://" in uri:
        raise UserError(f"{uri}: only folders (file: or a plain path) can hold a lake here")
    return FolderStorage(Path(uri))
