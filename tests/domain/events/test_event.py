"""Validation of events: every reason, every kind of bad input, and one canonical form of what is accepted."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from socialsent_assets.domain.events.event import MAX_EVENT_BYTES, REASONS, Event, Rejection, parse, parse_record
from socialsent_assets.domain.events.kinds import KINDS

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
START = datetime(2026, 1, 1, tzinfo=UTC)


def judge(raw: bytes) -> Event | Rejection:
    return parse(raw, NOW, START)


def event_with(kind: str = "post", data: dict[str, object] | None = None, **envelope: object) -> bytes:
    """The worked example of a kind with some fields changed; `...` removes one."""
    value = json.loads(json.dumps(KINDS[kind].example))
    value["data"] |= data or {}
    value |= envelope
    for part in (value, value["data"] if isinstance(value["data"], dict) else {}):
        for name in [name for name, field in part.items() if field is ...]:
            del part[name]
    return json.dumps(value).encode()


def accepted(raw: bytes) -> Event:
    answer = judge(raw)
    assert isinstance(answer, Event), answer
    return answer


BAD: dict[str, tuple[str, Callable[[], bytes]]] = {
    "bytes that are not UTF-8": ("not_utf8", lambda: b'{"event_id": "\xff"}'),
    "UTF-16": ("not_utf8", lambda: event_with().decode().encode("utf-16")),
    "a surrogate written as UTF-8 bytes": ("not_utf8", lambda: b'{"a": "\xed\xa0\x80"}'),
    "half an object": ("not_json", lambda: event_with()[:-9]),
    "nothing at all": ("not_json", lambda: b""),
    "NaN": ("not_json", lambda: event_with(extra=float("nan"))),
    "minus Infinity": ("not_json", lambda: event_with(extra=float("-inf"))),
    "a raw newline inside a string": ("not_json", lambda: event_with().replace(b"tram", b"tr\nam")),
    "65 levels": ("not_json", lambda: event_with(extra=json.loads("[" * 64 + "]" * 64))),
    "100,000 levels": ("not_json", lambda: b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "100,000 levels that never close": ("not_json", lambda: b'{"a":[' * 50_000),
    "two objects on one line": ("not_json", lambda: event_with() + event_with()),
    "a string": ("not_an_object", lambda: b'"post"'),
    "null": ("not_an_object", lambda: b"null"),
    "an array inside an array": ("not_an_object", lambda: b"[[]]"),
    "one byte over 1 MiB": ("too_large", lambda: event_with().ljust(MAX_EVENT_BYTES + 1)),
    "version 2": ("unsupported_schema_version", lambda: event_with(schema_version=2)),
    "version true": ("unsupported_schema_version", lambda: event_with(schema_version=True)),
    "version 1.0": ("unsupported_schema_version", lambda: event_with(schema_version=1.0)),
    "version as text": ("unsupported_schema_version", lambda: event_with(schema_version="1")),
    "no version": ("missing_field", lambda: event_with(schema_version=...)),
    "no event_id": ("missing_field", lambda: event_with(event_id=...)),
    "event_id null": ("missing_field", lambda: event_with(event_id=None)),
    "no event_time": ("missing_field", lambda: event_with(event_time=...)),
    "no source": ("missing_field", lambda: event_with(source=...)),
    "no data": ("missing_field", lambda: event_with(data=None) and event_with().replace(b'"data"', b'"date"')),
    "a post without text": ("missing_field", lambda: event_with(data={"text": ...})),
    "a comment without its post": ("missing_field", lambda: event_with("comment", data={"post_id": ...})),
    "a user without a name": ("missing_field", lambda: event_with("user", data={"user_name": ...})),
    "an interaction with nothing": ("missing_field", lambda: event_with("interaction", data={"post_id": None})),
    "a tombstone without post_id": ("missing_field", lambda: event_with(data={"deleted": True, "post_id": ...})),
    "an empty event_id": ("invalid_field", lambda: event_with(event_id="")),
    "an event_id of spaces": ("invalid_field", lambda: event_with(event_id="   ")),
    "an event_id of 129 characters": ("invalid_field", lambda: event_with(event_id="x" * 129)),
    "an id as float": ("invalid_field", lambda: event_with(data={"post_id": 17.0})),
    "an id as boolean": ("invalid_field", lambda: event_with(data={"post_id": True})),
    "an id as list": ("invalid_field", lambda: event_with(event_id=["e"])),
    "NUL in an id": ("invalid_field", lambda: event_with(data={"post_id": "p\0"})),
    "a newline in an id": ("invalid_field", lambda: event_with(event_id="e\n1")),
    "a lone surrogate in text": ("invalid_field", lambda: event_with(data={"text": "\ud83d oh"})),
    "a lone surrogate in a field nobody knows": ("invalid_field", lambda: event_with(data={"x": [{"\udc00": 1}]})),
    "1e400": ("invalid_field", lambda: event_with(extra=0)[:-1] + b',"huge":1e400}'),
    "an integer beyond 64 bits": ("invalid_field", lambda: event_with(extra=2**63)),
    "an integer of 5,000 digits": ("invalid_field", lambda: b'{"a":' + b"9" * 5_000 + b"}"),
    "an age of 200": ("invalid_field", lambda: event_with("user", data={"age": 200})),
    "an age of -1": ("invalid_field", lambda: event_with("user", data={"age": -1})),
    "an age as text": ("invalid_field", lambda: event_with("user", data={"age": "36"})),
    "an age of true": ("invalid_field", lambda: event_with("user", data={"age": True})),
    "joined in year 1": ("invalid_field", lambda: event_with("user", data={"joined_at": "0001-01-01T00:00:00Z"})),
    "a user name of spaces": ("invalid_field", lambda: event_with("user", data={"user_name": "  "})),
    "an unknown action": ("invalid_field", lambda: event_with("interaction", data={"action": "poke"})),
    "text as number": ("invalid_field", lambda: event_with(data={"text": 5})),
    "hashtags as one string": ("invalid_field", lambda: event_with(data={"hashtags": "#a"})),
    "hashtags with a number": ("invalid_field", lambda: event_with(data={"hashtags": ["a", 1]})),
    "deleted as text": ("invalid_field", lambda: event_with(data={"deleted": "true"})),
    "lang with an underscore": ("invalid_field", lambda: event_with(data={"lang": "en_US"})),
    "a source with spaces": ("invalid_field", lambda: event_with(source="my feed")),
    "data as list": ("invalid_field", lambda: event_with().replace(b'"data": {', b'"data": [], "old": {')),
    "a time without offset": ("invalid_field", lambda: event_with(event_time="2026-11-22T09:40:28")),
    "a date": ("invalid_field", lambda: event_with(event_time="2026-11-22")),
    "a time as number": ("invalid_field", lambda: event_with(event_time=1795339228)),
    "the 31st of February": ("invalid_field", lambda: event_with(event_time="2026-02-31T00:00:00Z")),
    "second 61": ("invalid_field", lambda: event_with(event_time="2026-11-22T09:40:61Z")),
    "Arabic digits in a time": ("invalid_field", lambda: event_with(event_time="٢٠٢٦-11-22T09:40:28Z")),
    "an unknown type": ("unknown_event_type", lambda: event_with(event_type="story")),
    "a type as list": ("unknown_event_type", lambda: event_with(event_type=["post"])),
    "year 0": ("event_time_out_of_range", lambda: event_with(event_time="0000-01-01T00:00:00Z")),
    "year 1": ("event_time_out_of_range", lambda: event_with(event_time="0001-01-01T00:00:00+14:00")),
    "year 9999": ("event_time_out_of_range", lambda: event_with(event_time="9999-12-31T23:59:59-12:00")),
    "just before the start": (
        "event_time_out_of_range",
        lambda: event_with(event_time="2025-12-31T23:59:59.999999Z"),
    ),
    "over 24 hours ahead": ("event_time_out_of_range", lambda: event_with(event_time="2026-11-23T12:00:00.000001Z")),
}


@pytest.mark.parametrize(("reason", "make"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_a_rejection_that_keeps_its_bytes(reason: str, make: Callable[[], bytes]) -> None:
    """Prevents an exception, a wrong reason or lost bytes for what the world sends."""
    raw = make()
    answer = judge(raw)
    assert isinstance(answer, Rejection), answer
    assert (answer.reason, answer.raw) == (reason, raw), answer.detail
    assert answer.detail.isprintable()
    assert len(answer.detail) < 250


def test_every_reason_has_an_example() -> None:
    """Prevents a tenth word, or one that nothing can ever cause."""
    assert {reason for reason, _ in BAD.values()} == set(REASONS)
    assert len(REASONS) == 9


@pytest.mark.parametrize("kind", KINDS)
def test_the_worked_example_of_a_kind_is_valid_and_its_line_stays_the_same(kind: str) -> None:
    """Prevents documentation that the code rejects, and a canonical line that a second reading changes."""
    event = accepted(event_with(kind))
    assert (event.event_type, event.event_time.tzinfo) == (kind, UTC)
    assert accepted(event.line) == event


@pytest.mark.parametrize("kind", KINDS)
def test_every_required_field_is_required(kind: str) -> None:
    """Prevents a field that is declared as required and never checked."""
    data = json.loads(event_with(kind))["data"]
    for field in KINDS[kind].fields:
        answer = judge(event_with(kind, data={field.name: ...}))
        is_the_one_of_several = field.name in KINDS[kind].at_least_one_of and field.name in data
        assert isinstance(answer, Rejection) == (field.required or is_the_one_of_several), field.name


def test_the_line_is_the_one_spelling_of_an_event() -> None:
    """Prevents two deliveries of one event that look like two events."""
    raw = event_with(event_id=" 7 ", event_time="2026-11-22t10:40:28.1234567+01:00", z=1.0, data={"author_id": 3})
    event = accepted(raw)
    shuffled = json.dumps(dict(reversed(json.loads(raw).items())), indent=2, ensure_ascii=True).encode()
    assert accepted(shuffled).line == event.line
    assert event.line.startswith(b'{"data":{"author_id":"3","hashtags":["tram"],"lang":"en"')
    assert "😍".encode() in event.line
    assert b'"event_id":"7","event_time":"2026-11-22T09:40:28.123456Z"' in event.line


def test_integer_ids_become_strings_wherever_they_stand() -> None:
    """Prevents a post "17" and a post 17 that never meet."""
    event = accepted(event_with("comment", event_id=1, data={"comment_id": 2, "post_id": 3, "parent_comment_id": 4}))
    assert event.event_id == "1"
    assert [event.data[n] for n in ("comment_id", "post_id", "parent_comment_id")] == ["2", "3", "4"]


def test_unknown_fields_are_kept_in_envelope_and_data() -> None:
    """Prevents a landing that forgets what no one reads yet."""
    event = accepted(event_with(trace={"id": 1}, data={"likes": 5}))
    assert json.loads(event.line)["trace"] == {"id": 1}
    assert json.loads(event.line)["data"]["likes"] == 5


def test_a_tombstone_may_lack_text_and_author() -> None:
    """Prevents a deletion that is rejected because it has no text."""
    accepted(event_with(data={"deleted": True, "text": ..., "author_id": None}))
    accepted(event_with("comment", data={"deleted": True, "text": ..., "author_id": ...}))
    assert isinstance(judge(event_with(data={"deleted": False, "text": ...})), Rejection)


@pytest.mark.parametrize("text", ["", "a\0b", "\t\n", "‮", "e\u0301", "👩\u200d👩\u200d👧"], ids=ascii)
def test_a_text_of_any_characters_is_kept_as_written(text: str) -> None:
    """Prevents a contract that edits what people wrote."""
    assert json.loads(accepted(event_with(data={"text": text})).line)["data"]["text"] == text


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("2026-06-30T23:59:60Z", "2026-06-30-23:00"),
        ("2026-07-01T01:59:60.5+02:00", "2026-06-30-23:00"),
        ("2026-11-22T00:30:00+05:45", "2026-11-21-18:00"),
        ("2026-11-22 09:00:00z", "2026-11-22-09:00"),
        ("2026-01-01T00:00:00Z", "2026-01-01-00:00"),
        ("2026-11-23T12:00:00Z", "2026-11-23-12:00"),
    ],
)
def test_a_time_falls_in_its_hour_of_utc(written: str, hour: str) -> None:
    """Prevents a leap second that moves to the next hour, and offsets that are dropped or added twice."""
    assert accepted(event_with(event_time=written)).hour.key == hour


def test_the_last_of_two_equal_keys_counts() -> None:
    """Prevents an answer that changes with the reader."""
    assert accepted(event_with()[:-1] + b',"event_id":"second"}').event_id == "second"


def test_exactly_one_mebibyte_and_64_levels_are_allowed() -> None:
    """Prevents limits that are one off."""
    accepted(event_with().ljust(MAX_EVENT_BYTES))
    accepted(event_with(extra=json.loads("[" * 63 + "]" * 63)))
    accepted(event_with(data={"text": "[{" * 500}))


def test_a_bad_element_does_not_take_its_neighbours_along() -> None:
    """Prevents 999 good events that are lost with one: the old mock server sent pretty-printed arrays."""
    good = event_with()
    bad = [b'{"broken": }', b"NaN", b"1", b'{"a": "\xff"}', b"", event_with(data={"text": 1}), b"[" * 70 + b"]" * 70]
    raw = b"[\n  " + b",\n".join([good, *bad, good]) + b"\n]\n"
    answers = parse_record(raw, NOW, START)
    reasons = [answer.reason if isinstance(answer, Rejection) else "good" for answer in answers]
    expected = ["not_json", "not_json", "not_an_object", "not_utf8", "not_json", "invalid_field", "not_json"]
    assert reasons == ["good", *expected, "good"]
    assert [answer.raw for answer in answers if isinstance(answer, Rejection)] == bad


def test_an_array_may_be_larger_than_an_event() -> None:
    """Prevents a size limit that applies the rule for one event to a batch."""
    post = event_with(data={"text": "x" * 1_000})
    raw = b"[" + b",".join([post] * 1_200) + b"]"
    assert len(raw) > MAX_EVENT_BYTES
    assert all(isinstance(answer, Event) for answer in parse_record(raw, NOW, START))


@pytest.mark.parametrize("raw", [b"[]", b"[ \n ]", b"[", b"[,]", b"[" * 100_000, b'["', b"[}", b"[]]"])
def test_a_record_never_vanishes(raw: bytes) -> None:
    """Prevents an array without events that comes in and is counted nowhere."""
    answers = parse_record(raw, NOW, START)
    assert answers
    assert all(isinstance(answer, Rejection) for answer in answers)


def test_a_cut_array_yields_what_there_is() -> None:
    """Prevents a truncated batch that is rejected whole."""
    raw = b"[" + event_with() + b"," + event_with()[:50]
    first, second = parse_record(raw, NOW, START)
    assert isinstance(first, Event)
    assert isinstance(second, Rejection)
