"""A set of event hours as a short text that people can read: the tag of a run, a line of a log.

    2026-11-28T09-23 2026-11-29T00-03,07

Not here: ranges that a person types (`layout.parse_hour_range`), what an hour is (layout.py).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from datetime import UTC, datetime

from socialsent_assets.domain.events.layout import EventHour

_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})T([0-9,-]+)")
_SPAN = re.compile(r"(\d{2})(?:-(\d{2}))?")


def hour_set_text(hours: Iterable[EventHour]) -> str:
    """Days with their hours, in order; at most 17 characters for a day whose hours follow each other.

    >>> hour_set_text(EventHour.from_key(f"2026-11-22-{hour}:00") for hour in ("03", "04", "09"))
    '2026-11-22T03-04,09'
    """
    by_day = itertools.groupby(sorted(set(hours)), key=lambda hour: hour.start.date())
    return " ".join(f"{day.isoformat()}T{_spans([hour.start.hour for hour in found])}" for day, found in by_day)


def parse_hour_set(text: str) -> list[EventHour]:
    """The inverse of `hour_set_text`: hours in order, each once. Raises ValueError for any other text."""
    return sorted({hour for part in text.split() for hour in _hours_of_day(part)})


def days_of(hours: Iterable[EventHour]) -> list[str]:
    """Days of `hours` (`YYYY-MM-DD`, UTC), in order, each once."""
    return sorted({hour.start.date().isoformat() for hour in hours})


def hours_of_day(day: str) -> list[EventHour]:
    """The 24 hours of a day, `YYYY-MM-DD`, UTC. Raises ValueError for any other text."""
    start = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
    return [EventHour(start.replace(hour=number)) for number in range(24)]


def _spans(numbers: list[int]) -> str:
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][-1] + 1 == number:
            spans[-1].append(number)
        else:
            spans.append([number])
    return ",".join(f"{span[0]:02d}" if len(span) == 1 else f"{span[0]:02d}-{span[-1]:02d}" for span in spans)


def _hours_of_day(part: str) -> list[EventHour]:
    day = _DAY.fullmatch(part)
    spans = [_SPAN.fullmatch(span) for span in day[2].split(",")] if day else [None]
    hours: list[EventHour] = []
    for span in spans:
        if day is None or span is None:
            raise ValueError(f"{part!r} is not a day with hours; write 2026-11-22T03-04,09")
        first, last = int(span[1]), int(span[2] or span[1])
        hours += hours_of_day(day[1])[first : last + 1]
    return hours
