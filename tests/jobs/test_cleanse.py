"""Cleansing against an oracle in plain Python, and the promises of an hour: whole, repeatable, emptied."""

from __future__ import annotations

import gzip
from collections import Counter

import duckdb
import pytest

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.events.rejection import REASONS
from socialsent_assets.domain.tables import CLEANSED_EVENTS, QUARANTINE, TABLES
from socialsent_assets.jobs.cleanse import cleanse
from socialsent_assets.lake.builds import Receipt
from socialsent_assets.lake.iceberg.scan import files_of
from tests.built_lake import rows_of_table
from tests.conftest import Landing, canonical, lake_at
from tests.jobs import events
from tests.jobs.events import HOUR, comment, event, interaction, post, user

pytestmark = pytest.mark.spark

HOURS = ["2026-11-21-23:00", "2026-11-22-00:00", "2026-11-22-09:00"]
LINES = {hour: events.random_lines(seed, 150, hour) for seed, hour in enumerate(HOURS)}


def hours(*keys: str) -> list[EventHour]:
    return [EventHour.from_key(key) for key in keys]


def rows(lake, table: str, hour: str = HOUR) -> list[dict]:
    [wanted] = [one for one in TABLES if one.name == table]
    start = EventHour.from_key(hour).start
    return [row for row in rows_of_table(lake, wanted) if row["event_hour"] == start]


def table_rows(lake) -> dict[str, list[dict]]:
    """Every row of every cleansed table."""
    return {table.name: rows_of_table(lake, table) for table in (*CLEANSED_EVENTS, QUARANTINE)}


@pytest.fixture(scope="module")
def generated(spark, tmp_path_factory):
    """Three hours of generated lines, each spread over three objects, cleansed in one run."""
    lake = lake_at(tmp_path_factory.mktemp("generated"))
    landing = Landing(lake)
    for hour, lines in LINES.items():
        for part in range(3):
            landing.add(hour, lines[part::3])
    return lake, {receipt.hour.key: receipt for receipt in cleanse(spark, lake, hours(*HOURS))}


@pytest.mark.parametrize("hour", HOURS)
def test_the_rows_that_stand_are_those_of_the_oracle(generated, hour):
    """Prevents lost events, doubled events and a malformed copy that beats the good one."""
    lake, _ = generated
    kept, _, _ = events.expected(LINES[hour], hour)
    for table, kind, identity in [
        ("posts", "post", "post_id"),
        ("comments", "comment", "comment_id"),
        ("users", "user", "user_id"),
        ("interactions", "interaction", "interaction_id"),
        ("deletions", "deletion", "subject_id"),
        ("moderation_labels", "moderation_label", "subject_id"),
    ]:
        found = {(r["event_id"], events.stamp(r["event_time"]), r[identity]) for r in rows(lake, table, hour)}
        wanted = {
            (key[1], value["event_time"], value["data"][identity]) for key, value in kept.items() if key[0] == kind
        }
        assert found == wanted
        assert len(rows(lake, table, hour)) == len(wanted)


@pytest.mark.parametrize("hour", HOURS)
def test_every_line_is_counted_once_with_its_reason(generated, hour):
    """Prevents records that vanish between landing and the tables."""
    lake, receipts = generated
    kept, reasons, duplicates = events.expected(LINES[hour], hour)
    assert receipts[hour].counts == Counts(len(LINES[hour]), len(kept), duplicates, reasons.total())
    assert receipts[hour].measures["quarantined_by_reason"] == dict(reasons)
    assert Counter(row["reason"] for row in rows(lake, "quarantine", hour)) == reasons
    assert receipts[hour].measures["announced_records"] == len(LINES[hour])


def test_hours_built_one_by_one_have_the_same_rows_as_hours_built_together(generated, spark, tmp_path):
    """Prevents rows that depend on how a history was cut into runs."""
    lake, _ = generated
    alone = lake_at(tmp_path)
    for hour, lines in LINES.items():
        for part in (2, 0, 1):  # other objects, in another order
            Landing(alone).add(hour, lines[part::3], origin=f"other-{part}")
        cleanse(spark, alone, hours(hour))
    for table in CLEANSED_EVENTS:
        assert rows_of_table(lake, table) == rows_of_table(alone, table)


def test_written_columns_are_exactly_the_contract(generated):
    """Prevents helper columns that become part of the contract, and types that differ from file to file."""
    lake, _ = generated
    duck = {"string": "VARCHAR", "timestamp": "TIMESTAMP WITH TIME ZONE", "boolean": "BOOLEAN", "int": "INTEGER"}
    duck["array<string>"] = "VARCHAR[]"
    for table in (*CLEANSED_EVENTS, QUARANTINE):
        path = files_of(lake.table(table))[0].path
        described = duckdb.sql(f"describe select * from read_parquet('{path}', hive_partitioning=false)").fetchall()
        assert [(name, kind) for name, kind, *_ in described] == [(c.name, duck[c.type]) for c in table.columns]


BAD_LINES: dict[str, tuple[bytes | str, str]] = {
    "cut off": ('{"schema_version":1,"event_id":"a', "not_json"),
    "two objects on a line cut in a character": ("{" + '"a":"é', "not_json"),
    "html": ("<html>Bad gateway</html>", "not_json"),
    "NaN": (canonical(user()).replace('"ann"', "NaN"), "not_json"),
    "single quotes": ("{'schema_version':1}", "not_json"),
    "not utf-8": (canonical(post()).encode().replace(b"fine", b"fi\xffne"), "not_utf8"),
    "cut inside a character": ('{"text":"é'.encode()[:-1], "not_utf8"),
    "a number": ("42", "not_an_object"),
    "a string": ('"hello"', "not_an_object"),
    "5 MB text": (canonical(post(text="x" * 5_000_000)), "too_large"),
    "no version": (canonical({**post(), "schema_version": None}), "missing_field"),
    "version 2": (canonical({**post(), "schema_version": 2}), "unsupported_schema_version"),
    "no data": (canonical({**post(), "data": None}), "missing_field"),
    "data is text": (canonical({**post(), "data": "x"}), "invalid_field"),
    "unknown type": (canonical(event("poll", {})), "unknown_event_type"),
    "no id": (canonical({**post(), "event_id": None}), "missing_field"),
    "empty id": (canonical({**post(), "event_id": "  "}), "invalid_field"),
    "long id": (canonical({**post(), "event_id": "x" * 129}), "invalid_field"),
    "control character in an id": (canonical(post(post_id="a\u0000b")), "invalid_field"),
    "bad source": (canonical({**post(), "source": "a b"}), "invalid_field"),
    "no offset": (canonical({**post(), "event_time": "2026-11-22T09:30:00"}), "invalid_field"),
    "30 February": (canonical({**post(), "event_time": "2026-02-30T09:30:00Z"}), "invalid_field"),
    "other hour": (canonical({**post(), "event_time": "2026-11-22T10:00:00.000000Z"}), "event_time_out_of_range"),
    "year 9999": (canonical({**post(), "event_time": "9999-12-31T23:59:59Z"}), "event_time_out_of_range"),
    "post without text": (canonical(post(text=None)), "missing_field"),
    "post without author": (canonical(post(author_id=None)), "missing_field"),
    "deleted is text": (canonical(post(deleted="maybe")), "invalid_field"),
    "lang is no tag": (canonical(post(lang="english please")), "invalid_field"),
    "hashtags are text": (canonical(post(hashtags="fun")), "invalid_field"),
    "comment without post": (canonical(comment(post_id=None)), "missing_field"),
    "age 131": (canonical(user(age=131)), "invalid_field"),
    "age 30.5": (canonical(user(age=30.5)), "invalid_field"),
    "age 1e400": (canonical(user(age=7)).replace(":7", ":1e400"), "invalid_field"),
    "joined yesterday": (canonical(user(joined_at="yesterday")), "invalid_field"),
    "joined in year 1": (canonical(user(joined_at="0001-01-01T00:00:00Z")), "invalid_field"),
    "nameless user": (canonical(user(user_name=" ")), "invalid_field"),
    "unknown action": (canonical(interaction(action="poke")), "invalid_field"),
    "interaction with nothing": (canonical(interaction(post_id=None)), "missing_field"),
    "deep nesting": ("[" * 100_000, "not_json"),
}


@pytest.fixture(scope="module")
def bad(spark, tmp_path_factory) -> tuple[Receipt, dict[str, str], object]:
    """Every bad line in an object of its own, with blank lines around it."""
    lake = lake_at(tmp_path_factory.mktemp("bad"))
    names = {}
    for number, (name, (line, _)) in enumerate(BAD_LINES.items()):
        names[name] = Landing(lake).add(HOUR, ["", line, "   "], origin=f"bad-{number}")
    Landing(lake).add(HOUR, [post(), post(text="", deleted=False)], origin="good")
    [receipt] = cleanse(spark, lake, hours(HOUR))
    return receipt, names, lake


@pytest.mark.parametrize("name", BAD_LINES)
def test_a_bad_line_in_landing_is_quarantined_with_its_reason(bad, name):
    """Prevents lines of others in landing from breaking a run, or from reaching the tables."""
    _, names, lake = bad
    found = [row for row in rows(lake, "quarantine") if row["source_object"] == names[name]]
    assert [row["reason"] for row in found] == [BAD_LINES[name][1]]
    assert found[0]["detail"]


def test_blank_lines_are_no_records_and_bad_lines_take_nobody_along(bad):
    receipt, _, _ = bad
    assert receipt.counts == Counts(len(BAD_LINES) + 2, 2, 0, len(BAD_LINES))


def test_only_reasons_of_the_contract_are_used(bad):
    receipt, _, _ = bad
    assert set(receipt.measures["quarantined_by_reason"]) == set(REASONS)


def test_values_get_one_spelling(spark, lake, landing):
    """Prevents joins that miss because of a space, a case or an offset."""
    mixed = post(
        post_id=" p-9 ",
        text="NOT\u0000 good &amp; https://t.co/x  😀",
        lang="EN-gb",
        topic="  ",
        hashtags=["#Fun", " ##Straße ", "#", ""],
    )
    landing.add(HOUR, [{**mixed, "event_time": "2026-11-22T10:15:00+01:00", "event_id": 7}, post(deleted=True)])
    landing.add(HOUR, [post(post_id=12, text=None, author_id=None, deleted=True), user(age=0, location="")])
    [receipt] = cleanse(spark, lake, hours(HOUR))
    assert receipt.counts == Counts(4, 4, 0, 0)
    found = {row["post_id"]: row for row in rows(lake, "posts")}
    row = found["p-9"]
    assert (row["event_id"], row["lang"], row["topic"]) == ("7", "en-gb", None)
    assert (row["text"], row["clean_text"]) == ("NOT good &amp; https://t.co/x  😀", "NOT good & 😀")
    assert row["hashtags"] == ["fun", "straße"]
    assert events.stamp(row["event_time"]) == "2026-11-22T09:15:00.000000Z"
    assert (found["12"]["text"], found["12"]["clean_text"], found["12"]["deleted"]) == (None, "", True)
    assert (rows(lake, "users")[0]["age"], rows(lake, "users")[0]["location"]) == (0, None)


def test_a_second_run_changes_no_row_and_a_deleted_landing_hour_is_emptied(spark, lake, landing):
    """Prevents reruns that double or reshuffle rows, and rows that outlive their landing."""
    gone = landing.add("2026-11-22-10:00", [post("2026-11-22-10:00"), "broken"])
    landing.add(HOUR, events.random_lines(5, 40, HOUR))
    both = hours(HOUR, "2026-11-22-10:00")
    first = cleanse(spark, lake, both)
    before = table_rows(lake)
    assert cleanse(spark, lake, both) == first
    assert table_rows(lake) == before

    landing.remove(gone)
    [kept, emptied] = cleanse(spark, lake, both)
    assert kept == first[0]
    assert (emptied.counts, emptied.input_version) == (Counts.none(), "empty")
    left = table_rows(lake)
    assert not [row for rows_ in left.values() for row in rows_ if row["event_hour"] == both[1].start]
    assert left["users"] == [row for row in before["users"] if row["event_hour"] != both[1].start]


def test_a_cut_off_gzip_object_keeps_its_readable_lines_and_its_neighbours(spark, lake, landing):
    """Prevents one damaged object from stopping every hour of a run, or from vanishing unseen."""
    lines = [canonical(post(post_id=f"p-{number}", text=f"text {number * 7919}")) for number in range(2000)]
    whole = gzip.compress("\n".join(lines).encode(), mtime=0)
    cut = landing.put(HOUR, "cut.2000r0d.jsonl.gz", whole[: len(whole) // 2])
    landing.put(HOUR, "no-gzip.1r0d.jsonl.gz", b"hello")
    landing.add(HOUR, [user()])
    landing.add("2026-11-22-10:00", [user("2026-11-22-10:00")])
    [damaged, other] = cleanse(spark, lake, hours(HOUR, "2026-11-22-10:00"))
    assert {info.key.split("/")[1] for info in lake.cleansed.walk("")} == {"data", "metadata"}  # nothing but tables
    found = {row["source_object"]: row for row in rows(lake, "quarantine")}
    assert len(found) == 2
    assert "cut off" in found[cut]["detail"]
    assert 0 < len(rows(lake, "posts")) < 2000
    assert damaged.counts == Counts(len(rows(lake, "posts")) + 3, len(rows(lake, "posts")) + 1, 0, 2)
    assert other.counts == Counts(1, 1, 0, 0)


def test_an_hour_of_damaged_objects_alone_is_reported(spark, lake, landing):
    landing.put(HOUR, "x.1r0d.jsonl.gz", b"hello")
    [receipt] = cleanse(spark, lake, hours(HOUR))
    assert receipt.counts == Counts(1, 0, 0, 1)


def test_a_line_of_50_mb_is_quarantined_within_the_heap(spark, lake, landing):
    """Prevents one hostile line from ending the JVM."""
    landing.add(HOUR, ["x" * 50_000_000, user()])
    [receipt] = cleanse(spark, lake, hours(HOUR))
    assert receipt.counts == Counts(2, 1, 0, 1)
    assert receipt.measures["quarantined_by_reason"] == {"too_large": 1}


def test_an_empty_object_holds_no_records(spark, lake, landing):
    landing.put(HOUR, "nothing.0r0d.jsonl.gz", gzip.compress(b"", mtime=0))
    landing.put(HOUR, "no-byte.0r0d.jsonl.gz", b"")
    landing.put(HOUR, "plain.1r0d.jsonl", (canonical(user()) + "\n").encode())
    [receipt] = cleanse(spark, lake, hours(HOUR))
    assert receipt.counts == Counts(1, 1, 0, 0)


def test_an_hour_costs_the_same_whatever_the_lake_holds(spark, lake, landing, monkeypatch):
    """Prevents runs that list or read the history: they would slow down with every week kept."""
    landing.add(HOUR, [user()])
    for day in range(1, 22):
        landing.put(f"2026-11-{day:02}-09:00", "unreadable.1r0d.jsonl.gz", b"not even gzip")
    listed, read = [], []
    listing = lake.landing.walk
    monkeypatch.setattr(lake.landing, "walk", lambda prefix: listed.append(prefix) or listing(prefix))
    build = type(spark).cleanse
    monkeypatch.setattr(type(spark), "cleanse", lambda *a: read.extend(info.key for info in a[2]) or build(*a))
    [receipt] = cleanse(spark, lake, hours(HOUR))
    assert receipt.counts == Counts(1, 1, 0, 0)
    assert listed[0] == "events/dt=2026-11-22"
    assert all(prefix.startswith(listed[0]) for prefix in listed)
    [key] = read
    assert key.startswith("events/dt=2026-11-22/hr=09/")
