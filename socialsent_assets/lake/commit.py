"""Stage, then promote: the one way in which a partition is replaced.

A table has one object per event hour, `<table>/dt=…/hr=…/part-0.parquet`. A job writes its files to a staging area
of the tier, `_staging/<run>/…`; when all of them are finished, `promote` puts one after the other in the place of
its hour. An hour without rows has no object.

Why a reader sees the old hour or the new one, and never a part, whatever is killed when:

- In a folder the last step is a rename, which the file system does at once.
- S3 has no rename. There the last step is a copy of the staged object onto the one key of the hour, done inside S3:
  whoever GETs the key gets the old object until the copy is complete, and the new one from then on (S3 is strongly
  consistent, listings included). A copy that fails, or whose driver is killed, changes nothing. An object of more
  than 5 GB is copied in parts, and appears with the request that completes the upload.
- So an hour is one object *because* of this: two objects could not change together.
- A reader that takes an object in several requests (footer, then row groups) could still meet the new one half way.
  Every reader therefore pins the ETag that it saw first: lake/storage/s3_file.py for Python and DuckDB,
  `fs.s3a.change.detection` for Spark. It gets an error then, and reads again; it never mixes two versions.
- Tables of an hour change one after the other. The receipt, dropped before the first and written after the last,
  says whether they belong together.

Who writes: the workers, each its own files, with digests; no byte passes through the driver. What a killed run has
left in the staging area is removed by a run a day later, and on AWS by the bucket's lifecycle rule on `_staging/`.
A worker could also leave the upload to the final key open and have the driver complete it, which saves the copy; but
what is not completed can then be seen by nobody, costs money, and cannot be copied by hand.

Not here: what is written (jobs/), receipts of finished hours (lake/receipts.py).
"""

from __future__ import annotations

import contextlib
import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.layout import EventHour, table_prefix
from socialsent_assets.lake.storage.base import Storage
from socialsent_assets.lake.storage.open import storage_at

STAGING = "_staging"
PART = "part-0.parquet"
_ABANDONED_AFTER_S = 24 * 3600.0


@dataclass(frozen=True)
class StagedFile:
    """A finished file that waits in a staging area.

    Attributes:
        key: in its tier.
        digest: SHA-256, in hex digits.
        size: in bytes.
    """

    key: str
    digest: str
    size: int


@dataclass(frozen=True)
class StagingArea:
    """Where one run keeps finished files until they are promoted: two strings, so that every task can carry it.

    Attributes:
        tier: URI of the tier.
        prefix: folder in the tier.
    """

    tier: str
    prefix: str

    def below(self, name: str) -> StagingArea:
        """A part of this area, for files that must not meet the others."""
        return StagingArea(self.tier, f"{self.prefix}/{name}")

    def scratch(self) -> contextlib.AbstractContextManager[Path]:
        """A folder of this machine to write files in before they are kept; what was not kept is lost."""
        return storage_at(self.tier).scratch(self.prefix)

    def keep(self, name: str, file: Path) -> StagedFile:
        """Keep a finished file of `scratch`, `name` below it; the same name again replaces it."""
        key = f"{self.prefix}/{name}"
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
            size = content.tell()
        storage_at(self.tier).adopt(key, file, digest)
        return StagedFile(key, digest, size)

    def path(self, name: str) -> str:
        """What Spark opens to read a kept file."""
        return storage_at(self.tier).path(f"{self.prefix}/{name}")


def partition_key(table: str, hour: EventHour) -> str:
    """Key of the one object that holds an hour of a table."""
    return f"{table_prefix(table, hour)}/{PART}"


@contextlib.contextmanager
def staging(tier: Storage) -> Iterator[StagingArea]:
    """A new empty staging area of the tier, removed at the end, failed or not.

    What a killed process left behind for a day is removed on the way.
    """
    tier.remove(STAGING, _ABANDONED_AFTER_S)
    area = StagingArea(tier.uri, f"{STAGING}/{uuid.uuid4().hex}")
    try:
        yield area
    finally:
        with contextlib.suppress(OSError, UserError):  # never hides why the run failed; a later run removes it
            tier.remove(area.prefix)


def promote(tier: Storage, table: str, hour: EventHour, staged: StagedFile | None) -> dict[str, str]:
    """Put a staged Parquet file in the place of an hour; None removes the hour's object.

    Returns:
        {key: SHA-256 hex digest} of what stands now: one entry, or none for an empty hour.
    """
    key = partition_key(table, hour)
    if staged is None:
        tier.delete(key)
        return {}
    tier.replace(key, staged.key, staged.size)
    return {key: staged.digest}
