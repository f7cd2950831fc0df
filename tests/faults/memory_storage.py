"""Tiers of a lake in memory, and a wrapper that gives any tier the faults of a schedule.

Keys, versions and errors are those of a folder. `FaultyTier` is a lake's storage and the consumer's store in one.

Not here: the protocol (lake/storage/base.py), when a step fails (faults.py).
"""

from __future__ import annotations

import contextlib
import io
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from socialsent_assets.lake.storage.base import Names, ObjectInfo, Objects, Storage, inside
from tests.faults.faults import Faults


class MemoryStorage:
    """A tier in a dict."""

    is_remote = False

    def __init__(self, uri: str, clock: Callable[[], datetime], scratch: Path) -> None:
        self.uri = uri
        self.objects: dict[str, bytes] = {}
        self._changed: dict[str, datetime] = {}
        self._clock, self._scratch = clock, scratch

    def list(self, prefix: str) -> Objects:
        """See `Storage.list`."""
        return [info for info in self.walk(prefix) if info.key.rpartition("/")[0] == prefix]

    def walk(self, prefix: str) -> Objects:
        """See `Storage.walk`."""
        start = f"{prefix}/" if prefix else ""
        found = sorted(key for key in self.objects if key.startswith(start))
        return [self._info(key) for key in found if not any(part.startswith(".") for part in key.split("/"))]

    def folders(self, prefix: str) -> Names:
        """See `Storage.folders`."""
        start = f"{prefix}/" if prefix else ""
        below = (key[len(start) :] for key in self.objects if key.startswith(start))
        return sorted({part.partition("/")[0] for part in below if "/" in part})

    def read(self, key: str) -> bytes:
        """See `Storage.read`."""
        inside(key)
        try:
            return self.objects[key]
        except KeyError:
            raise FileNotFoundError(key) from None

    def open(self, key: str) -> BinaryIO:
        """See `Storage.open`."""
        return io.BytesIO(self.read(key))

    def open_at(self, key: str, size: int) -> BinaryIO:
        """See `Storage.open_at`."""
        return self.open(key)

    def write(self, key: str, content: bytes) -> bool:
        """See `Storage.write`."""
        inside(key)
        if self.objects.get(key) == content:
            return False
        self.objects[key], self._changed[key] = content, self._clock()
        return True

    def delete(self, key: str) -> None:
        """See `Storage.delete`."""
        self.objects.pop(key, None)

    def changed_at(self, key: str) -> datetime:
        """See `Storage.changed_at`."""
        self.read(key)
        return self._changed[key]

    def path(self, key: str) -> str:
        """See `Storage.path`."""
        return f"{self.uri}/{key}" if key else self.uri

    @contextlib.contextmanager
    def scratch(self, prefix: str) -> Iterator[Path]:
        """See `Storage.scratch`."""
        yield self._scratch

    def adopt(self, key: str, file: Path) -> None:
        """See `Storage.adopt`."""
        self.write(key, file.read_bytes())
        file.unlink()

    def remove(self, prefix: str, older_than_s: float = 0.0) -> None:
        """See `Storage.remove`."""
        for info in self.walk(prefix):
            self.delete(info.key)

    def _info(self, key: str) -> ObjectInfo:
        content = self.objects[key]
        return ObjectInfo(key, len(content), f"{zlib.crc32(content):08x}")


class FaultyTier:
    """A tier whose requests are steps and can fail; `below` narrows it to a folder."""

    def __init__(self, storage: Storage, faults: Faults, name: str, below: str = "") -> None:
        self.storage, self.faults, self.name, self.below = storage, faults, name, below
        self.uri, self.is_remote = storage.uri, storage.is_remote

    def put(self, key: str, content: bytes) -> None:
        """The consumer's `Store.put`."""
        with self.faults.around("landing put", f"puts {key}"):
            self.storage.write(key, content)

    def read(self, key: str) -> bytes:
        """See `Storage.read`."""
        self._reads("reads", key)
        return self.storage.read(self._key(key))

    def open(self, key: str) -> BinaryIO:
        """See `Storage.open`."""
        self._reads("opens", key)
        return self.storage.open(self._key(key))

    def open_at(self, key: str, size: int) -> BinaryIO:
        """See `Storage.open_at`."""
        self._reads("opens", key)
        return self.storage.open_at(self._key(key), size)

    def list(self, prefix: str) -> Objects:
        """See `Storage.list`."""
        self._reads("lists", prefix)
        return self.storage.list(prefix)

    def walk(self, prefix: str) -> Objects:
        """See `Storage.walk`."""
        self._reads("walks", prefix)
        return self.storage.walk(prefix)

    def write(self, key: str, content: bytes) -> bool:
        """See `Storage.write`."""
        with self.faults.around("write", f"writes {self.name}/{key}"):
            return self.storage.write(key, content)

    def delete(self, key: str) -> None:
        """See `Storage.delete`."""
        with self.faults.around("write", f"deletes {self.name}/{key}"):
            self.storage.delete(key)

    def adopt(self, key: str, file: Path) -> None:
        """See `Storage.adopt`."""
        with self.faults.around("write", f"writes {self.name}/{key}"):
            self.storage.adopt(key, file)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.storage, name)

    def _key(self, key: str) -> str:
        return f"{self.below}/{key}" if self.below else key

    def _reads(self, verb: str, key: str) -> None:
        with self.faults.around("read", f"{verb} {self.name}/{key}"):
            pass
