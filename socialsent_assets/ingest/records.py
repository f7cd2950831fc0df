"""Reading fields out of a source's JSON record: times, ids, nested values, with the reason if one is missing.

Not here: the records of one source (sources/), cells of tables (values.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from socialsent_assets.domain.events.rejection import RefusalError, shown
from socialsent_assets.ingest.times import TimeReading, spelled
from socialsent_assets.ingest.values import id_value, is_missing

_IN_UTC = TimeReading(zone=UTC)
_SNOWFLAKE_ZERO = datetime(2010, 11, 4, 1, 42, 54, 657_000, tzinfo=UTC)  # of X: 1288834974657 ms
_SNOWFLAKE_FIRST = 1 << 54  # ids before November 2010 were plain numbers
_TID = "234567abcdefghijklmnopqrstuvwxyz"


def at(record: object, path: str) -> object:
    """The value at `a.b.c`, where a number is a place in a list; None if there is none."""
    for name in path.split("."):
        if isinstance(record, Mapping):
            record = record.get(name)
        elif isinstance(record, list) and name.isdecimal() and int(name) < len(record):
            record = record[int(name)]
        else:
            return None
    return record


def first_at(record: object, *paths: str) -> object:
    """The first value that is there."""
    return next((value for path in paths if not is_missing(value := at(record, path))), None)


def required_id(record: object, *paths: str) -> str:
    """An id. Raises RefusalError if none of the paths has one."""
    value = first_at(record, *paths)
    if value is None:
        raise RefusalError("missing_field", f"{paths[0]} is missing")
    return id_value(value, paths[0])


def optional_id(record: object, *paths: str) -> str | None:
    """An id, or None."""
    value = first_at(record, *paths)
    return None if value is None else id_value(value, paths[0])


def required_text(record: object, *paths: str) -> str:
    """A text, which may be empty. Raises RefusalError if none of the paths has one."""
    value = next((value for path in paths if isinstance(value := at(record, path), str)), None)
    if value is None:
        raise RefusalError("missing_field", f"{paths[0]} is missing")
    return value


def required_time(record: object, *paths: str) -> datetime:
    """A time, aware, in UTC; one without an offset is UTC, by the source's contract. Raises RefusalError."""
    value = first_at(record, *paths)
    if value is None:
        raise RefusalError("missing_field", f"{paths[0]} is missing")
    try:
        return spelled(value, _IN_UTC)[1]
    except ValueError as error:
        raise RefusalError("invalid_field", f"{paths[0]}: {error}") from None


def tags_at(record: object, path: str, name: str) -> list[str] | None:
    """Hashtags of a list of objects; None if there are none."""
    entries = at(record, path)
    if not isinstance(entries, list):
        return None
    return [tag for entry in entries if isinstance(tag := at(entry, name), str)] or None


def present(**values: object) -> dict[str, object]:
    """A dictionary without its None values."""
    return {name: value for name, value in values.items() if value is not None}


def snowflake_time(text: str) -> datetime | None:
    """The time that an id of X after November 2010 holds; None for another id.

    Source: the id is milliseconds since 2010-11-04T01:42:54.657Z, shifted by 22 bits.
    """
    if not text.isdecimal() or not _SNOWFLAKE_FIRST <= int(text) < 1 << 63:
        return None
    return _SNOWFLAKE_ZERO + timedelta(milliseconds=int(text) >> 22)


def tid_time(tid: str) -> datetime:
    """The time in a TID of the AT protocol: 13 letters of base 32, 53 bits of microseconds and 10 of a clock's id.

    Raises:
        RefusalError: it is no TID.
    """
    if len(tid) != 13 or any(letter not in _TID for letter in tid):
        raise RefusalError("invalid_field", f"{shown(tid)} is not a TID, so it has no time")
    number = 0
    for letter in tid:
        number = number << 5 | _TID.index(letter)
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=number >> 10 & (1 << 53) - 1)
