"""A partition is replaced at once; what a killed process left behind goes away. On a folder and on S3."""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.lake import commit
from socialsent_assets.lake.storage import s3
from socialsent_assets.lake.storage.base import Storage, walk
from socialsent_assets.lake.storage.local import FolderStorage
from socialsent_assets.lake.storage.open import storage_at

HOUR = EventHour(datetime(2026, 11, 22, 9, tzinfo=UTC))


def stage(area: commit.StagingArea, content: bytes) -> commit.StagedFile:
    with area.scratch() as folder:
        path = folder / "part-abc.parquet"
        path.write_bytes(content)
        return area.keep(path.name, path)


def test_promoting_replaces_the_one_object_of_the_hour(tier: Storage) -> None:
    """Prevents a second run that doubles the rows of an hour."""
    digests = []
    for content in (b"first", b"second"):
        with commit.staging(tier) as area:
            digests.append(commit.promote(tier, "posts", HOUR, stage(area, content)))
    assert [info.key for info in tier.list(f"posts/{HOUR.path}")] == [f"posts/{HOUR.path}/part-0.parquet"]
    assert tier.read(commit.partition_key("posts", HOUR)) == b"second"
    assert digests == [
        {f"posts/{HOUR.path}/part-0.parquet": hashlib.sha256(content).hexdigest()}
        for content in (b"first", b"second")
    ]
    assert list(walk(tier, commit.STAGING)) == []


def test_an_object_beyond_the_limit_of_a_copy_is_promoted_too(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents an hour of more than 5 GB that can never be published."""
    monkeypatch.setattr(s3, "_COPIED_AT_ONCE", 3)
    tier = storage_at(f"s3://{bucket}/tier")
    with commit.staging(tier) as area:
        commit.promote(tier, "posts", HOUR, stage(area, b"longer than three bytes"))
    assert tier.read(commit.partition_key("posts", HOUR)) == b"longer than three bytes"


def test_an_hour_without_rows_has_no_object(tier: Storage) -> None:
    """Prevents yesterday's rows that stay because today's hour is empty."""
    with commit.staging(tier) as area:
        commit.promote(tier, "posts", HOUR, stage(area, b"rows"))
    assert commit.promote(tier, "posts", HOUR, None) == {}
    assert tier.list(f"posts/{HOUR.path}") == []


def test_staging_is_removed_when_the_job_fails(tier: Storage) -> None:
    """Prevents a disk that fills with the halves of failed runs."""

    def fail() -> None:
        with commit.staging(tier) as area:
            stage(area, b"half")
            raise RuntimeError("task failed")

    with pytest.raises(RuntimeError, match="task failed"):
        fail()
    assert tier.folders(commit.STAGING) == []


def test_what_a_killed_process_left_in_a_folder_is_removed_after_a_day(tmp_path: Path) -> None:
    """Prevents staging folders that stay for ever, and the removal of a live neighbour's."""
    tier = FolderStorage(tmp_path)
    old, live = tier.root / commit.STAGING / "old", tier.root / commit.STAGING / "live"
    for folder in (old, live):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    with commit.staging(tier):
        pass
    assert tier.folders(commit.STAGING) == ["live"]


def test_what_a_killed_process_left_in_s3_is_removed_after_a_day(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents staged objects that are paid for for ever, and the removal of a live neighbour's."""
    tier = storage_at(f"s3://{bucket}/tier")
    tier.write(f"{commit.STAGING}/killed/posts/part-0.parquet", b"half")

    def left_after(age: timedelta) -> list[str]:
        class Later(datetime):
            @classmethod
            def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
                return datetime.now(UTC) + age

        monkeypatch.setattr(s3, "datetime", Later)
        with commit.staging(tier):
            return tier.folders(commit.STAGING)

    assert left_after(timedelta(hours=23)) == ["killed"]
    assert left_after(timedelta(hours=25)) == []
