"""A file that comes twice lands once, whatever happened in between."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.kinds import KINDS
from socialsent_assets.domain.events.landing import SourceRecord
from socialsent_assets.ingest import landing_writer
from socialsent_assets.ingest.landing_writer import Landed, LandingZone, batches
from socialsent_assets.lake.storage.local import FolderStorage

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def tier(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "landing")


def records(*times: str) -> list[SourceRecord]:
    example = KINDS["post"].example
    events = [{**example, "event_id": f"e{n}", "event_time": time} for n, time in enumerate(times)]
    return [SourceRecord(json.dumps(event).encode(), f"f line {n}") for n, event in enumerate(events, start=1)]


def land(tier: FolderStorage, batch: list[SourceRecord], now: datetime = NOW, start: datetime = START) -> Landed:
    zone = LandingZone(tier, start, now)
    zone.land(batch)
    return zone.landed


def content(tier: FolderStorage) -> dict[str, bytes]:
    def keys(prefix: str) -> list[str]:
        below = [key for name in tier.folders(prefix) for key in keys(f"{prefix}/{name}" if prefix else name)]
        return [info.key for info in tier.list(prefix)] + below

    return {key: tier.read(key) for key in keys("")}


def test_a_file_ingested_days_later_changes_no_byte(tier: FolderStorage) -> None:
    """Prevents a second quarantine object because the clock has moved on."""
    batch = [*records("2026-11-22T09:00:00Z"), SourceRecord(b"bad", "f line 2")]
    first = land(tier, batch)
    before = content(tier)
    again = land(tier, batch, now=NOW + timedelta(days=3))
    assert content(tier) == before
    assert (first.already_there, again.already_there) == (0, 1)
    assert first.changed
    assert not again.changed
    assert again.counts == first.counts


def test_moving_the_start_takes_lines_out_of_quarantine(tier: FolderStorage) -> None:
    """Prevents a line that has landed and stays counted as quarantined."""
    batch = records("2025-06-01T00:00:00Z", "2026-11-22T09:00:00Z")
    refused = land(tier, batch)
    assert (refused.counts.quarantined, refused.too_old) == (1, 1)
    assert refused.oldest == datetime(2025, 6, 1, tzinfo=UTC)
    moved = land(tier, batch, start=datetime(2025, 1, 1, tzinfo=UTC))
    assert moved.counts.quarantined == 0
    assert [hour.key for hour in sorted(moved.changed)] == ["2025-06-01-00:00"]
    assert not [key for key in content(tier) if key.startswith("quarantine/")]


def test_the_same_records_twice_in_one_run_are_duplicates(tier: FolderStorage) -> None:
    """Prevents a sum of 2 landed where the lake holds 1."""
    zone = LandingZone(tier, START, NOW)
    for _ in range(2):
        zone.land(records("2026-11-22T09:00:00Z"))
    assert zone.landed.counts == Counts(records=2, accepted=1, duplicates=1, quarantined=0)


def test_a_run_killed_between_two_objects_is_completed_by_the_next(tier: FolderStorage) -> None:
    """Prevents objects that no manifest knows: they could never be replaced."""
    batch = records("2026-11-22T08:00:00Z", "2026-11-22T09:00:00Z", "2020-01-01T00:00:00Z")

    class Killed(Exception):
        pass

    class Dying(FolderStorage):
        left = 3

        def write(self, key: str, content: bytes) -> bool:
            self.left -= 1
            if self.left < 0:
                raise Killed
            return super().write(key, content)

    with pytest.raises(Killed):
        land(Dying(tier.root), batch)
    assert any(key.startswith("events/") for key in content(tier))
    land(tier, batch, start=datetime(2020, 1, 1, tzinfo=UTC), now=NOW + timedelta(hours=2))
    (manifest,) = (json.loads(text) for key, text in content(tier).items() if key.startswith("batches/"))
    assert manifest["arrived_at"].startswith("2026-11-22T12:30")
    assert sorted(manifest["objects"]) == sorted(key for key in content(tier) if not key.startswith("batches/"))


def test_batches_are_bounded_by_number_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a file that is held in memory whole."""
    monkeypatch.setattr(landing_writer, "BATCH_RECORDS", 4)
    monkeypatch.setattr(landing_writer, "BATCH_BYTES", 100)
    sizes = [len(batch) for batch in batches(SourceRecord(b"x" * n, "f") for n in (1, 1, 1, 1, 99, 1, 1))]
    assert sizes == [4, 2, 1]


def test_landed_lines_can_be_read_back(tier: FolderStorage) -> None:
    """Prevents a writer that its readers cannot read."""
    land(tier, records("2026-11-22T09:00:00Z", "2026-11-22T09:59:00Z"))
    (info,) = tier.list("events/dt=2026-11-22/hr=09")
    lines = gzip.decompress(tier.read(info.key)).decode().splitlines()
    assert [json.loads(line)["event_id"] for line in lines] == ["e0", "e1"]
