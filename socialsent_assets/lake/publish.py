"""Stage, then promote: the one way in which a partition is replaced.

A table has one object per event hour, `<table>/dt=…/hr=…/part-0.parquet`. A job writes to a staging folder
and `promote` renames that one file over the old one, which the file system does atomically: a reader sees
the old hour or the new one, whatever is killed when. An hour without rows has no object.

Not here: what is written (jobs/), receipts of finished hours (lake/receipts.py).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from socialsent_assets.domain.events.layout import EventHour, table_prefix
from socialsent_assets.lake.storage import FolderStorage, Storage

STAGING = "_staging"
PART = "part-0.parquet"
_ABANDONED_AFTER_S = 24 * 3600.0


def partition_key(table: str, hour: EventHour) -> str:
    """Key of the one object that holds an hour of a table."""
    return f"{table_prefix(table, hour)}/{PART}"


@contextlib.contextmanager
def staging(tier: Storage) -> Iterator[Path]:
    """A new empty folder on the tier's own file system, removed at the end, failed or not.

    What a killed process left behind for a day is removed on the way.

    Raises:
        NotImplementedError: the tier is not a folder.
    """
    root = _folder(tier) / STAGING
    _remove_abandoned(root)
    folder = root / uuid.uuid4().hex
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def promote(tier: Storage, table: str, hour: EventHour, staged: Path | None) -> dict[str, str]:
    """Put a staged Parquet file in the place of an hour; None removes the hour's object.

    Returns:
        {key: SHA-256 hex digest} of what stands now: one entry, or none for an empty hour.
    """
    key = partition_key(table, hour)
    if staged is None:
        tier.delete(key)
        return {}
    target = _folder(tier) / key
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(staged, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())  # or a power cut could leave the new name with no content
    os.replace(staged, target)
    return {key: digest}


def _folder(tier: Storage) -> Path:
    if not isinstance(tier, FolderStorage):
        raise NotImplementedError(f"partitions of {tier.uri} cannot be replaced by a rename")
    return tier.root


def _remove_abandoned(root: Path) -> None:
    if not root.is_dir():
        return
    oldest = time.time() - _ABANDONED_AFTER_S  # file times, not event times
    for folder in root.iterdir():
        with contextlib.suppress(OSError):
            if folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)
