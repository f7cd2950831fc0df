"""A batch lands under descriptive names, with the same bytes whenever it comes again."""

import base64
import gzip
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.draft import Draft, seal
from socialsent_assets.domain.events.erasure import ErasedIds
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


def test_a_rejected_draft_keeps_the_bytes_of_its_record() -> None:
    """Prevents a record of two events of which one lands and the other vanishes."""
    good, bad = draft("a"), draft("b")._replace(source="")
    batch = land([SourceRecord(b"raw", "x line 1", drafts=(good, bad))], NOW, START, "o")
    assert batch.counts == Counts(records=1, accepted=0, duplicates=0, quarantined=1)
    [line] = [json.loads(gzip.decompress(content)) for content in batch.objects.values()]
    assert base64.b64decode(line["raw"]) == b"raw"


def test_a_record_of_several_events_counts_once() -> None:
    """Prevents counts of records that are counts of events: the same file would not add up to its lines."""
    records = [
        SourceRecord(b"1", "x", drafts=(draft("a"), draft("b"))),
        SourceRecord(b"2", "x", drafts=(draft("b"), draft("c"))),  # one of its events is new
        SourceRecord(b"3", "x", drafts=(draft("a"), draft("b"))),
        SourceRecord(b"4", "x", filtered="a repost"),
    ]
    batch = land(records, NOW, START, "o")
    assert batch.counts == Counts(records=3, accepted=2, duplicates=1, quarantined=0)
    assert (batch.events, batch.filtered) == ({"post": 3}, {"a repost": 1})
    assert [key.endswith(".3r3d.jsonl.gz") for key in batch.objects] == [True]


def test_a_profile_that_every_post_repeats_lands_once() -> None:
    """Prevents a users table with one row per post of a person."""
    ann = Draft("user", NOW, "test", {"user_id": "ann", "user_name": "Ann"})
    changed = ann._replace(data={"user_id": "ann", "user_name": "Anna"})
    records = [SourceRecord(b"", "x", drafts=(user, draft(str(n)))) for n, user in enumerate((ann, ann, changed))]
    batch = land(records, NOW, START, "o")
    assert batch.events == {"post": 3, "user": 2}
    assert [key.endswith(".5r0d.jsonl.gz") for key in batch.objects] == [True], "nor is it a duplicate"


def test_a_label_makes_a_record_new() -> None:
    """Prevents human labels of posts that are known already from being dropped with them."""
    one, other = b'{"post_id":"a","label":"positive"}', b'{"post_id":"a","label":"negative"}'
    records = [SourceRecord(b"", "x", drafts=(draft("a"),), labels=labels) for labels in ((one,), (other,), (other,))]
    batch = land(records, NOW, START, "o")
    assert batch.counts == Counts(records=3, accepted=2, duplicates=1, quarantined=0)
    assert batch.labels == 2
    assert sum(key.startswith("labels/o-") for key in batch.objects) == 1


def test_an_optional_field_that_breaks_a_rule_is_counted() -> None:
    """Prevents a field that is left out of thousands of events without a number anywhere."""
    spoilt = draft("a", lang=7)
    batch = land([SourceRecord(b"", "x", drafts=(spoilt,))], NOW, START, "o")
    assert (batch.counts.accepted, batch.left_out) == (1, {"lang": 1})


def test_an_erased_event_of_a_stream_is_counted_and_not_kept() -> None:
    """Prevents a consumer that counts as accepted what it left out, so that its counts do not show the erasure."""
    batch = land([record("a"), record("a"), record("b")], NOW, START, "o", ErasedIds(texts=frozenset("a")))
    assert batch.counts == Counts(records=3, accepted=1, duplicates=1, quarantined=0, erased=1)


def test_names_and_lines_are_the_same_in_every_version() -> None:
    """Prevents an upgrade after which a redelivery lands beside its first copy, under another name."""
    event = seal(draft("a"), NOW, START)[0]
    batch = land([SourceRecord(event.line, "x"), SourceRecord(b"{", "shard:7")], NOW, START, "shard-1-9")
    landed, quarantined = batch.objects
    digest = sha256(event.line).hexdigest()[:12]
    assert landed == f"events/dt=2026-11-22/hr=12/shard-1-9-{digest}.1r0d.jsonl.gz"
    assert list(json.loads(gzip.decompress(batch.objects[quarantined]))) == [
        "arrived_at", "detail", "position", "raw", "reason",
    ]  # fmt: skip


def test_erased_records_are_counted_where_they_would_have_landed() -> None:
    """Prevents a redelivery of an erased person that returns, or that is not counted."""
    erased = ErasedIds(frozenset(("ann",)))
    records = [
        SourceRecord(b"1", "x", drafts=(draft("a", author_id="ann"),), labels=(b'{"post_id":"a"}',)),
        SourceRecord(b"2", "x", drafts=(draft("a", author_id="ann"),)),  # again
        SourceRecord(b"3", "x", drafts=(draft("b"), draft("c", author_id="ann"))),  # half of it is somebody else's
        SourceRecord(b"4", "x", drafts=(draft("d", author_id="ann"),)),
        SourceRecord(b'{"author_id": "ann", "cut', "x"),
    ]
    batch = land(records, NOW, START, "o", erased)
    assert batch.counts == Counts(records=5, accepted=1, duplicates=1, quarantined=0, erased=3)
    assert sorted(key.rpartition(".")[0].rpartition(".")[0].rpartition(".")[2] for key in batch.objects) == [
        "0r0d1e",
        "1r1d3e",
    ]
    assert not any(b"ann" in gzip.decompress(content) for content in batch.objects.values())
    assert (batch.labels, batch.reasons) == (0, {})


def draft(post_id: str, **changes: object) -> Draft:
    """A post of Ben's at noon."""
    return Draft("post", NOW, "test", {"post_id": post_id, "author_id": "ben", "text": "fine", **changes})
