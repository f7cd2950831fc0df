"""What people take back on Bluesky is in no mart, in whatever order, split and repetition its events arrive.

Frames of a Jetstream go through the source, the landing rules and the parser, cut into batches at random; then the
very SQL of the dbt models, compiled once, runs on them in DuckDB. How builds of single windows add up to the same is
the subject of test_any_order_of_builds.py.
"""

from __future__ import annotations

import gzip
import itertools
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest

from socialsent_assets.domain.events.event import Event, parse
from socialsent_assets.domain.events.landing import SourceRecord, land
from socialsent_assets.domain.events.start import HISTORY_START
from socialsent_assets.domain.events.versions import current_version, deleted_subjects, kept_copy
from socialsent_assets.domain.tables import CLEANSED_EVENTS, EVENT_HOUR, TABLES
from socialsent_assets.ingest.reading import source_record
from socialsent_assets.ingest.sources import bluesky, bluesky_labels
from socialsent_assets.lake.table_rows import duckdb_type
from tests.marts.dbt_in_process import PROJECT, fresh_manifest, run_dbt
from tests.marts.lake_folder import LakeFolder

NOW = datetime(2024, 6, 1, tzinfo=UTC)
MODELS = (
    *("int_post_versions", "int_comment_versions", "int_interaction_versions", "int_user_versions"),
    *("int_deletion_versions", "int_moderation_label_versions", "int_labels_in_force", "int_deleted_subjects"),
    *("fct_posts", "fct_comments", "fct_interactions", "dim_users"),
)
LETTERS = "234567abcdefghijklmnopqrstuvwxyz"


def tid(second: int) -> str:
    """The key of a record that was made that many seconds after 2024-05-01T10:00Z."""
    number = (1714557600 + second) * 1_000_000 << 10
    return "".join(LETTERS[number >> 5 * place & 31] for place in reversed(range(13)))


def commit(did: str, operation: str, collection: str, made: int, now: int, **record: Any) -> dict[str, Any]:
    change = {"rev": tid(now), "operation": operation, "collection": collection, "rkey": tid(made)}
    found = {**change, "record": record} if record else change
    return {"did": did, "kind": "commit", "time_us": 1, "commit": found}


def event(did: str, kind: str, time: str, **data: Any) -> dict[str, Any]:
    return {"did": did, "kind": kind, kind: {"time": time, **data}}


def label(uri: str, value: str, time: str, **data: Any) -> dict[str, Any]:
    return {"src": "did:plc:mods", "uri": uri, "val": value, "cts": f"2024-05-01T{time}:00Z", **data}


def frames() -> list[dict[str, Any]]:
    """Ann posts and stays; Ben replies, likes and follows, and takes back all; Cat does the same and goes.

    Moderation hides Eve's texts and takes Fay's account down; its labels of Ann are withdrawn.
    """
    post, like, follow = "app.bsky.feed.post", "app.bsky.feed.like", "app.bsky.graph.follow"
    root = {"uri": f"at://did:plc:ann/{post}/{tid(0)}"}
    reply = {"reply": {"root": root, "parent": root}}
    hour = 3600
    return [
        commit("did:plc:ann", "create", post, 0, 0, text="stays"),
        commit("did:plc:ann", "create", like, 5, 5, subject=root),
        commit("did:plc:ben", "create", post, 10, 10, text="taken back", **reply),
        commit("did:plc:ben", "update", post, 10, 20, text="taken back, edited", **reply),
        commit("did:plc:ben", "create", like, 30, 30, subject=root),
        commit("did:plc:ben", "create", follow, 40, 40, subject="did:plc:ann"),
        commit("did:plc:ben", "delete", post, 10, hour),
        commit("did:plc:ben", "delete", like, 30, 2 * hour),
        commit("did:plc:ben", "delete", follow, 40, 30),  # a clock that is slow: deleted before it was made
        commit("did:plc:cat", "create", post, 50, 50, text="of an account that goes"),
        commit("did:plc:cat", "create", post, 60, 60, text="of an account that goes, a reply", **reply),
        commit("did:plc:cat", "create", like, 70, 70, subject=root),
        commit("did:plc:ann", "create", follow, 80, 80, subject="did:plc:cat"),
        event("did:plc:cat", "identity", "2024-05-01T10:01:00Z", handle="cat.example"),
        event("did:plc:cat", "account", "2024-05-01T13:00:00Z", active=False, status="deleted"),
        event("did:plc:dan", "identity", "2024-05-01T10:01:00Z", handle="dan.example"),
        event("did:plc:dan", "account", "2024-05-01T13:00:00Z", active=False, status="deactivated"),
        event("did:plc:dan", "account", "2024-05-01T14:00:00Z", active=True),
        commit("did:plc:eve", "create", post, 90, 90, text="hidden by a labeler"),
        commit("did:plc:eve", "create", post, 95, 95, text="hidden, then taken down, a reply", **reply),
        label(f"at://did:plc:eve/{post}/{tid(90)}", "!hide", "09:00"),  # before it was written
        label(f"at://did:plc:eve/{post}/{tid(95)}", "!hide", "11:00"),
        label(f"at://did:plc:eve/{post}/{tid(95)}", "!hide", "12:00", neg=True),
        label(f"at://did:plc:eve/{post}/{tid(95)}", "!takedown", "11:30"),
        commit("did:plc:fay", "create", post, 100, 100, text="of an account that is taken down"),
        commit("did:plc:fay", "create", like, 110, 110, subject=root),
        event("did:plc:fay", "identity", "2024-05-01T10:01:00Z", handle="fay.example"),
        label("did:plc:fay", "!takedown", "12:00"),
        label("did:plc:ann", "spam", "12:00"),
        label("did:plc:ann", "!takedown", "12:00"),
        label("did:plc:ann", "!takedown", "13:00", neg=True),
        label(f"at://did:plc:ann/{post}/{tid(0)}", "!hide", "13:00", neg=True),
        label(f"at://did:plc:ann/{post}/{tid(0)}", "!hide", "12:00"),
    ]  # fmt: skip


def records() -> list[SourceRecord]:
    sent = [(json.dumps(frame).encode(), frame) for frame in frames()]
    sources = {True: bluesky_labels.SOURCES[0], False: bluesky.SOURCES[0]}
    return [source_record(raw, "", frame, sources["src" in frame].drafts) for raw, frame in sent]


def landed(rng: random.Random) -> list[Event]:
    """Every event as cleansing keeps it, after a random order, some redeliveries, and a random cut into batches."""
    sent = records()
    sent += rng.sample(sent, rng.randrange(len(sent)))
    rng.shuffle(sent)
    cuts = sorted({0, len(sent), *(rng.randrange(len(sent)) for _ in range(rng.randrange(6)))})
    copies: dict[tuple[str, str], list[Event]] = defaultdict(list)
    accepted = kept = 0
    for number, (start, end) in enumerate(itertools.pairwise(cuts)):
        batch = land(sent[start:end], NOW, HISTORY_START, f"b{number}")
        counts = batch.counts
        assert counts.records == end - start == counts.accepted + counts.duplicates
        accepted += counts.accepted
        for key, content in batch.objects.items():
            for line in gzip.decompress(content).splitlines():
                event = parse(line, NOW, HISTORY_START)
                assert isinstance(event, Event)
                copies[key.rpartition("/")[0], event.event_id].append(event)
                kept += 1
    assert accepted == kept
    assert len(copies) == len(frames())
    return [kept_copy(events) for events in copies.values()]


@pytest.fixture(scope="module")
def models(parsed_project: bytes, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Name of a model -> its SQL, as a build of all history runs it."""
    folder = tmp_path_factory.mktemp("compile")
    environment = {**LakeFolder(folder).environment, "SOCIALSENT_LAKE_FILES": "none"}
    arguments = ["compile", "--quiet", "--full-refresh", "--select", *MODELS]
    result = run_dbt(arguments, environment, folder / "target", fresh_manifest(parsed_project))
    assert result.success, result.exception
    return {one.node.name: one.node.compiled_code for one in result.result}


class Marts:
    """The models in memory: `rows(...)` after `fill(events)`."""

    def __init__(self, models: dict[str, str]) -> None:
        self._connection = duckdb.connect(config={"threads": 1})
        self._connection.execute("set timezone = 'UTC'")
        self._connection.execute("attach ':memory:' as warehouse; use warehouse; create schema staging")
        for schema in ("spectrum_cleansed", "spectrum_analytics"):
            self._connection.execute(f"create schema {schema}")
        for table in TABLES:
            columns = ", ".join(f"{column.name} {duckdb_type(column)}" for column in table.columns)
            self._connection.execute(f"create table spectrum_{table.tier}.{table.name} ({columns})")
        for name in MODELS:
            schema = "staging." if name.startswith("int_") else ""
            self._connection.execute(f"create view {schema}{name} as {models[name]}")

    def fill(self, events: list[Event]) -> None:
        for table in CLEANSED_EVENTS:
            self._connection.execute(f"delete from spectrum_cleansed.{table.name}")
        for event in events:
            row = {"deleted": False, "restored": False, "withdrawn": False, "clean_text": "", **event.data}
            row |= {"event_id": event.event_id, "event_time": event.event_time, "source": event.source}
            row |= {EVENT_HOUR: event.hour.start}
            table = next(table for table in CLEANSED_EVENTS if table.name == f"{event.event_type}s")
            values = [row.get(column.name) for column in table.columns]
            marks = ", ".join("?" for _ in values)
            self._connection.execute(f"insert into spectrum_cleansed.{table.name} values ({marks})", values)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(query).fetchall()


def schedules(count: int) -> Iterator[random.Random]:
    return (random.Random(seed) for seed in range(count))


@pytest.mark.parametrize("count", [20, pytest.param(1000, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])])
def test_what_was_taken_back_is_in_no_mart_in_any_order(models: dict[str, str], count: int) -> None:
    """Prevents a reply, like, follow, text or profile that stays readable after its author took it back."""
    marts = Marts(models)
    for seed, rng in enumerate(schedules(count)):
        marts.fill(landed(rng))
        assert marts.rows("select author_id, text from fct_posts") == [("did:plc:ann", "stays")], seed
        assert marts.rows("select comment_id from fct_comments") == [], seed
        assert marts.rows("select actor_id, action from fct_interactions") == [("did:plc:ann", "like")], seed
        assert marts.rows("select user_name from dim_users") == [("dan.example",)], seed
        standing = marts.rows("select label_value from staging.int_labels_in_force order by 1")
        assert standing == [("!hide",), ("!takedown",), ("!takedown",), ("spam",)], seed


def test_the_rule_in_python_is_the_rule_in_sql(models: dict[str, str]) -> None:
    """Prevents a domain that disagrees with the marts."""
    marts = Marts(models)
    events = landed(random.Random(7))
    marts.fill(events)
    gone = deleted_subjects(*([e for e in events if e.event_type == k] for k in ("deletion", "moderation_label")))
    found = marts.rows("select subject_kind, subject_id from staging.int_deleted_subjects")
    assert {(kind, subject) for kind, subject in gone if kind in ("interaction", "user")} >= {
        (kind, subject) for kind, subject in found if kind is not None
    }
    assert {subject for _, subject in gone} == {subject for _, subject in found}
    replies = [e for e in events if e.event_type == "comment" and e.data["author_id"] == "did:plc:ben"]
    reply = current_version(replies)
    assert reply is not None
    assert ("comment", reply.data["comment_id"]) in gone


def test_models_are_those_of_the_project() -> None:
    """Prevents a list of models here that the project no longer has."""
    assert {path.stem for path in (PROJECT / "models").rglob("*.sql")} >= set(MODELS)
