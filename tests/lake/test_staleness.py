"""An hour is stale exactly while what was built differs from what has landed."""

import gzip
import os
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.layout import EventHour, landing_key
from socialsent_assets.domain.tables import POSTS
from socialsent_assets.lake import builds, staleness
from socialsent_assets.lake.builds import Receipt, output_version, read_builds
from socialsent_assets.lake.lake import Lake
from tests.built_lake import keep_receipts, write_hours, write_table

HOUR = EventHour(datetime(2026, 11, 22, 9, tzinfo=UTC))
ONE = Counts(records=1, accepted=1, duplicates=0, quarantined=0)


def land(lake: Lake, name: str, text: bytes) -> None:
    lake.landing.write(landing_key("events", HOUR, name), gzip.compress(text, mtime=0))


def build(lake: Lake, held_version: str | None = None) -> dict[str, str]:
    """Receipts of an hour built from what has landed; returns what the warehouse then holds."""
    landed = lake.landing_fingerprint(HOUR)
    cleanse = Receipt(
        "cleanse", HOUR, landed, output_version(landed), staleness.cleanse_code_version(), ONE, {"posts": 1},
        held_version=held_version,
    )  # fmt: skip
    score = Receipt(
        "score", HOUR, cleanse.output_version, "out", staleness.score_code_version(), ONE, {"sentiment": 1},
        lake_version=f"v-{landed}",
    )  # fmt: skip
    keep_receipts(lake, [cleanse])
    keep_receipts(lake, [score])
    return {HOUR.key: f"v-{landed}"}


def stale(lake: Lake, warehouse: Mapping[str, str]) -> str | None:
    return staleness.stale_hours(lake, [HOUR], warehouse).get(HOUR)


def test_a_built_hour_is_fresh(lake: Lake) -> None:
    """Prevents endless rebuilding."""
    land(lake, "a.jsonl.gz", b"1")
    assert stale(lake, build(lake)) is None


def test_a_stale_hour_has_a_reason_in_words(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a rebuild without an explanation."""

    def reason(warehouse: Mapping[str, str]) -> str:
        return staleness.why_stale(lake, [HOUR], warehouse)[HOUR].reason

    land(lake, "a.jsonl.gz", b"1")
    assert reason({}) == "landed and was never built"
    held = build(lake)
    assert reason({}) == "the marts hold another version of it, or none"
    land(lake, "b.jsonl.gz", b"2")
    assert reason(held) == "landing changed after the build"
    held = build(lake)
    monkeypatch.setattr(staleness, "SCORE_VERSION", "another")
    assert reason(held) == "scored by another version of scorer or lexicon"
    monkeypatch.setattr(staleness, "CLEANSE_VERSION", "another")
    assert reason(held) == "built by another version of cleansing"


def test_new_rewritten_and_deleted_objects_make_the_hour_stale(lake: Lake) -> None:
    """Prevents late, corrected or withdrawn data that never reaches the marts."""
    land(lake, "a.jsonl.gz", b"1")
    held = build(lake)
    land(lake, "b.jsonl.gz", b"2")
    assert stale(lake, held) == "cleansed"
    held = build(lake)
    land(lake, "b.jsonl.gz", b"3")
    assert stale(lake, held) == "cleansed"
    held = build(lake)
    lake.landing.delete(landing_key("events", HOUR, "b.jsonl.gz"))
    assert stale(lake, held) == "cleansed"
    held = build(lake)
    lake.landing.delete(landing_key("events", HOUR, "a.jsonl.gz"))
    assert stale(lake, held) == "cleansed"


def test_what_the_warehouse_holds_is_compared_with_what_was_scored(lake: Lake) -> None:
    """Prevents marts that stay old after a warehouse was dropped or another champion scored the hour."""
    land(lake, "a.jsonl.gz", b"1")
    held = build(lake)
    assert stale(lake, {}) == "warehouse"
    assert stale(lake, {HOUR.key: "another version"}) == "warehouse"
    assert stale(lake, held) is None


def test_a_lost_or_damaged_data_file_makes_its_hours_stale(lake: Lake) -> None:
    """Prevents rows that vanish with a file unnoticed."""
    land(lake, "a.jsonl.gz", b"1")
    write_table(lake, POSTS, HOUR, [{"event_id": "a"}])
    held = build(lake)
    assert stale(lake, held) is None
    [path] = Path(lake.cleansed.path("posts/data")).rglob("*.parquet")
    path.write_bytes(path.read_bytes()[:-1])
    assert stale(lake, held) == "cleansed"
    path.unlink()
    assert stale(lake, held) == "cleansed"
    write_table(lake, POSTS, HOUR, [{"event_id": "a"}])
    assert stale(lake, build(lake)) is None


def test_a_data_file_replaced_by_one_of_the_same_size_makes_its_hours_stale(lake: Lake) -> None:
    """Prevents flipped bytes, or another file, that size alone does not show."""
    land(lake, "a.jsonl.gz", b"1")
    write_table(lake, POSTS, HOUR, [{"event_id": "a"}])
    held = build(lake)
    assert stale(lake, held) is None
    [path] = Path(lake.cleansed.path("posts/data")).rglob("*.parquet")
    path.write_bytes(path.read_bytes()[::-1])
    assert stale(lake, held) == "cleansed"


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: os.truncate(path, 100)])
def test_a_build_of_one_hour_does_not_hide_that_others_lost_their_rows(
    lake: Lake, damage: Callable[[Path], None]
) -> None:
    """Prevents silent loss: the rebuilt hour's commit drops the damaged file, in which other hours had rows too."""
    other = EventHour(HOUR.end)
    rows = {hour: [{"event_id": hour.key}] for hour in (HOUR, other)}
    receipts = {
        hour: Receipt("cleanse", hour, "empty", "out", staleness.cleanse_code_version(), ONE, {"posts": 1})
        for hour in rows
    }
    write_hours(lake, POSTS, rows)
    keep_receipts(lake, receipts.values())
    assert read_builds(lake).damaged() == {}
    [path] = Path(lake.cleansed.path("posts/data")).rglob("*.parquet")
    damage(path)
    write_hours(lake, POSTS, {HOUR: rows[HOUR]})
    keep_receipts(lake, [receipts[HOUR]])
    assert read_builds(lake).damaged() == {other: "cleansed"}
    write_hours(lake, POSTS, {other: rows[other]})
    keep_receipts(lake, [receipts[other]])
    assert read_builds(lake).damaged() == {}


def test_receipts_that_cannot_be_read_make_their_hours_stale(lake: Lake) -> None:
    """Prevents a lake that no command can look at because one file of receipts is damaged."""
    land(lake, "a.jsonl.gz", b"1")
    write_table(lake, POSTS, HOUR, [{"event_id": "a"}])
    build(lake)
    for path in Path(lake.cleansed.path("builds/data")).rglob("*.parquet"):
        os.truncate(path, 100)
    held = build(lake)  # another commit: what was kept of the receipts does not count any more
    assert stale(lake, held) is None
    for path in Path(lake.analytics.path("lake_hours/data")).rglob("*.parquet"):
        os.truncate(path, 100)
    builds._states.clear()
    builds._by_file.clear()
    Path(lake.cleansed.path("")).with_name(".builds.json").unlink()
    assert stale(lake, held) == "analytics"


def test_a_read_of_receipts_that_fails_is_not_taken_for_damage(lake: Lake) -> None:
    """Prevents hours that vanish from status and readers, until the next build, because S3 was busy for a moment."""
    land(lake, "a.jsonl.gz", b"1")
    write_table(lake, POSTS, HOUR, [{"event_id": "a"}])
    build(lake)
    [path] = Path(lake.cleansed.path("builds/data")).rglob("*.parquet")
    content = path.read_bytes()
    path.unlink()
    path.mkdir()
    builds._states.clear()
    builds._by_file.clear()
    Path(lake.cleansed.path("")).with_name(".builds.json").unlink()
    with pytest.raises(OSError, match=path.name):
        read_builds(lake)
    path.rmdir()
    path.write_bytes(content)
    assert HOUR in read_builds(lake).cleanse


def test_a_removed_tier_is_noticed_without_new_data(lake: Lake) -> None:
    """Prevents a lake that stays empty, or cannot be built any more, after a folder was cleared."""
    land(lake, "a.jsonl.gz", b"1")
    held = build(lake)
    shutil.rmtree(lake.cleansed.path(""))
    assert stale(lake, held) == "cleansed"
    assert stale(lake, build(lake)) is None


def test_rows_without_a_receipt_make_the_hour_stale(lake: Lake) -> None:
    """Prevents rows of a killed run that are never replaced: its tables changed, its receipts did not."""
    land(lake, "a.jsonl.gz", b"1")
    held = build(lake)
    write_table(lake, POSTS, HOUR, [{"event_id": "from a killed run"}])
    assert read_builds(lake).unfinished == {HOUR}
    assert stale(lake, held) == "cleansed"


def test_an_undone_build_is_not_repeated_until_its_landing_changes(lake: Lake) -> None:
    """Prevents a sensor that immediately rebuilds what a person has undone."""
    land(lake, "a.jsonl.gz", b"good")
    build(lake)
    land(lake, "b.1r0d.jsonl.gz", b"bad")
    undone = staleness.attempt_version(lake.landing_fingerprint(HOUR))
    lake.landing.delete(landing_key("events", HOUR, "b.1r0d.jsonl.gz"))
    held = build(lake, held_version=undone)
    land(lake, "b.1r0d.jsonl.gz", b"bad")
    assert stale(lake, held) is None
    land(lake, "c.jsonl.gz", b"new")
    assert stale(lake, held) == "cleansed"


def test_new_code_makes_every_hour_stale(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a lake whose hours were made by different rules."""
    land(lake, "a.jsonl.gz", b"1")
    held = build(lake)
    monkeypatch.setattr(staleness, "SCORE_VERSION", "next")
    assert stale(lake, held) == "analytics"
    monkeypatch.setattr(staleness, "CLEANSE_VERSION", "next")
    assert stale(lake, held) == "cleansed"


def test_an_object_that_no_job_reads_makes_nothing_stale(lake: Lake) -> None:
    """Prevents an hour that is rebuilt without end because of a marker file that the job leaves out."""
    land(lake, "a.jsonl.gz", b"1")
    held = build(lake)
    land(lake, "_SUCCESS.gz", b"")
    assert stale(lake, held) is None


def test_an_hour_that_never_landed_is_not_stale(lake: Lake) -> None:
    """Prevents runs for hours that hold nothing."""
    assert stale(lake, {}) is None
    assert staleness.known_hours(lake) == []


def test_an_hour_whose_landing_is_gone_is_still_known(lake: Lake) -> None:
    """Prevents rows of a withdrawn hour that are never removed."""
    land(lake, "a.jsonl.gz", b"1")
    build(lake)
    lake.landing.delete(landing_key("events", HOUR, "a.jsonl.gz"))
    Path(lake.landing.path(f"events/{HOUR.path}")).rmdir()
    assert staleness.known_hours(lake) == [HOUR]


def test_counts_that_do_not_add_up_cannot_be_built() -> None:
    """Prevents a report of lost records as if all were well."""
    with pytest.raises(ValueError, match="do not add up"):
        Counts(records=3, accepted=1, duplicates=1, quarantined=0)
    with pytest.raises(ValueError, match="do not add up"):
        Counts(records=0, accepted=1, duplicates=-1, quarantined=0)
