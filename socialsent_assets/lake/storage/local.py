"""A tier in a folder of this machine.

Not here: the protocol (base.py), S3 (s3.py), which of them a setting names (open.py).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from socialsent_assets.domain.events.layout import parse_landing_name
from socialsent_assets.lake.storage.base import Names, ObjectInfo, Objects, inside

_TAIL = 8  # a gzip member ends with CRC-32 and length of its content: a content hash for the price of a seek


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

    def walk(self, prefix: str) -> Objects:
        """See `Storage.walk`."""
        below = [f"{prefix}/{name}" if prefix else name for name in self.folders(prefix)]
        found = [*self.list(prefix), *(info for folder in below for info in self.walk(folder))]
        return sorted(found, key=lambda info: info.key)

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
        """See `Storage.open`: a replaced file stays readable for a process that has it open."""
        return self._inside(key).open("rb")

    def open_at(self, key: str, size: int) -> BinaryIO:  # noqa: ARG002 - the file knows
        """See `Storage.open_at`."""
        return self.open(key)

    def write(self, key: str, content: bytes) -> bool:
        """See `Storage.write`. Raises OSError when the disk is full; the old object is then unchanged."""
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

    def changed_at(self, key: str) -> datetime:
        """See `Storage.changed_at`."""
        return datetime.fromtimestamp(self._inside(key).stat().st_mtime, UTC)

    def path(self, key: str) -> str:
        """See `Storage.path`: an absolute path."""
        return str(self._inside(key))

    @contextlib.contextmanager
    def scratch(self, prefix: str) -> Iterator[Path]:
        """See `Storage.scratch`: the place itself, so that nothing has to be moved to it."""
        folder = self._inside(prefix)
        folder.mkdir(parents=True, exist_ok=True)
        yield folder

    def adopt(self, key: str, file: Path) -> None:
        """See `Storage.adopt`. Raises ValueError for a file outside of `scratch`."""
        if file != self._inside(key):
            raise ValueError(f"{file} is not the place of {key}")
        with file.open("rb") as written:
            os.fsync(written.fileno())  # or a power cut could leave the name with no content

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
        changed_at = datetime.fromtimestamp(status.st_mtime, UTC)
        if parse_landing_name(entry.name) is not None:  # ours, so one gzip member: same content, same version
            with open(entry.path, "rb") as file:
                file.seek(max(0, status.st_size - _TAIL))
                return ObjectInfo(key, status.st_size, file.read(_TAIL).hex(), changed_at)
        # A rename gives another inode, even where the time was kept; writing in place gives another time.
        return ObjectInfo(key, status.st_size, f"{status.st_mtime_ns}-{status.st_ino}", changed_at)
