"""Landing forgets, its counts close, and what comes again is recognised."""

from __future__ import annotations

import base64
import gzip
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.erasure import ErasedIds
from socialsent_assets.domain.events.landing import SourceRecord, gzip_lines
from socialsent_assets.domain.events.layout import parse_landing_name
from socialsent_assets.domain.tables import CLEANSED_EVENTS
from socialsent_assets.erasure.landing import erase_landing, with_own_texts
from socialsent_assets.erasure.request import ErasureRequest
from socialsent_assets.erasure.tables import forget_history
from socialsent_assets.erasure.traces import find_traces
from socialsent_assets.ingest.landing_writer import LandingZone
from socialsent_assets.jobs.cleanse import cleanse
from socialsent_assets.jobs.engines.process import ProcessEngine
from socialsent_assets.lake.erasure_ledger import add_to_ledger, ledger_folder, read_ledger
from socialsent_assets.lake.lake import Lake
from tests.built_lake import rows_of_table
from tests.conftest import Landing, canonical, lake_at
from tests.jobs import events

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
START = datetime(2026, 1, 1, tzinfo=UTC)
ANN = ErasureRequest(ErasedIds(users=frozenset(("u-1",))))


# Ann (u-1) and Anna (u-11): texts, a reply to each, a like, a profile; an hour of Ann's alone.
SENT: list[dict[str, Any]] = [
    events.post(post_id="p-1", author_id="u-1", text="the words of ann alone"),
    events.post(post_id="p-11", author_id="u-11", text="of anna"),
    events.comment(comment_id="c-1", post_id="p-1", author_id="u-11"),
    events.comment(comment_id="c-11", post_id="p-11", author_id="u-11"),
    events.interaction(interaction_id="i-1", actor_id="u-1", post_id="p-11"),
    events.interaction(interaction_id="i-11", actor_id="u-11", post_id="p-1"),
    events.user(user_id="u-1", user_name="ann"),
    events.post("2026-11-22-07:00", post_id="p-2", author_id="u-1"),
]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return lake_at(tmp_path)


def records(lines: list[dict[str, Any]]) -> list[SourceRecord]:
    bad = b'{"event_type":"post","data":{"author_id":"u-1"}}'
    return [SourceRecord(raw, f"f line {n}") for n, raw in enumerate([*(canonical(e).encode() for e in lines), bad])]


def ingest(lake: Lake, sent: list[SourceRecord]) -> Counts:
    zone = LandingZone(lake.landing, START, NOW, read_ledger(ledger_folder(lake.landing.uri)))
    zone.land(sent)
    return zone.landed.counts


def erase(lake: Lake, asked: ErasureRequest = ANN) -> ErasureRequest:
    request = with_own_texts(lake.landing, asked)
    folder = ledger_folder(lake.landing.uri)
    assert folder is not None
    add_to_ledger(folder, request.ids, NOW, "")
    erase_landing(lake.landing, request)
    return request


def content(lake: Lake) -> dict[str, bytes]:
    return {info.key: lake.landing.read(info.key) for info in lake.landing.walk("")}


def found(lake: Lake, *needles: str) -> list[str]:
    return [str(trace) for trace in find_traces([Path(lake.landing.uri)], needles)]


def names(lake: Lake) -> list[tuple[int, int, int]]:
    keys = [info.key.rpartition("/")[2] for kind in ("events", "quarantine") for info in lake.landing.walk(kind)]
    return [(name.rows, name.duplicates, name.erased) for key in keys if (name := parse_landing_name(key))]


def test_a_person_goes_from_landing_with_all_that_names_them(lake: Lake) -> None:
    """Prevents a reply, a like, a quarantined record or a profile that still names who was erased."""
    before = ingest(lake, records(SENT))
    assert before == Counts(9, 8, 0, 1)
    request = erase(lake)
    assert request.ids.texts == {"p-1", "p-2", "i-1", SENT[6]["event_id"]}
    assert found(lake, *request.needles()) == []
    assert sorted(names(lake)) == [(0, 0, 1), (0, 0, 1), (2, 0, 5)]
    assert sum(rows + duplicates + erased for rows, duplicates, erased in names(lake)) == before.records


def test_erasing_again_changes_no_byte(lake: Lake) -> None:
    """Prevents counts that grow with every run."""
    ingest(lake, records(SENT))
    erase(lake)
    before = content(lake)
    erase(lake)
    assert content(lake) == before


def test_what_is_brought_in_again_counts_as_erased_and_changes_nothing(lake: Lake) -> None:
    """Prevents the same file, or a late redelivery, from bringing a person back."""
    ingest(lake, records(SENT))
    erase(lake)
    before = content(lake)
    assert ingest(lake, records(SENT)) == Counts(9, 2, 0, 0, 7)
    assert content(lake) == before
    late = events.post("2026-11-22-03:00", post_id="p-99", author_id="u-1")
    assert ingest(lake, records([late])) == Counts(2, 0, 0, 0, 2)
    assert found(lake, "u-1", "p-99") == []


def test_a_run_that_was_killed_ends_as_one_that_was_not(lake: Lake, tmp_path: Path, monkeypatch: Any) -> None:
    """Prevents half an erasure: each write may be the last before a kill."""
    whole = lake_at(tmp_path / "whole")
    ingest(whole, records(SENT))
    erase(whole)
    ingest(lake, records(SENT))
    for steps in range(12):
        left = iter(range(steps))

        def stop(*_: object, left: Any = left) -> None:
            if next(left, None) is None:
                raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            for name in ("write", "delete"):
                done = getattr(type(lake.landing), name)
                patched.setattr(type(lake.landing), name, lambda *a, done=done, stop=stop: (stop(), done(*a))[1])
            try:
                erase(lake)
            except KeyboardInterrupt:
                continue
    erase(lake)
    assert content(lake) == content(whole)


def test_labels_go_by_their_text_and_by_its_words(lake: Lake) -> None:
    """Prevents a training set that keeps the words of a person who is gone."""
    ingest(lake, records(SENT))
    labels = [
        {"text_id": "p-2", "label": "x"},
        {"text": "the words of ann alone", "label": "x"},
        {"text": "z", "label": "x"},
    ]
    lake.landing.write("labels/l.jsonl.gz", gzip_lines([json.dumps(label).encode() for label in labels]))
    erase(lake)
    assert gzip.decompress(lake.landing.read("labels/l.jsonl.gz")) == b'{"text": "z", "label": "x"}\n'


@pytest.mark.parametrize("asked", ["nobody", "u", "p-"])
def test_an_unknown_id_or_the_beginning_of_one_erases_nothing(lake: Lake, asked: str) -> None:
    """Prevents a typing mistake that takes whoever has a longer id."""
    ingest(lake, records(SENT))
    before = content(lake)
    erase(lake, ErasureRequest(ErasedIds(frozenset((asked,)), frozenset((asked,)))))
    assert content(lake) == before


def test_thousands_of_ids_are_one_erasure(lake: Lake) -> None:
    """Prevents a file of ids that takes as many readings of landing."""
    ingest(lake, records(SENT))
    many = frozenset(f"nobody-{number}" for number in range(5000)) | {"u-1"}
    request = erase(lake, ErasureRequest(ErasedIds(users=many)))
    assert found(lake, *request.needles()) == []
    assert found(lake, "u-11") != []


def test_a_networks_delete_of_what_is_erased_goes_with_it(lake: Lake) -> None:
    """Prevents a network's delete from being the last place that names a person, now or when it comes again."""
    deletions = [
        events.event("deletion", {"subject_id": "u-1", "subject_kind": "user"}, event_id="gone"),
        events.event("deletion", {"subject_id": "p-1"}),
        events.event("deletion", {"subject_id": "u-1", "subject_kind": "user", "restored": True}),
        events.event("deletion", {"subject_id": "gone"}),  # a delete of the delete: it names nobody
        events.event("deletion", {"subject_id": "u-11", "subject_kind": "user"}),
    ]
    ingest(lake, records(SENT + deletions))
    erase(lake)
    assert found(lake, "u-1", "p-1") == []
    left = sum(rows for rows, _, _ in names(lake))
    again = ingest(lake, records(deletions))
    assert (again.erased, again.accepted) == (4, 2)  # with the record that is no event
    assert sum(rows for rows, _, _ in names(lake)) == left + 2


def test_a_dry_run_counts_and_changes_nothing(lake: Lake) -> None:
    """Prevents a look that erases."""
    ingest(lake, records(SENT))
    before = content(lake)
    done = erase_landing(lake.landing, with_own_texts(lake.landing, ANN), dry_run=True)
    assert (done.lines, len(done.hours)) == ({"events": 6, "quarantine": 1}, 2)
    assert content(lake) == before


def test_cleansing_drops_what_others_land_after_an_erasure(lake: Lake) -> None:
    """Prevents a producer that writes past the consumer from bringing a person back into the tables."""
    folder = ledger_folder(lake.landing.uri)
    assert folder is not None
    add_to_ledger(folder, ErasedIds(frozenset(("u-1",)), frozenset(("p-1",))), NOW, "")
    lines: list[Any] = [event for event in SENT if event["event_time"].startswith("2026-11-22T09")]
    Landing(lake).add(events.HOUR, [*lines, '{"data": {"author_id": "u-1"}, "event_id": "e"}', "{}"])
    [receipt] = cleanse(ProcessEngine(), lake, [parse_hour(events.HOUR)])
    assert receipt.counts == Counts(9, 2, 0, 1, 6)
    assert receipt.measures["quarantined_by_reason"] == {"missing_field": 1}
    kept = {row["event_id"] for table in CLEANSED_EVENTS for row in rows_of_table(lake, table)}
    assert kept == {lines[1]["event_id"], lines[3]["event_id"]}


def parse_hour(key: str) -> Any:
    from socialsent_assets.domain.events.layout import EventHour

    return EventHour.from_key(key)


def test_a_quarantined_record_is_searched_by_its_bytes(lake: Lake) -> None:
    """Prevents a record that was no JSON from keeping an id where no search looks."""
    line = {"raw": base64.b64encode(b"<author u-1>").decode(), "reason": "not_json", "detail": "", "position": "f"}
    key = "quarantine/dt=2026-11-22/hr=12/f-abc.1r0d.jsonl.gz"
    lake.landing.write(key, gzip_lines([json.dumps(line, separators=(",", ":")).encode()]))
    assert found(lake, "u-1") != []
    erase(lake)
    assert found(lake, "u-1") == []


def test_files_of_an_old_layout_go_with_the_history_of_their_table(lake: Lake) -> None:
    """Prevents an upgraded lake from keeping the files that hourly folders held before there were tables."""
    ingest(lake, records(SENT))
    cleanse(ProcessEngine(), lake, sorted(lake.landed_by_hour()))
    for name, author in (("a", "u-1"), ("b", "u-11")):
        written = io.BytesIO()
        pq.write_table(pa.table({"author_id": [author]}), written)
        lake.cleansed.write(f"posts/dt=2026-01-01/hr=00/{name}.parquet", written.getvalue())
    erase_landing(lake.landing, with_own_texts(lake.landing, ANN))
    forget_history(lake, ["u-1"])
    kept = [info.key for info in lake.cleansed.walk("posts") if "/hr=" in info.key]
    assert kept == ["posts/dt=2026-01-01/hr=00/b.parquet"]


def test_an_id_in_the_text_of_another_person_is_reported_and_kept(lake: Lake) -> None:
    """Prevents an erasure that removes what others wrote, or never ends because of it."""
    mention = events.post(post_id="p-3", author_id="u-7", text="ask u-1 about it, not u-11")
    ingest(lake, records([*SENT, mention]))
    done = erase_landing(lake.landing, with_own_texts(lake.landing, ANN))
    assert done.mentioned == {"u-1"}
    assert [trace.needle for trace in find_traces([Path(lake.landing.uri)], ["u-1"])] == ["u-1"]
    assert list(find_traces([Path(lake.landing.uri)], ["u-1"], as_ids=done.mentioned)) == []
