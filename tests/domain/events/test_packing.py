"""Packings that producers use: a KPL aggregate, gzip and lines are opened, and damaged ones are named."""

import gzip
import hashlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialsent_assets.domain.events.event import Event, Rejection, parse_record
from socialsent_assets.domain.events.kinds import KINDS
from socialsent_assets.domain.events.packing import MAX_UNPACKED_BYTES

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
START = datetime(2026, 1, 1, tzinfo=UTC)


def event(number: int) -> bytes:
    return json.dumps({**KINDS["post"].example, "event_id": f"e{number}"}).encode()


def kpl(*records: bytes, key: bytes = b"k") -> bytes:
    def field(number: int, content: bytes) -> bytes:
        size, length = len(content), b""
        while size > 127:
            length += bytes([size & 127 | 128])
            size >>= 7
        return bytes([number << 3 | 2]) + length + bytes([size]) + content

    body = field(1, key) + b"".join(field(3, b"\x08\x00" + field(3, record)) for record in records)
    return b"\xf3\x89\x9a\xc2" + body + hashlib.md5(body).digest()


def ids(raw: bytes) -> list[str]:
    answers = parse_record(raw, NOW, START)
    return [answer.event_id if isinstance(answer, Event) else answer.reason for answer in answers]


@pytest.mark.parametrize(
    "raw",
    [
        kpl(event(0), event(1), event(2)),
        kpl(gzip.compress(event(0)), event(1) + b"\n" + event(2)),
        gzip.compress(b"\n".join(map(event, range(3)))),
        gzip.compress(b"[" + b",".join(map(event, range(3))) + b"]"),
        b"\r\n".join(map(event, range(3))) + b"\n",
    ],
    ids=["KPL", "KPL of gzip and lines", "gzip of lines", "gzip of an array", "lines"],
)
def test_a_packing_is_opened(raw: bytes) -> None:
    """Prevents producers with a common library from filling the quarantine as not_utf8."""
    assert ids(raw) == ["e0", "e1", "e2"]


def test_a_bad_event_in_a_packing_stands_alone() -> None:
    """Prevents one bad record of an aggregate from taking its neighbours along."""
    assert ids(kpl(event(0), b"nope", event(2))) == ["e0", "not_json", "e2"]
    assert ids(event(0) + b"\nnope\n" + event(2)) == ["e0", "not_json", "e2"]


def test_an_object_over_many_lines_is_one_event() -> None:
    """Prevents a pretty-printed record from being cut into its lines."""
    assert ids(json.dumps(json.loads(event(0)), indent=2).encode()) == ["e0"]


@pytest.mark.parametrize(
    ("raw", "reason", "words"),
    [
        (kpl(event(0))[:-3], "not_json", "KPL aggregate"),
        (kpl(), "not_an_object", "KPL aggregate (Kinesis Producer Library) without records"),
        (gzip.compress(event(0))[:-9], "not_json", "gzip that is cut off"),
        (gzip.compress(b" " * (MAX_UNPACKED_BYTES + 1)), "too_large", "gzip of more than"),
        (b"\x1f\x8b\x00\x00", "not_json", "gzip that is damaged"),
    ],
    ids=["cut aggregate", "empty aggregate", "cut gzip", "too large", "damaged gzip"],
)
def test_a_packing_that_cannot_be_opened_is_named(raw: bytes, reason: str, words: str) -> None:
    """Prevents a person from looking for bytes that are not UTF-8 where a library has packed them."""
    (answer,) = parse_record(raw, NOW, START)
    assert isinstance(answer, Rejection)
    assert (answer.reason, answer.raw) == (reason, raw)
    assert words in answer.detail


@given(st.binary(max_size=60))
def test_whatever_is_in_an_aggregate_has_an_answer(body: bytes) -> None:
    """Prevents a record that raises, and so blocks its shard until it expires."""
    assert parse_record(b"\xf3\x89\x9a\xc2" + body + hashlib.md5(body).digest(), NOW, START)
