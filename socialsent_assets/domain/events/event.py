"""The envelope: raw bytes in, an `Event` or a `Rejection` out. Start here to learn what a valid event is.

An accepted event is written anew as one canonical line: compact JSON, keys sorted, times in UTC, ids as strings,
unknown fields kept. Two deliveries of one event therefore have the same bytes.

Not here: the rules of each kind's `data` (kinds/), where the line lands (landing.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from socialsent_assets.domain.events.kinds import KINDS
from socialsent_assets.domain.events.kinds.kind import Field, Kind, id_field
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.events.packing import payloads
from socialsent_assets.domain.events.rejection import REASONS, Reason, RefusalError, shown
from socialsent_assets.domain.events.strict_json import elements, read
from socialsent_assets.domain.events.times import BeyondCalendarError, format_time, parse_time

__all__ = [
    "ENVELOPE",
    "REASONS",
    "Event",
    "Reason",
    "Rejection",
    "canonical_line",
    "parse",
    "parse_record",
    "too_large",
]

SCHEMA_VERSION = 1
MAX_EVENT_BYTES = 1024 * 1024
MAX_AHEAD = timedelta(hours=24)

EVENT_ID = id_field("event_id", "Identity of the event; a redelivery repeats it.", required=True)
SOURCE = Field(
    "source",
    "string",
    "Short slug of the system that sent it.",
    required=True,
    pattern=r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
    pattern_meaning="a slug of at most 64 letters, digits, dots, dashes and underscores is expected",
)
ENVELOPE: tuple[Field, ...] = (
    Field("schema_version", "integer", "Version of this contract: 1.", required=True),
    EVENT_ID,
    Field("event_type", "string", "Kind of event.", required=True, allowed=tuple(KINDS)),
    Field("event_time", "timestamp", "When it happened, RFC 3339 with offset.", required=True),
    SOURCE,
)
# Made once: json.dumps with such arguments would make one per event.
_CANONICAL = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


class Event(NamedTuple):
    """A valid event.

    Attributes:
        event_time: aware, UTC.
        data: with every field of the contract in its one spelling; unknown fields as they came.
        line: the canonical landing line, UTF-8, without a newline.
    """

    event_id: str
    event_type: str
    event_time: datetime
    source: str
    data: dict[str, object]
    line: bytes

    @property
    def hour(self) -> EventHour:
        """The hour that it lands in."""
        return EventHour.of(self.event_time)


class Rejection(NamedTuple):
    """A record that is no valid event: why, in one word and in a sentence, and its bytes as they came."""

    reason: Reason
    detail: str
    raw: bytes


def parse(raw: bytes, arrived_at: datetime, start: datetime) -> Event | Rejection:
    """One JSON object; never raises for what is in `raw`.

    Args:
        raw: the bytes as they came, at most 1 MiB to be accepted.
        arrived_at: aware; an event time may lie up to 24 hours ahead of it.
        start: aware; the first accepted event time.
    """
    try:
        if len(raw) > MAX_EVENT_BYTES:
            raise too_large(len(raw))
        return _event(read(raw), arrived_at, start)
    except RefusalError as refusal:
        return Rejection(refusal.reason, refusal.detail, raw)


def too_large(size: int) -> RefusalError:
    """The rejection of a line of `size` bytes, for readers that do not keep that many."""
    return RefusalError("too_large", f"{size:,} bytes, allowed are {MAX_EVENT_BYTES:,}")


def parse_record(raw: bytes, arrived_at: datetime, start: datetime) -> list[Event | Rejection]:
    """A stream record or a line that holds one event or a JSON array of events: always at least one answer.

    A KPL aggregate, gzip, and several lines in one record are opened first (packing.py). Each event in a packing or
    an array is parsed separately, with its own size limit, so that a bad one does not reject the others.
    """
    try:
        inside = payloads(raw)
    except RefusalError as refusal:
        return [Rejection(refusal.reason, refusal.detail, raw)]
    return [answer for payload in inside for answer in _parse_payload(payload, arrived_at, start)]


def _parse_payload(raw: bytes, arrived_at: datetime, start: datetime) -> list[Event | Rejection]:
    if not raw.lstrip(b" \t\r\n").startswith(b"["):
        return [parse(raw, arrived_at, start)]
    events = [parse(element, arrived_at, start) for element in elements([raw])]
    if not events or (len(events) == 1 and isinstance(events[0], Rejection) and not events[0].raw):
        return [Rejection("not_an_object", "an empty array holds no event", raw)]
    return events


def canonical_line(event: Mapping[str, object]) -> bytes:
    """A JSON object in its one spelling, without a newline.

    Raises:
        RefusalError: invalid_field for half of a surrogate pair, which has no UTF-8 form.
    """
    text = _CANONICAL.encode(event)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        half = shown(text[error.start : error.start + 1])
        raise RefusalError("invalid_field", f"{half} is half of a surrogate pair, which is no character") from None


def _event(value: object, arrived_at: datetime, start: datetime) -> Event:
    if not isinstance(value, dict):
        raise RefusalError("not_an_object", f"an event is a JSON object, this is {shown(value)}")
    kind = _kind(value)
    event_id = str(EVENT_ID.normalise(value["event_id"]))
    source = str(SOURCE.normalise(value["source"]))
    event_time = _event_time(value["event_time"], arrived_at, start)
    if not isinstance(value["data"], dict):
        raise RefusalError("invalid_field", f"data is {shown(value['data'])}: an object is expected")
    data = kind.normalise(value["data"])
    written = {**value, "event_id": event_id, "event_time": format_time(event_time), "data": data}
    return Event(event_id, kind.name, event_time, source, data, canonical_line(written))


def _kind(value: dict[str, object]) -> Kind:
    """The kind of an event whose envelope is complete and of a version that we read."""
    for name in ("schema_version", "event_id", "event_type", "event_time", "source", "data"):
        if value.get(name) is None:
            raise RefusalError("missing_field", f"{name} is missing")
    version, event_type = value["schema_version"], value["event_type"]
    if type(version) is not int or version != SCHEMA_VERSION:  # True == 1, and 1.0 == 1
        raise RefusalError(
            "unsupported_schema_version", f"schema_version is {shown(version)}, this reads {SCHEMA_VERSION}"
        )
    if not isinstance(event_type, str) or event_type not in KINDS:
        raise RefusalError("unknown_event_type", f"event_type is {shown(event_type)}, known are {', '.join(KINDS)}")
    return KINDS[event_type]


def _event_time(value: object, arrived_at: datetime, start: datetime) -> datetime:
    if not isinstance(value, str):
        raise RefusalError(
            "invalid_field", f"event_time is {shown(value)}: a time such as 2026-11-22T09:40:28Z is expected"
        )
    try:
        time = parse_time(value)
    except BeyondCalendarError as error:
        raise RefusalError("event_time_out_of_range", f"event_time is {shown(value)}: {error}") from None
    except ValueError as error:
        raise RefusalError("invalid_field", f"event_time is {shown(value)}: {error}") from None
    if time < start:
        raise RefusalError(
            "event_time_out_of_range", f"event_time {shown(value)} is before the start {format_time(start)}"
        )
    if time > arrived_at + MAX_AHEAD:
        raise RefusalError("event_time_out_of_range", f"event_time {shown(value)} is over 24 hours after it arrived")
    return time
