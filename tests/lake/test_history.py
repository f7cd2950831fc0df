"""History, time travel, undo and upkeep of the lake's tables."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.layout import EventHour, landing_key
from socialsent_assets.domain.tables import POSTS, SENTIMENT
from socialsent_assets.lake import staleness
from socialsent_assets.lake.builds import Receipt, output_version, read_builds, table_name, write_receipts
from socialsent_assets.lake.history import pins_at, run_named, runs_of
from socialsent_assets.lake.iceberg.commit import Change, replace_hours
from socialsent_assets.lake.iceberg.scan import files_of
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.undo import held_hours, release_holds, undo_run
from socialsent_assets.lake.upkeep import keep_up
from tests.built_lake import rows_of_table, write_hours

NINE = EventHour(datetime(2026, 11, 22, 9, tzinfo=UTC))
TEN = NINE.next()


def build(lake: Lake, run: str, hours: dict[EventHour, list[str]], scored_by: str = "") -> None:
    """A run that landed, cleansed and scored these posts; `scored_by`: another run scored them."""
    import pyarrow as pa

    from socialsent_assets.lake.iceberg.data_files import write_runs
    from socialsent_assets.lake.iceberg.schema import arrow_schema_of

    pins, runs = {}, {POSTS: run, SENTIMENT: scored_by or run}
    for table in (POSTS, SENTIMENT):
        loaded, folder = lake.table(table), lake.folder(table)
        schema = arrow_schema_of(loaded)
        batches = (
            (
                hour,
                pa.RecordBatch.from_pylist([{"event_hour": hour.start, "event_id": i} for i in ids], schema=schema),
            )
            for hour, ids in sorted(hours.items())
            if ids
        )
        snapshot = replace_hours(
            loaded, folder, Change(hours, list(write_runs(folder, schema, batches)), runs[table])
        )
        if snapshot is not None:
            pins[table_name(table)] = snapshot
    cleansed: list[Receipt] = []
    scored: list[Receipt] = []
    for hour, ids in hours.items():
        lake.landing.write(landing_key("events", hour, "x.jsonl"), repr(ids).encode())
        landed = lake.landing_fingerprint(hour)
        version, counts = output_version(landed), Counts(len(ids), len(ids), 0, 0)
        code = staleness.cleanse_code_version()
        cleansed.append(Receipt("cleanse", hour, landed, version, code, counts, {"posts": len(ids)}))
        code = staleness.score_code_version()
        rows = {"sentiment": len(ids), "lake_hours": 1}
        scored.append(Receipt("score", hour, version, version, code, counts, rows, lake_version=f"v-{version}"))
    write_receipts(lake, "cleanse", cleansed, pins, run)
    write_receipts(lake, "score", scored, pins, scored_by or run)


def posts(lake: Lake) -> list[str]:
    return [row["event_id"] for row in rows_of_table(lake, POSTS)]


def marts(lake: Lake) -> dict[str, str]:
    """What marts hold that were built from the lake as it is now."""
    return {hour.key: str(receipt.lake_version) for hour, receipt in read_builds(lake).score.items()}


def test_the_history_names_runs_with_their_hours_and_rows(lake: Lake) -> None:
    """Prevents a change of a table without a run in the history."""
    build(lake, "first", {NINE: ["a"], TEN: ["b"]})
    build(lake, "second", {NINE: ["a", "c"]})
    second, first = runs_of(lake)
    assert (first.run, first.action, first.hours) == ("first", "build", [NINE, TEN])
    assert (second.run, second.hours) == ("second", [NINE])
    change = second.tables["cleansed.posts"]
    assert (change.rows_before, change.rows_after) == (2, 3)
    assert run_named(lake, "sec").run == "second"
    with pytest.raises(UserError, match="socialsent history"):
        run_named(lake, "nobody")


def test_an_earlier_moment_is_read_by_the_snapshots_that_belonged_together(lake: Lake) -> None:
    """Prevents a mixture of two builds in a query of the past."""
    build(lake, "first", {NINE: ["a"]})
    [first] = runs_of(lake)
    build(lake, "second", {NINE: ["b"]})
    for moment in ("first", first.ended_at.isoformat(), str(first.tables["cleansed.posts"].last)):
        pins = pins_at(lake, moment)
        for table in (POSTS, SENTIMENT):
            rows = lake.table(table).scan(snapshot_id=pins[table_name(table)]).to_arrow()
            assert rows["event_id"].to_pylist() == ["a"], (moment, table.name)
    with pytest.raises(UserError, match="nothing was built by 2020"):
        pins_at(lake, "2020-01-01")


def test_an_undone_run_leaves_what_was_before_it_and_is_not_built_again(lake: Lake) -> None:
    """Prevents an undo that the next tick of a sensor undoes, and one that takes other hours with it."""
    build(lake, "first", {NINE: ["a"], TEN: ["b"]})
    before = marts(lake)
    build(lake, "second", {NINE: ["bad"]})
    assert undo_run(lake, "second") == [NINE]
    assert posts(lake) == ["a", "b"]
    assert marts(lake) == before
    assert held_hours(lake, [NINE, TEN]) == {NINE}
    assert staleness.stale_hours(lake, [NINE, TEN], before) == {}
    lake.landing.write(landing_key("events", NINE, "y.jsonl"), b"more")
    assert staleness.stale_hours(lake, [NINE, TEN], before) == {NINE: "cleansed"}


def test_an_undone_scoring_is_not_scored_again(lake: Lake) -> None:
    """Prevents an undo that its own refresh of the marts undoes: cleansing and scoring are two runs of the graph."""
    build(lake, "first", {NINE: ["a"]})
    before, builds = marts(lake), read_builds(lake)
    scored = replace(builds.score[NINE], input_version="elsewhere", lake_version="v-second")
    write_receipts(lake, "score", [scored], builds.scored_pins, "second")
    assert undo_run(lake, "second") == [NINE]
    assert marts(lake) == before
    assert held_hours(lake, [NINE]) == {NINE}
    assert runs_of(lake)[0].action == "undo"
    undone = replace(builds.score[NINE], code_version="older")
    write_receipts(lake, "score", [undone], builds.scored_pins, "older")
    assert staleness.stale_hours(lake, [NINE], before) == {}


def test_a_first_scoring_alone_is_not_undone(lake: Lake) -> None:
    """Prevents texts without scores, at which every build of the marts ends."""
    build(lake, "first", {NINE: ["a"], TEN: ["b"]})
    builds = read_builds(lake)
    eleven = EventHour.from_key("2026-11-22-11:00")
    write_receipts(lake, "score", [replace(builds.score[NINE], hour=eleven)], builds.scored_pins, "second")
    with pytest.raises(UserError, match="scored 2026-11-22-11:00 for the first time"):
        undo_run(lake, "second")


def test_what_was_scored_of_a_run_goes_with_it(lake: Lake) -> None:
    """Prevents a first build that cannot be undone: the command line cleanses and scores in two runs."""
    build(lake, "earlier", {TEN: ["b"]})
    before = marts(lake)
    build(lake, "cleansing", {NINE: ["a"]}, scored_by="scoring")
    assert [record.run for record in runs_of(lake)][:2] == ["scoring", "cleansing"]
    with pytest.raises(UserError, match=r"undo the run that cleansed it \(socialsent undo cleansin\)"):
        undo_run(lake, "scoring")
    assert undo_run(lake, "cleansing") == [NINE]
    assert posts(lake) == ["b"]
    assert [row["event_id"] for row in rows_of_table(lake, SENTIMENT)] == ["b"]
    assert staleness.stale_hours(lake, [NINE, TEN], before) == {NINE: "warehouse"}
    assert undo_run(lake, "cleansing") == [NINE], "again, as after an undo that was stopped half-way"
    assert staleness.stale_hours(lake, [NINE, TEN], marts(lake)) == {}


def test_the_first_build_of_an_hour_can_be_undone_and_built_again(lake: Lake) -> None:
    """Prevents rows that stay because there was nothing before them, and a hold without end."""
    build(lake, "first", {NINE: ["a"]})
    held_by_marts = marts(lake)
    undo_run(lake, "first")
    assert (posts(lake), read_builds(lake).cleanse[NINE].counts) == ([], Counts.none())
    assert staleness.stale_hours(lake, [NINE], held_by_marts) == {NINE: "warehouse"}
    assert staleness.stale_hours(lake, [NINE], marts(lake)) == {}
    release_holds(lake, [NINE])
    assert staleness.stale_hours(lake, [NINE], marts(lake)) == {NINE: "cleansed"}


def test_a_run_whose_hours_were_built_later_cannot_be_undone(lake: Lake) -> None:
    """Prevents an undo that silently takes a later build away."""
    build(lake, "first", {NINE: ["a"]})
    build(lake, "second", {NINE: ["b"]})
    with pytest.raises(UserError, match=r"run second built .* later: undo it first"):
        undo_run(lake, "first")


def test_upkeep_makes_few_files_and_keeps_every_row_and_receipt(lake: Lake) -> None:
    """Prevents a table of thousands of small files, and a compaction that loses a row or makes hours stale."""
    hours = [EventHour(NINE.start + timedelta(hours=n)) for n in range(6)]
    for number, hour in enumerate(hours):
        build(lake, f"run-{number}", {hour: [f"e{number}"]})
    before, held = posts(lake), marts(lake)
    orphan = Path(lake.cleansed.path("posts/data/2026-11/orphan.parquet"))
    young = orphan.with_name("young.parquet")
    for path in (orphan, young):
        path.write_bytes(b"left by a killed run")
    os.utime(orphan, (0, 0))
    done = {one.table: one for one in keep_up(lake, datetime.now(UTC) + timedelta(hours=1), timedelta(0))}
    assert (done["cleansed.posts"].files_before, done["cleansed.posts"].files_after) == (6, 1)
    assert done["cleansed.posts"].snapshots_expired >= 5
    assert (orphan.exists(), young.exists()) == (False, True)
    assert posts(lake) == before
    assert staleness.stale_hours(lake, hours, held) == {}
    builds = read_builds(lake)
    assert len(files_of(lake.table(POSTS), snapshot_id=builds.pins["cleansed.posts"])) == 1
    write_hours(lake, POSTS, {hours[0]: [{"event_id": "new"}]})
    assert sorted(posts(lake)) == sorted([*before[1:], "new"])
