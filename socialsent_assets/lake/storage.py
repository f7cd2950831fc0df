"""Objects under the root of a tier: list, read, replace one, delete one. A folder here, or S3 (s3_storage.py).

An object is replaced whole or not at all; a reader sees the old bytes or the new ones.

Not here: what the keys mean (domain/events/layout.py), several objects at once (lake/publish.py).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

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

    def folders(self, prefix: str) -> Names:
        """Names of the folders directly under `prefix`, sorted."""
        ...

    def read(self, key: str) -> bytes:
        """Content of an object. Raises FileNotFoundError."""
        ...

    def open(self, key: str) -> BinaryIO:
        """One version of an object, to read parts of; close it. Raises FileNotFoundError."""
        ...

    def write(self, key: str, content: bytes) -> bool:
        """Replace one object; False if these very bytes stood there already (nothing is touched then)."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens if there is none."""
        ...

    def path(self, key: str) -> str:
        """What Spark and DuckDB open, and what people are told."""
        ...

    def scratch(self, prefix: str) -> contextlib.AbstractContextManager[Path]:
        """A folder of this machine to write files in that `adopt` will take; `prefix` is where they will be kept."""
        ...

    def adopt(self, key: str, file: Path, digest: str) -> None:
        """Make a finished file from `scratch` the object `key`; `digest` is its SHA-256, in hex digits."""
        ...

    def replace(self, key: str, other: str, size: int) -> None:
        """Put the object `other`, of `size` bytes, in the place of `key`, at once; `other` may be gone then."""
        ...

    def remove(self, prefix: str, older_than_s: float = 0.0) -> None:
        """Remove everything below `prefix`, or only what was put there longer ago than that."""
        ...


class FolderStorage:
    """A tier in a folder of this machine. Writes go to a temporary name first and are renamed over the key."""

    is_remote = False

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

    def open(self, key: str) -> BinaryIO:
        """See `Storage.open`: a replaced file stays readable for whoever has it open."""
        return self._inside(key).open("rb")

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

    @contextlib.contextmanager
    def scratch(self, prefix: str) -> Iterator[Path]:
        """See `Storage.scratch`: the place itself, so that nothing has to be moved to it."""
        folder = self._inside(prefix)
        folder.mkdir(parents=True, exist_ok=True)
        yield folder

    def adopt(self, key: str, file: Path, digest: str) -> None:  # noqa: ARG002 - a disk keeps no digests
        """See `Storage.adopt`. Raises ValueError for a file that is not where `scratch` said."""
        if file != self._inside(key):
            raise ValueError(f"{file} is not the place of {key}")
        with file.open("rb") as written:
            os.fsync(written.fileno())  # or a power cut could leave the name with no content

    def replace(self, key: str, other: str, size: int) -> None:  # noqa: ARG002 - a rename costs the same for any
        """See `Storage.replace`: a rename."""
        target = self._inside(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(self._inside(other), target)

    def remove(self, prefix: str, older_than_s: float = 0.0) -> None:
        """See `Storage.remove`; a folder directly below `prefix` is as old as its own last change."""
        root = self._inside(prefix)
        if older_than_s <= 0:
            shutil.rmtree(root, ignore_errors=True)
            return
        youngest = time.time() - older_than_s  # ages of files, not of events
        for folder in root.iterdir() if root.is_dir() else ():
            with contextlib.suppress(OSError):
                if folder.stat().st_mtime < youngest:
                    shutil.rmtree(folder, ignore_errors=True)

    def _inside(self, key: str) -> Path:
        inside(key)
        return self.root / key if key else self.root

    def _info(self, prefix: str, entry: os.DirEntry[str]) -> ObjectInfo:
        status = entry.stat()
        key = f"{prefix}/{entry.name}" if prefix else entry.name
        if entry.name.endswith(".gz"):
            with open(entry.path, "rb") as file:
                file.seek(max(0, status.st_size - _TAIL))
                return ObjectInfo(key, status.st_size, file.read(_TAIL).hex())
        return ObjectInfo(key, status.st_size, str(status.st_mtime_ns))


def inside(key: str) -> None:
    """Raises ValueError for a key that leaves its tier."""
    if key.startswith("/") or ".." in key.split("/"):
        raise ValueError(f"key leaves its tier: {key!r}")


def walk(storage: Storage, prefix: str) -> Iterator[ObjectInfo]:
    """Every object at or below `prefix`, folder by folder in order. Its cost grows with the history."""
    yield from storage.list(prefix)
    for name in storage.folders(prefix):
        yield from walk(storage, f"{prefix}/{name}" if prefix else name)


def storage_at(uri: str) -> Storage:
    """The storage that a `SOCIALSENT_LAKE_*` value names.

    Raises:
        UserError: a scheme that this version does not speak, or no bucket.
    """
    if uri.startswith("s3://"):
        from socialsent_assets.lake.s3_storage import S3Storage

        return S3Storage(uri)
    if uri.startswith("file:"):
        return FolderStorage(Path(uri.removeprefix("file://").removeprefix("file:")))
    if "://" in uri:
        raise UserError(f"{uri}: a lake is in folders (file: or a plain path) or in S3 (s3://BUCKET/PREFIX)")
    return FolderStorage(Path(uri))
