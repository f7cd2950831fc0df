"""An event that a source has already understood: its parts, before the contract has checked them.

Sealing a draft is the other way in beside `event.parse`: the same rules of the kinds, the same canonical line, the
same rejections. Without an `event_id` the draft gets one from its content, so the same draft is the same event
whenever it comes.

Not here: how a record becomes drafts (ingest/), events that arrive as JSON (event.py).
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from socialsent_assets.domain.events.event import EVENT_ID, MAX_AHEAD, MAX_EVENT_BYTES, SCHEMA_VERSION, SOURCE, Event
from socialsent_assets.domain.events.kinds import KINDS, Kind
from socialsent_assets.domain.events.rejection import RefusalError, shown
from socialsent_assets.domain.events.times import format_time

_ID_DIGITS = 32
# Made once: json.dumps with such arguments would make one per event.
_ENCODE = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode


class Draft(NamedTuple):
    """The parts of one event.

    Attributes:
        event_type: a kind of `KINDS`.
        event_time: aware.
        source: slug of the system that the event comes from.
        data: fields of the kind; others are kept in landing and ignored after.
        event_id: None for one that follows from all the other parts.
    """

    event_type: str
    event_time: datetime
    source: str
    data: Mapping[str, object]
    event_id: str | None = None


def seal(draft: Draft, arrived_at: datetime, start: datetime) -> tuple[Event, tuple[str, ...]]:
    """The valid event of a draft, and the names of optional fields that were left out because they break a rule.

    Args:
        draft: the parts.
        arrived_at: aware; the event time may lie up to 24 hours ahead of it.
        start: aware; the first accepted event time.

    Raises:
        RefusalError: a required field, the id, the source or the time breaks the contract.
    """
    kind = KINDS.get(draft.event_type)
    if kind is None:
        known = ", ".join(KINDS)
        raise RefusalError("unknown_event_type", f"event_type is {shown(draft.event_type)}, known are {known}")
    data, left_out = _checked(kind, draft.data)
    _check_time(draft.event_time, arrived_at, start)
    body, time = _json(data), format_time(draft.event_time)
    source = _checked_source(draft.source)
    if draft.event_id:
        event_id = str(EVENT_ID.normalise(draft.event_id))
    else:
        event_id = derived_id(source, kind.name, time, body)
    # The envelope's keys in sorted order around a body that is encoded once: equal to `event.canonical_line`.
    line = (
        f'{{"data":{body},"event_id":{_ENCODE(event_id)},"event_time":"{time}",'
        f'"event_type":"{kind.name}","schema_version":{SCHEMA_VERSION},"source":"{source}"}}'
    )
    raw = _utf8(line)
    if len(raw) > MAX_EVENT_BYTES:
        raise RefusalError("too_large", f"{len(raw):,} bytes, allowed are {MAX_EVENT_BYTES:,}")
    return Event(event_id, kind.name, draft.event_time, source, data, raw), left_out


def derived_id(source: str, *parts: str) -> str:
    """An id that follows from content: the same parts give the same id, in every run and on every machine.

    >>> derived_id("shop", "lovely") == derived_id("shop", "lovely") != derived_id("shop", "awful")
    True
    """
    content = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return f"{source}-{hashlib.sha256(content).hexdigest()[:_ID_DIGITS]}"


def _checked(kind: Kind, data: Mapping[str, object]) -> tuple[dict[str, object], tuple[str, ...]]:
    try:
        return kind.normalise(data), ()
    except RefusalError:
        bad = tuple(name for name, value in data.items() if not _is_readable(kind, name, value))
        if not bad:
            raise
    # A text is kept even if a tag or an age beside it cannot be read.
    return kind.normalise({name: value for name, value in data.items() if name not in bad}), bad


def _is_readable(kind: Kind, name: str, value: object) -> bool:
    field = next((field for field in kind.fields if field.name == name), None)
    if field is None or field.required or value is None:
        return True
    try:
        field.normalise(value)
    except RefusalError:
        return False
    return True


@functools.lru_cache(maxsize=256)
def _checked_source(source: str) -> str:
    return str(SOURCE.normalise(source))


def _check_time(time: datetime, arrived_at: datetime, start: datetime) -> None:
    if time < start:
        raise RefusalError(
            "event_time_out_of_range", f"event_time {format_time(time)} is before the start {format_time(start)}"
        )
    if time > arrived_at + MAX_AHEAD:
        raise RefusalError(
            "event_time_out_of_range", f"event_time {format_time(time)} is over 24 hours after arrival"
        )


def _json(data: Mapping[str, object]) -> str:
    try:
        return _ENCODE(data)
    except (TypeError, ValueError, RecursionError) as error:
        raise RefusalError("invalid_field", f"the data cannot be written as JSON: {error}") from None


def _utf8(line: str) -> bytes:
    try:
        return line.encode("utf-8")
    except UnicodeEncodeError as error:
        half = line[error.start : error.start + 1]
        if "\udc80" <= half <= "\udcff":  # a byte of the file that travelled through the text as it was
            raise RefusalError("not_utf8", "it holds bytes that are not UTF-8 (--encoding names another)") from None
        raise RefusalError("invalid_field", f"{shown(half)} is half of a surrogate pair, no character") from None
