"""An hour is stale exactly while something that stands is not what was read."""

import gzip
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from socialsent_assets.lake.receipts import Receipt, read_receipt, receipt_key, write_receipt

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.layout import EventHour, landing_key
from socialsent_assets.lake import staleness
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.local import FolderStorage

HOUR = EventHour(datetime(2026, 11, 22, 9, tzinfo=UTC))
ONE = Counts(records=1, accepted=1, duplicates=0, quarantined=0)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(*(FolderStorage(tmp_path / tier) for tier in ("landing", "cleansed", "analytics", "artifacts")))


def land(lake: Lake, name: str, text: bytes) -> None:
    lake.landing.write(landing_key("events", HOUR, name), gzip.compress(text, mtime=0))


def build(lake: Lake) -> dict[str, str]:
    """Receipts of an hour built from what has landed; returns what the warehouse then holds."""
    posts, scores = f"posts/{HOUR.path}/part-0.parquet", f"sentiment/{HOUR.path}/part-0.parquet"
    lake.cleansed.write(posts, b"rows")
    lake.analytics.write(scores, b"scores")
    lake.analytics.write(f"lake_hours/{HOUR.path}/part-0.parquet", b"counts")
    cleanse = Receipt(
        "cleanse", HOUR, lake.landing_fingerprint(HOUR), staleness.cleanse_code_version(), ONE, {}, {posts: "a"}
    )
    score = Receipt("score", HOUR, cleanse.output_version, staleness.score_code_version(), ONE, {}, {scores: "b"})
    write_receipt(lake.cleansed, cleanse)
    write_receipt(lake.analytics, score)
    return {HOUR.key: staleness.lake_version(cleanse, score)}


def test_a_built_hour_is_fresh(lake: Lake) -> None:
    """Prevents rebuilding for ever."""
    land(lake, "a.jsonl.gz", b"1")
    assert staleness.stale_tier(lake, HOUR, build(lake)) is None


def test_new_rewritten_and_deleted_objects_make_the_hour_stale(lake: Lake) -> None:
    """Prevents late, corrected or withdrawn data that never reaches the marts."""
    land(lake, "a.jsonl.gz", b"1")
    held = build(lake)
    land(lake, "b.jsonl.gz", b"2")
    assert staleness.stale_tier(lake, HOUR, held) == "cleansed"
    held = build(lake)
    land(lake, "b.jsonl.gz", b"3")
    assert staleness.stale_tier(lake, HOUR, held) == "cleansed"
    held = build(lake)
    lake.landing.delete(landing_key("events", HOUR, "b.jsonl.gz"))
    assert staleness.stale_tier(lake, HOUR, held) == "cleansed"
    held = build(lake)
    lake.landing.delete(landing_key("events", HOUR, "a.jsonl.gz"))
    assert staleness.stale_tier(lake, HOUR, held) == "cleansed"


def test_a_deleted_tier_is_noticed_without_new_data(lake: Lake) -> None:
    """Prevents a lake that stays empty after somebody cleared a folder."""
    land(lake, "a.jsonl.gz", b"1")
    held = build(lake)
    lake.cleansed.delete(f"posts/{HOUR.path}/part-0.parquet")
    assert staleness.stale_tier(lake, HOUR, held) == "cleansed"
    held = build(lake)
    lake.analytics.delete(f"sentiment/{HOUR.path}/part-0.parquet")
    assert staleness.stale_tier(lake, HOUR, held) == "analytics"
    held = build(lake)
    lake.analytics.delete(f"lake_hours/{HOUR.path}/part-0.parquet")
    assert staleness.stale_tier(lake, HOUR, held) == "analytics"
    held = build(lake)
    assert staleness.stale_tier(lake, HOUR, {}) == "warehouse"
    assert staleness.stale_tier(lake, HOUR, {HOUR.key: "another version"}) == "warehouse"
    assert staleness.stale_tier(lake, HOUR, held) is None


def test_new_code_makes_every_hour_stale(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a lake whose hours were made by different rules."""
    land(lake, "a.jsonl.gz", b"1")
    held = build(lake)
    monkeypatch.setattr(staleness, "SCORE_VERSION", "next")
    assert staleness.stale_tier(lake, HOUR, held) == "analytics"
    monkeypatch.setattr(staleness, "CLEANSE_VERSION", "next")
    assert staleness.stale_tier(lake, HOUR, held) == "cleansed"


def test_an_object_that_no_job_reads_makes_nothing_stale(lake: Lake) -> None:
    """Prevents an hour that is rebuilt for ever because of a marker file that the job leaves out."""
    land(lake, "a.jsonl.gz", b"1")
    held = build(lake)
    land(lake, "_SUCCESS.gz", b"")
    assert staleness.stale_tier(lake, HOUR, held) is None


def test_an_hour_that_never_landed_is_not_stale(lake: Lake) -> None:
    """Prevents runs for hours that hold nothing."""
    assert staleness.stale_tier(lake, HOUR, {}) is None
    assert staleness.known_hours(lake) == []


def test_an_hour_whose_landing_is_gone_is_still_known(lake: Lake) -> None:
    """Prevents rows of a withdrawn hour that nobody ever removes."""
    land(lake, "a.jsonl.gz", b"1")
    build(lake)
    lake.landing.delete(landing_key("events", HOUR, "a.jsonl.gz"))
    Path(lake.landing.path(f"events/{HOUR.path}")).rmdir()
    assert staleness.known_hours(lake) == [HOUR]


def test_a_damaged_receipt_counts_as_none(lake: Lake) -> None:
    """Prevents a torn receipt that stops every command, or vouches for an hour."""
    land(lake, "a.jsonl.gz", b"1")
    held = build(lake)
    lake.cleansed.write(receipt_key("cleanse", HOUR), b'{"job": "cleanse"')
    assert read_receipt(lake.cleansed, "cleanse", HOUR) is None
    assert staleness.stale_tier(lake, HOUR, held) == "cleansed"


def test_a_receipt_reads_back_as_it_was_written(lake: Lake) -> None:
    """Prevents counts that change on their way to the status table."""
    receipt = Receipt("cleanse", HOUR, "in", "1", ONE, {"posts": 1}, {"k": "v"}, {"quarantined": {"not_json": 0}})
    write_receipt(lake.cleansed, receipt)
    assert read_receipt(lake.cleansed, "cleanse", HOUR) == receipt
    assert replace(receipt, outputs={}).output_version == "empty"


def test_counts_that_do_not_add_up_cannot_be_built() -> None:
    """Prevents a report of lost records as if all were well."""
    with pytest.raises(ValueError, match="do not add up"):
        Counts(records=3, accepted=1, duplicates=1, quarantined=0)
    with pytest.raises(ValueError, match="do not add up"):
        Counts(records=0, accepted=1, duplicates=-1, quarantined=0)
