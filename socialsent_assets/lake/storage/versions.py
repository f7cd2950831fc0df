"""Versions of the objects of a tier in S3: a bucket that keeps versions keeps what is deleted or replaced.

A bucket without versions answers with the objects as they are, each in one version called `null`.

Not here: objects as they are now (s3.py), which versions must go (erasure/versions.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from socialsent_assets.aws.s3 import SCHEME, get, s3_client, told
from socialsent_assets.lake.storage.s3 import S3Storage


@dataclass(frozen=True)
class ObjectVersion:
    """One version of an object.

    Attributes:
        key: of the object, below the tier.
        version: its id.
        is_latest: whether readers get it who ask for no version.
        is_marker: whether it only marks the object as deleted, and has no content.
    """

    key: str
    version: str
    is_latest: bool
    is_marker: bool


def versions_of(tier: S3Storage) -> Iterator[ObjectVersion]:
    """Every version below the tier, whatever its name. Needs s3:ListBucketVersions."""
    start = f"{tier.prefix}/" if tier.prefix else ""
    with told("s3:ListBucketVersions", tier.uri):
        for page in s3_client().get_paginator("list_object_versions").paginate(Bucket=tier.bucket, Prefix=start):
            for item in page.get("Versions", []):
                yield ObjectVersion(item["Key"][len(start) :], item["VersionId"], item["IsLatest"], is_marker=False)
            for marker in page.get("DeleteMarkers", []):
                key = marker["Key"][len(start) :]
                yield ObjectVersion(key, marker["VersionId"], marker["IsLatest"], is_marker=True)


def read_version(tier: S3Storage, one: ObjectVersion) -> bytes:
    """Content of a version. Needs s3:GetObjectVersion; raises FileNotFoundError once it is deleted."""
    return get(tier.bucket, _key(tier, one), VersionId=one.version)


def delete_version(tier: S3Storage, one: ObjectVersion) -> None:
    """Remove a version for good. Needs s3:DeleteObjectVersion."""
    with told("s3:DeleteObjectVersion", address_of(tier, one)):
        s3_client().delete_object(Bucket=tier.bucket, Key=_key(tier, one), VersionId=one.version)


def address_of(tier: S3Storage, one: ObjectVersion) -> str:
    """The URI of the object, with the version unless it is the latest."""
    return f"{SCHEME}{tier.bucket}/{_key(tier, one)}" + ("" if one.is_latest else f"?versionId={one.version}")


def _key(tier: S3Storage, one: ObjectVersion) -> str:
    return "/".join(part for part in (tier.prefix, one.key) if part)
