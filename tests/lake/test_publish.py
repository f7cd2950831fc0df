"""A partition is replaced by one rename; what a killed process left behind goes away."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.lake import publish
from socialsent_assets.lake.storage import FolderStorage

HOUR = EventHour(datetime(2026, 11, 22, 9, tzinfo=UTC))


@pytest.fixture
def tier(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path)


def stage(folder: Path, content: bytes) -> Path:
    path = folder / "part-abc.parquet"
    path.write_bytes(content)
    return path


def test_promoting_replaces_the_one_object_of_the_hour(tier: FolderStorage) -> None:
    """Prevents a second run that doubles the rows of an hour."""
    digests = []
    for content in (b"first", b"second"):
        with publish.staging(tier) as folder:
            digests.append(publish.promote(tier, "posts", HOUR, stage(folder, content)))
    assert [info.key for info in tier.list(f"posts/{HOUR.path}")] == [f"posts/{HOUR.path}/part-0.parquet"]
    assert tier.read(publish.partition_key("posts", HOUR)) == b"second"
    assert digests[0] != digests[1]


def test_an_hour_without_rows_has_no_object(tier: FolderStorage) -> None:
    """Prevents yesterday's rows that stay because today's hour is empty."""
    with publish.staging(tier) as folder:
        publish.promote(tier, "posts", HOUR, stage(folder, b"rows"))
    assert publish.promote(tier, "posts", HOUR, None) == {}
    assert tier.list(f"posts/{HOUR.path}") == []


def test_staging_is_removed_when_the_job_fails(tier: FolderStorage) -> None:
    """Prevents a disk that fills with the halves of failed runs."""

    def fail() -> None:
        with publish.staging(tier) as folder:
            stage(folder, b"half")
            raise RuntimeError("task failed")

    with pytest.raises(RuntimeError, match="task failed"):
        fail()
    assert tier.folders(publish.STAGING) == []


def test_what_a_killed_process_left_is_removed_after_a_day(tier: FolderStorage) -> None:
    """Prevents staging folders that stay for ever, and the removal of a live neighbour's."""
    old, live = tier.root / publish.STAGING / "old", tier.root / publish.STAGING / "live"
    for folder in (old, live):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    with publish.staging(tier):
        pass
    assert tier.folders(publish.STAGING) == ["live"]
