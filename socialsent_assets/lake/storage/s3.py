"""A tier in S3: objects below `s3://bucket/prefix`.

A PUT replaces an object atomically, so S3 keeps the promise of `Storage` by itself; keys whose last
part starts with a dot or an underscore are as invisible as on disk.

Not here: the client and its errors (aws/s3.py), tables (lake/iceberg/).
"""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from socialsent_assets.aws.s3 import SCHEME, get, parse_s3_uri, s3_client, told
from socialsent_assets.lake.storage.base import Names, ObjectInfo, Objects, inside

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import (
        HeadObjectOutputTypeDef,
        ListObjectsV2OutputTypeDef,
        ObjectIdentifierTypeDef,
        ObjectTypeDef,
    )

_DIGEST = "sha256"  # metadata of what we write: an ETag is no digest under KMS, nor of an upload in parts
_DELETED_AT_ONCE = 1000  # keys of a DeleteObjects request, its limit


class S3Storage:
    """A tier below a prefix of a bucket; cheap to make, talks to S3 with the first request."""

    is_remote = True

    def __init__(self, uri: str) -> None:
        self.bucket, self.prefix = parse_s3_uri(uri)
        self.uri = f"{SCHEME}{self.bucket}/{self.prefix}" if self.prefix else f"{SCHEME}{self.bucket}"

    def list(self, prefix: str) -> Objects:
        """See `Storage.list`; the version is the ETag."""
        found = [
            _info(f"{prefix}/{name}" if prefix else name, item)
            for page in self._pages(self._folder(prefix), by_folder=True)
            for item in page.get("Contents", [])
            if (name := item["Key"].rpartition("/")[2]) and not name.startswith(".")
        ]
        return sorted(found, key=lambda info: info.key)

    def walk(self, prefix: str) -> Objects:
        """See `Storage.walk`: one request per thousand objects, whatever the number of folders."""
        start = len(self._folder(""))
        found = [
            _info(item["Key"][start:], item)
            for page in self._pages(self._folder(prefix), by_folder=False)
            for item in page.get("Contents", [])
            if not any(part.startswith(".") for part in item["Key"][start:].split("/"))
        ]
        return sorted(found, key=lambda info: info.key)

    def folders(self, prefix: str) -> Names:
        """See `Storage.folders`."""
        names = [
            item["Prefix"].rstrip("/").rpartition("/")[2]
            for page in self._pages(self._folder(prefix), by_folder=True)
            for item in page.get("CommonPrefixes", [])
        ]
        return sorted(name for name in names if not name.startswith("."))

    def read(self, key: str) -> bytes:
        """See `Storage.read`."""
        return get(self.bucket, self._key(key))

    def open(self, key: str) -> BinaryIO:
        """See `Storage.open`: one answer, read as it is needed."""
        with told("s3:GetObject", self.path(key)):
            answer = s3_client().get_object(Bucket=self.bucket, Key=self._key(key))
        return cast(BinaryIO, answer["Body"])

    def open_at(self, key: str, size: int) -> BinaryIO:
        """See `Storage.open_at`."""
        return cast(BinaryIO, _Ranges(self.bucket, self._key(key), size))

    def write(self, key: str, content: bytes) -> bool:
        """See `Storage.write`."""
        digest = hashlib.sha256(content).hexdigest()
        if self._holds(key, content, digest):
            return False
        with told("s3:PutObject", self.path(key)):
            s3_client().put_object(Bucket=self.bucket, Key=self._key(key), Body=content, Metadata={_DIGEST: digest})
        return True

    def delete(self, key: str) -> None:
        """See `Storage.delete`."""
        with told("s3:DeleteObject", self.path(key)):
            s3_client().delete_object(Bucket=self.bucket, Key=self._key(key))

    def changed_at(self, key: str) -> datetime:
        """See `Storage.changed_at`."""
        return self._head(key)["LastModified"]

    def path(self, key: str) -> str:
        """See `Storage.path`: an `s3://` URI."""
        full = self._key(key)
        return f"{SCHEME}{self.bucket}/{full}" if full else f"{SCHEME}{self.bucket}"

    @contextmanager
    def scratch(self, prefix: str) -> Iterator[Path]:  # noqa: ARG002 - files are uploaded, so any place will do
        """See `Storage.scratch`: a temporary folder of this machine."""
        with tempfile.TemporaryDirectory(prefix="socialsent-") as folder:
            yield Path(folder)

    def adopt(self, key: str, file: Path) -> None:
        """See `Storage.adopt`: an upload, in parts if the file is big."""
        with told("s3:PutObject", self.path(key)):
            s3_client().upload_file(str(file), self.bucket, self._key(key))
        file.unlink()

    def remove(self, prefix: str, older_than_s: float = 0.0) -> None:
        """See `Storage.remove`; ages are S3's own."""
        youngest = datetime.now(UTC) - timedelta(seconds=older_than_s)  # ages of objects, not of events
        keys: list[ObjectIdentifierTypeDef] = [
            {"Key": item["Key"]}
            for page in self._pages(self._folder(prefix), by_folder=False)
            for item in page.get("Contents", [])
            if older_than_s <= 0 or item["LastModified"] < youngest
        ]
        for start in range(0, len(keys), _DELETED_AT_ONCE):
            with told("s3:DeleteObject", self.path(prefix)):
                s3_client().delete_objects(
                    Bucket=self.bucket, Delete={"Objects": keys[start : start + _DELETED_AT_ONCE], "Quiet": True}
                )

    def _holds(self, key: str, content: bytes, digest: str) -> bool:
        try:
            head = self._head(key)
        except FileNotFoundError:
            return False
        if head["ContentLength"] != len(content):
            return False
        known = head["Metadata"].get(_DIGEST)
        return known == digest if known else self.read(key) == content  # the Lambda writes no metadata

    def _head(self, key: str) -> HeadObjectOutputTypeDef:
        with told("s3:GetObject", self.path(key)):
            return s3_client().head_object(Bucket=self.bucket, Key=self._key(key))

    def _pages(self, prefix: str, *, by_folder: bool) -> Iterator[ListObjectsV2OutputTypeDef]:
        with told("s3:ListBucket", f"{SCHEME}{self.bucket}/{prefix}"):
            listing = s3_client().get_paginator("list_objects_v2")
            if by_folder:
                yield from listing.paginate(Bucket=self.bucket, Prefix=prefix, Delimiter="/")
            else:
                yield from listing.paginate(Bucket=self.bucket, Prefix=prefix)

    def _folder(self, prefix: str) -> str:
        full = self._key(prefix)
        return f"{full}/" if full else ""

    def _key(self, key: str) -> str:
        inside(key)
        return "/".join(part for part in (self.prefix, key) if part)


def _info(key: str, item: ObjectTypeDef) -> ObjectInfo:
    return ObjectInfo(key, item["Size"], item["ETag"].strip('"'), item["LastModified"])


class _Ranges(io.RawIOBase):
    """An object that is fetched by ranges."""

    def __init__(self, bucket: str, key: str, size: int) -> None:
        self._bucket, self._key, self._size = bucket, key, size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = start + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        end = min(self._position + len(buffer), self._size)
        if end <= self._position:
            return 0
        found = get(self._bucket, self._key, Range=f"bytes={self._position}-{end - 1}")
        buffer[: len(found)] = found
        self._position += len(found)
        return len(found)
