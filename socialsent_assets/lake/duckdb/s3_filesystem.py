"""S3 as DuckDB sees it: the objects of given tiers, read-only, each in one version.

DuckDB's own S3 extension has to be downloaded, and opens a file several times: footer and rows could be of two
versions. Here the version (ETag) that is seen first is the only one that is shown, until `forget`; when the object
is replaced meanwhile, reading fails with ReplacedError.

Not here: who makes a connection (connection.py), ranges of an object (lake/storage/s3_file.py).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import fsspec

from socialsent_assets.aws.s3 import SCHEME, s3_client, told
from socialsent_assets.lake.storage.base import inside
from socialsent_assets.lake.storage.s3_file import S3File

if TYPE_CHECKING:
    import duckdb

_MAGIC = re.compile(r"[*?]")


class _Version(NamedTuple):
    etag: str
    size: int
    modified: datetime


class S3Files(fsspec.AbstractFileSystem):
    """What DuckDB calls to list and open files; `roots` are the URIs of the tiers that it may see.

    Attributes:
        failure: what went wrong last, as DuckDB wraps every error into one of its own.
    """

    protocol = "s3"
    cachable = False  # fsspec would otherwise hand out an earlier instance, with its versions

    def __init__(self, roots: Sequence[str]) -> None:
        super().__init__()
        self._roots = tuple(f"{root.rstrip('/')}/" for root in roots)
        self._versions: dict[str, _Version] = {}
        self._lock = threading.Lock()
        self.failure: Exception | None = None

    def forget(self) -> None:
        """From now on, objects are seen as they are now."""
        with self._lock:
            self._versions.clear()
        self.failure = None

    def open(self, path: str, mode: str = "rb", **_: Any) -> S3File:
        """One version of an object. Raises PermissionError for writing, and outside of the tiers."""
        if mode != "rb":
            raise self._failed(PermissionError(f"{path}: the lake can only be read here"))
        bucket, key = self._parts(path)
        version = self._version(path)
        return _DuckDbFile(self, bucket, key, version)

    def glob(self, path: str, **_: Any) -> list[str]:
        """Paths that match, sorted; `*` and `?` match within one folder's name, as everywhere."""
        try:
            if not _MAGIC.search(path):
                return [path] if self.exists(path) else []
            pattern = re.compile(_regular(path))
            return sorted(found for found in self._below(path) if pattern.fullmatch(found))
        except Exception as error:
            raise self._failed(error) from error

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Name, size in bytes and type, as fsspec wants them."""
        return {"name": path, "size": self._version(path).size, "type": "file"}

    def modified(self, path: str) -> datetime:
        """When the version was written."""
        return self._version(path).modified

    def exists(self, path: str, **_: Any) -> bool:
        """Whether there is such an object."""
        try:
            self._look(path)
        except FileNotFoundError:
            return False
        except Exception as error:
            raise self._failed(error) from error
        return True

    def isfile(self, path: str) -> bool:
        """As `exists`: S3 has no folders."""
        return self.exists(path)

    def _version(self, path: str) -> _Version:
        try:
            return self._look(path)
        except Exception as error:
            raise self._failed(error) from error

    def _look(self, path: str) -> _Version:
        with self._lock:
            known = self._versions.get(path)
        if known is not None:
            return known
        bucket, key = self._parts(path)
        with told("s3:GetObject", path):
            head = s3_client().head_object(Bucket=bucket, Key=key)
        return self._pin(path, _Version(head["ETag"], head["ContentLength"], head["LastModified"]))

    def _below(self, pattern: str) -> Iterator[str]:
        """Every object below the part of the pattern that is no pattern, by request of a thousand."""
        fixed = _MAGIC.split(pattern, maxsplit=1)[0]
        bucket, prefix = self._parts(fixed)
        with told("s3:ListBucket", fixed):
            for page in s3_client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                for item in page.get("Contents", []):
                    path = f"{SCHEME}{bucket}/{item['Key']}"
                    self._pin(path, _Version(item["ETag"], item["Size"], item["LastModified"]))
                    yield path

    def _pin(self, path: str, version: _Version) -> _Version:
        with self._lock:
            return self._versions.setdefault(path, version)

    def _parts(self, path: str) -> tuple[str, str]:
        if not path.startswith(self._roots):
            raise self._failed(PermissionError(f"{path} is not in the lake"))
        bucket, _, key = path.removeprefix(SCHEME).partition("/")
        inside(key)
        return bucket, key

    def _failed(self, error: Exception) -> Exception:
        self.failure = error
        return error


class _DuckDbFile(S3File):
    """A file with a position per thread, that tells its file system what went wrong.

    DuckDB's threads share a file: each seeks, then reads. While one of them waits for S3, another one seeks.
    """

    def __init__(self, files: S3Files, bucket: str, key: str, version: _Version) -> None:
        self._positions = threading.local()
        super().__init__(bucket, key, version.etag, version.size)
        self._files = files

    @property
    def _at(self) -> int:
        return getattr(self._positions, "at", 0)

    @_at.setter
    def _at(self, position: int) -> None:
        self._positions.at = position

    def _fetch(self, at: int, wanted: int) -> tuple[int, bytes]:
        try:
            return super()._fetch(at, wanted)
        except Exception as error:
            raise self._files._failed(error) from error


def let_read_s3(connection: duckdb.DuckDBPyConnection, roots: Sequence[str]) -> S3Files:
    """Make `s3://` paths below `roots` readable on a connection and its cursors."""
    files = S3Files(roots)
    connection.register_filesystem(files)
    # It would answer for a path with blocks of an earlier version that was written in the same second.
    connection.execute("set enable_external_file_cache = false")
    return files


def _regular(pattern: str) -> str:
    """The regular expression of a glob pattern.

    >>> bool(re.fullmatch(_regular("s3://b/t/dt=*/*.parquet"), "s3://b/t/dt=1/hr=2/x.parquet"))
    False
    """
    words = {"*": "[^/]*", "?": "[^/]"}
    return "".join(words.get(part, re.escape(part)) for part in re.split(r"([*?])", pattern))
