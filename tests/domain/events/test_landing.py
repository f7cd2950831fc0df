"""A batch lands under descriptive names, with the same bytes whenever it comes again."""

import base64
import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.event import Rejection
from socialsent_assets.domain.events.kinds import KINDS
from socialsent_assets.domain.events.landing import SourceRecord, land

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
START = datetime(2026, 1, 1, tzinfo=UTC)


def record(event_id: str, time: str = "2026-11-22T09:40:00Z", position: str = "here") -> SourceRecord:
    event = {**KINDS["post"].example, "event_id": event_id, "event_time": time}
    return SourceRecord(json.dumps(event).encode(), position)


def test_the_same_batch_gives_the_same_names_and_bytes() -> None:
    """Prevents a retry that leaves a second copy, by a clock in a name or in a gzip header."""
    records = [record("a"), record("b", "2026-11-22T08:00:00Z"), SourceRecord(b"bad", "x")]
    objects = land(records, NOW, START, "o").objects
    assert land(records, NOW, START, "o").objects == objects
    assert {content[4:8] for content in objects.values()} == {b"\0\0\0\0"}  # the time in a gzip header


def test_a_batch_has_one_object_per_event_hour_and_one_for_quarantine() -> None:
    """Prevents late events that land in the hour of their arrival."""
    records = [record("a"), record("b"), record("c", "2026-11-22T08:59:59Z"), SourceRecord(b"bad", "x")]
    folders = [key.rpartition("/")[0] for key in land(records, NOW, START, "o").objects]
    assert folders == ["events/dt=2026-11-22/hr=08", "events/dt=2026-11-22/hr=09", "quarantine/dt=2026-11-22/hr=12"]


def test_a_repeat_in_the_batch_is_dropped_and_counted_in_the_name() -> None:
    """Prevents duplicates that no one can audit from a listing."""
    batch = land([record("a"), record("b"), record("a")], NOW, START, "o")
    assert batch.counts == Counts(records=3, accepted=2, duplicates=1, quarantined=0)
    assert [key.endswith(".2r1d.jsonl.gz") for key in batch.objects] == [True]


def test_other_content_has_another_name_even_from_the_same_origin() -> None:
    """Prevents a lost batch where sequence numbers repeat across shards and processes."""
    first, second = (land([record(name)], NOW, START, "shard-1-1") for name in ("a", "b"))
    assert not set(first.objects) & set(second.objects)


def test_quarantine_keeps_everything_needed_to_look_again() -> None:
    """Prevents a rejected record without its content, reason, origin and time."""
    raw = b'{"half": "\xff'
    arrived = NOW - timedelta(hours=2)
    batch = land([SourceRecord(raw, "shard:7", arrived_at=arrived)], NOW, START, "o")
    ((key, content),) = batch.objects.items()
    line = json.loads(gzip.decompress(content))
    assert key.startswith("quarantine/dt=2026-11-22/hr=10/")
    assert base64.b64decode(line["raw"]) == raw
    assert (line["reason"], line["position"]) == ("not_utf8", "shard:7")
    assert line["arrived_at"] == "2026-11-22T10:00:00.000000Z"
    assert line["detail"] in batch.first_of["not_utf8"]


def test_a_record_that_its_source_rejected_goes_to_quarantine_unread() -> None:
    """Prevents a broken CSV row that is parsed as if it were JSON."""
    rejection = Rejection("invalid_field", "3 cells, the header has 4", b"1,2,3")
    batch = land([SourceRecord(b"1,2,3", "x.csv line 2", rejection=rejection)], NOW, START, "o")
    assert batch.reasons == {"invalid_field": 1}


@pytest.mark.parametrize("blank", [b"", b"  ", b"\r\n", b"\t"])
def test_a_blank_record_is_none(blank: bytes) -> None:
    """Prevents an empty line at the end of a file that is counted as an error."""
    batch = land([SourceRecord(blank, "x")], NOW, START, "o")
    assert (batch.objects, batch.counts) == ({}, Counts.none())


def test_the_future_is_judged_by_the_arrival_of_the_record_not_of_the_batch() -> None:
    """Prevents a verdict that changes with the batch in which a record is delivered."""
    event = record("a", "2026-11-23T11:00:00Z")
    early = SourceRecord(event.raw, "x", arrived_at=NOW - timedelta(hours=2))
    assert land([early], NOW, START, "o").reasons == {"event_time_out_of_range": 1}
    assert land([event], NOW, START, "o").reasons == {}
