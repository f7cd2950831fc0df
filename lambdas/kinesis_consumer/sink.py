"""Sinks of the consumer: a folder or an S3 prefix.

A `put` replaces the whole object or nothing, and the same bytes twice are no harm.

Not here: keys and contents (socialsent_assets/domain/events/landing.py), reading (the lake's own storage).
"""

from __future__ import annotations

import functools
import os
import tempfile
from pathlib import Path
from typing import Any, Protocol

from lambdas.aws_errors import with_advice

# boto3 waits a minute for a response and tries five times: a hung connection would outlast the function. These four
# tries end within 45 seconds; what still fails then is sent again by Kinesis.
_CONNECT_SECONDS, _READ_SECONDS, _TRIES = 2, 8, 4


class StoreError(OSError):
    """The object was not written; the same `put` may work later."""


class Store(Protocol):
    """The root of the landing tier."""

    def put(self, key: str, content: bytes) -> None:
        """Replace one object. Raises OSError (`StoreError` for S3) if it could not be written."""
        ...


class FolderStore:
    """The landing tier as a folder; an object appears under its name when it is complete."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, key: str, content: bytes) -> None:
        """See `Store.put`."""
        target = self.root / key
        if target.is_file() and target.stat().st_size == len(content) and target.read_bytes() == content:
            return  # a retry: leave the file's time alone
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


class S3Store:
    """The landing tier as `s3://bucket/prefix`."""

    def __init__(self, bucket: str, prefix: str, client: Any) -> None:
        self.bucket = bucket
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self.client = client

    def put(self, key: str, content: bytes) -> None:
        """See `Store.put`."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self.client.put_object(Bucket=self.bucket, Key=f"{self.prefix}{key}", Body=content)
        except (BotoCoreError, ClientError) as error:
            target = f"s3://{self.bucket}/{self.prefix}{key} (LANDING_URI)"
            permission = f"s3:PutObject on s3://{self.bucket}/{self.prefix}* and, with a KMS key, kms:GenerateDataKey"
            raise StoreError(with_advice(error, target, permission)) from error


@functools.cache  # one client for the life of the process: making it costs more than a batch
def store_at(uri: str) -> Store:
    """The store that `LANDING_URI` names: a folder's path, `file:` or `s3://bucket/prefix`.

    Raises:
        ValueError: it names neither.
    """
    if uri.startswith("s3://"):
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        if not bucket:
            raise ValueError(f"LANDING_URI={uri} names no bucket")
        return S3Store(bucket, prefix, _s3_client())
    if uri.startswith("file:"):
        return FolderStore(Path(uri.removeprefix("file://").removeprefix("file:")))
    if not uri or "://" in uri:
        raise ValueError(f"LANDING_URI={uri!r}: write a folder's path, file:/path or s3://bucket/prefix")
    return FolderStore(Path(uri))


def _s3_client() -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        config=Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": _TRIES},
        ),
    )
