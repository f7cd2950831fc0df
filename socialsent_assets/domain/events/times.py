"""Times as the contract writes them: RFC 3339 with an offset in, UTC with microseconds out.

Not here: which times are accepted (event.py), event hours (layout.py).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

_RFC_3339 = re.compile(
    r"(?P<minute>\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}):(?P<second>\d{2})(?:\.\d+)?(?P<offset>[Zz]|[+-]\d{2}:\d{2})?",
    re.ASCII,
)


_WITHOUT_OFFSET = len("2026-11-22T09:40:28.123456")


class NoOffsetError(ValueError):
    """A timestamp without a UTC offset."""


class BeyondCalendarError(ValueError):
    """A time that exists, but not as UTC within the years 1 to 9999."""


def parse_time(text: str, *, assume_utc: bool = False) -> datetime:
    """An RFC 3339 time as an aware time in UTC; digits after the microsecond are cut off.

    A leap second (`:60`) becomes the last microsecond of its minute, so that it keeps its hour.
    `assume_utc` reads a time without an offset as UTC.

    Raises:
        NoOffsetError: it has no offset, and no default was given.
        BeyondCalendarError: in UTC it is outside the years 1 to 9999.
        ValueError: anything else.

    >>> parse_time("2026-11-22T10:40:28.5+01:00")
    datetime.datetime(2026, 11, 22, 9, 40, 28, 500000, tzinfo=datetime.timezone.utc)
    """
    match = _RFC_3339.fullmatch(text)
    if match is None:
        raise ValueError("not a time like 2026-11-22T09:40:28Z")
    offset = match["offset"]
    if offset is None:
        if not assume_utc:
            raise NoOffsetError("no offset: write Z or +01:00 after the time")
        text, offset = f"{text}Z", "Z"
    if text.startswith("0000"):
        raise BeyondCalendarError("year 0")
    if match["second"] == "60":
        text = f"{match['minute']}:59.999999{offset}"
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except OverflowError:
        raise BeyondCalendarError("in UTC it is outside the years 1 to 9999") from None


def format_time(time: datetime) -> str:
    """The one spelling of a time in landing: `YYYY-MM-DDTHH:MM:SS.ffffffZ`. The time is aware.

    >>> format_time(datetime(2026, 11, 22, 9, tzinfo=UTC))
    '2026-11-22T09:00:00.000000Z'
    """
    if time.tzinfo is not UTC:
        time = time.astimezone(UTC)
    return time.isoformat(timespec="microseconds")[:_WITHOUT_OFFSET] + "Z"
