"""Events that were kept long enough leave landing and the tables; counts close, and nothing is stale once built."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.landing import SourceRecord
from socialsent_assets.domain.events.layout import EventHour, parse_landing_name
from socialsent_assets.domain.tables import POSTS
from socialsent_assets.erasure import retention
from socialsent_assets.erasure.retention import expire_landing, read_state
from socialsent_assets.ingest.landing_writer import LandingZone
from socialsent_assets.jobs.cleanse import cleanse
from socialsent_assets.jobs.engines.process import ProcessEngine
from socialsent_assets.lake.builds import read_builds
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.base import Storage
from socialsent_assets.settings.retention import RetentionSettings
from tests.built_lake import rows_of_table
from tests.conftest import canonical, lake_at
from tests.jobs import events

START = datetime(2026, 1, 1, tzinfo=UTC)
OLD, NEW = "2026-11-22-08:00", "2026-11-25-08:00"
ARRIVED = datetime(2026, 11, 25, 9, tzinfo=UTC)
NOW = datetime(2026, 12, 23, 12, tzinfo=UTC)  # 31 days after the old hour, 28 after the new one
THIRTY = RetentionSettings({"brief": 30, "*": 400})
SENT: list[dict[str, Any]] = [
    {**events.post(hour, post_id=f"{source} {hour}", author_id="u"), "source": source, "event_id": f"{source} {hour}"}
    for hour in (OLD, NEW)
    for source in ("brief", "lasting")
] + [
    {**events.event("deletion", {"subject_id": "late"}, OLD), "source": "brief", "event_id": "taken back"},
]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = lake_at(tmp_path)
    zone = LandingZone(lake.landing, START, ARRIVED)
    bad = [b'{"source":"brief","event_type":"post"}', b'{"source":"lasting"}', b"nothing"]
    zone.land(
        [SourceRecord(raw, f"f line {n}") for n, raw in enumerate([*(canonical(e).encode() for e in SENT), *bad])]
    )
    return lake


def content(lake: Lake) -> dict[str, bytes]:
    return {info.key: lake.landing.read(info.key) for info in lake.landing.walk("")}


def sums(storage: Storage, kind: str) -> tuple[int, int]:
    names = [parse_landing_name(info.key.rpartition("/")[2]) for info in storage.walk(kind)]
    return sum(name.rows for name in names if name), sum(name.erased for name in names if name)


def posts(lake: Lake) -> list[str]:
    return sorted(row["post_id"] for row in rows_of_table(lake, POSTS))


def build(lake: Lake) -> None:
    cleanse(ProcessEngine(), lake, [EventHour.from_key(OLD), EventHour.from_key(NEW)])


def test_what_is_over_leaves_landing_and_tables_and_the_counts_close(lake: Lake) -> None:
    """Prevents a text that is readable for longer than its network allows, and a record that is in no count."""
    build(lake)
    done = expire_landing(lake, THIRTY, NOW)
    assert (dict(done.events), done.hours) == ({"brief": 1}, {EventHour.from_key(OLD)})
    assert sums(lake.landing, "events") == (4, 1)
    build(lake)
    assert posts(lake) == [f"brief {NEW}", f"lasting {OLD}", f"lasting {NEW}"]
    receipt = read_builds(lake).cleanse[EventHour.from_key(OLD)]
    assert receipt.rows["deletions"] == 1, "what it takes back may come late"
    assert receipt.input_version == lake.landing_fingerprint(EventHour.from_key(OLD)), "or the hour would be stale"
    counts = receipt.counts
    assert counts.records == counts.accepted + counts.duplicates + counts.quarantined + counts.erased


def test_quarantine_goes_by_the_hour_of_arrival_and_the_source_that_a_record_names(lake: Lake) -> None:
    """Prevents texts that outlive their time because they were no valid events."""
    assert expire_landing(lake, THIRTY, NOW).quarantined == 0
    later = ARRIVED + timedelta(days=30, hours=1)
    assert expire_landing(lake, THIRTY, later).quarantined == 1
    assert sums(lake.landing, "quarantine") == (2, 1)
    assert expire_landing(lake, THIRTY, ARRIVED + timedelta(days=401)).quarantined == 2


def test_a_second_run_changes_nothing_and_opens_nothing(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents counts that grow with every day, and days that cost the whole history."""
    expire_landing(lake, THIRTY, NOW)
    before = content(lake)
    monkeypatch.setattr(retention, "lines_of", lambda *_: pytest.fail("an object was read again"))
    assert expire_landing(lake, THIRTY, NOW + timedelta(hours=1)).objects == 0
    assert content(lake) == before
    assert [one["objects"] for one in read_state(lake).receipts] == [1, 0]


def test_what_comes_late_is_found_by_the_next_run(lake: Lake) -> None:
    """Prevents a note that an hour was looked through from hiding what landed in it since."""
    expire_landing(lake, THIRTY, NOW)
    late = {**SENT[0], "event_id": "late", "data": {**SENT[0]["data"], "post_id": "late"}}
    LandingZone(lake.landing, START, ARRIVED).land([SourceRecord(canonical(late).encode(), "g line 1")])
    assert dict(expire_landing(lake, THIRTY, NOW).events) == {"brief": 1}


def test_other_days_are_another_question(lake: Lake) -> None:
    """Prevents a shorter time that holds only for hours that are not looked through yet."""
    expire_landing(lake, THIRTY, NOW)
    assert dict(expire_landing(lake, RetentionSettings({"*": 30}), NOW).events) == {"lasting": 1}


@pytest.mark.parametrize("point", [0, 1])
def test_a_run_that_is_killed_is_ended_by_the_next_one(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, point: int
) -> None:
    """Prevents lines that are counted twice because the old object and the new one both stood for a while."""
    twin = tmp_path / "twin"
    undisturbed = lake_at(twin)
    for key, bytes_of in content(lake).items():
        undisturbed.landing.write(key, bytes_of)
    everything = RetentionSettings({"*": 1})
    expire_landing(undisturbed, everything, NOW)
    steps = iter(range(100))
    delete, write = lake.landing.delete, lake.landing.write

    def killed(step: Any) -> Any:
        def instead(*args: Any) -> Any:
            if next(steps) == point:
                raise KeyboardInterrupt
            return step(*args)

        return instead

    monkeypatch.setattr(lake.landing, "delete", killed(delete))
    monkeypatch.setattr(lake.landing, "write", killed(write))
    with pytest.raises(KeyboardInterrupt):
        expire_landing(lake, everything, NOW)
    monkeypatch.undo()
    expire_landing(lake, everything, NOW)
    assert content(lake) == content(undisturbed)


def test_a_dry_run_counts_and_changes_nothing(lake: Lake) -> None:
    before = content(lake)
    assert dict(expire_landing(lake, THIRTY, NOW, dry_run=True).events) == {"brief": 1}
    assert content(lake) == before
    assert read_state(lake).receipts == []


@pytest.mark.parametrize("text", ["bluesky", "bluesky=0", "bluesky=30 bluesky=40", "Blue Sky=3", "*=-1", "a=1.5"])
def test_days_that_are_none_are_named(text: str) -> None:
    """Prevents a typing mistake from keeping everything, or nothing."""
    with pytest.raises(UserError, match="SOCIALSENT_RETENTION="):
        RetentionSettings.from_env({"SOCIALSENT_RETENTION": text})


def test_a_source_without_days_stays() -> None:
    rule = RetentionSettings.from_env({"SOCIALSENT_RETENTION": "bluesky=30, mastodon=14"})
    assert [rule.days_of(one) for one in ("bluesky", "mastodon", "mock")] == [30, 14, None]
    assert rule.over(NOW - timedelta(days=20), NOW) == ["mastodon"]
    assert not RetentionSettings.from_env({})
    assert json.dumps(dict(rule.days))
