"""Schedule of the feed: records per minute, and from it the time of the n-th record.

Records are numbered 0, 1, 2 … in order of arrival. A pace answers both questions in a time that does not
grow with the age of the feed.

Not here: the content of the records (world.py).
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import Protocol

from socialsent_assets.simulator.chance import hex_name

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
MINUTE_MS = 60_000


class Pace(Protocol):
    """Minutes are whole minutes since 1970-01-01T00:00Z; `first` is the first one that has records."""

    @property
    def tag(self) -> str:
        """Names this pace: feeds of another pace get other ids."""
        ...

    @property
    def first(self) -> int:
        """The first minute of the feed."""
        ...

    def before(self, minute: int) -> int:
        """Number of records in all minutes before this one."""
        ...

    def minute_of(self, number: int) -> int:
        """The minute in which a record is due."""
        ...


@dataclass(frozen=True, eq=False)
class SteadyPace:
    """The same number of records every minute, from `first` on, without an end: the scheduled Lambda."""

    per_minute: int
    first: int

    @property
    def tag(self) -> str:
        """See `Pace.tag`."""
        return hex_name("steady", self.per_minute, self.first, digits=8)

    def before(self, minute: int) -> int:
        """See `Pace.before`."""
        return max(0, minute - self.first) * self.per_minute

    def minute_of(self, number: int) -> int:
        """See `Pace.minute_of`."""
        return self.first + number // self.per_minute


@dataclass(frozen=True, eq=False)
class PlannedPace:
    """Exactly `cumulative[-1]` records between `first` and an end, more of them by day than by night."""

    tag: str
    first: int
    cumulative: array[int]

    def before(self, minute: int) -> int:
        """See `Pace.before`."""
        return self.cumulative[min(max(0, minute - self.first), len(self.cumulative) - 1)]

    def minute_of(self, number: int) -> int:
        """See `Pace.minute_of`."""
        return self.first + bisect_right(self.cumulative, number) - 1


@lru_cache(maxsize=4)
def planned_pace(until: datetime, hours: int, events: int) -> PlannedPace:
    """A feed of `events` records in the `hours` before `until` (aware; seconds are dropped)."""
    minutes = hours * 60
    first = minute_at(until) - minutes
    weights = list(accumulate(rhythm(first + i) for i in range(minutes)))
    cumulative = array("q", [0, *(events * weight // weights[-1] for weight in weights)])
    return PlannedPace(hex_name("planned", first, hours, events, digits=8), first, cumulative)


def rhythm(minute: int) -> int:
    """Relative activity of a minute of the day (UTC): low at night, two peaks. An integer, so that sums are exact."""
    hour = minute % 1440 / 60
    noon = math.exp(-((hour - 12) ** 2) / 18)
    evening = math.exp(-((hour - 19.5) ** 2) / 9)
    return 250 + round(600 * noon) + round(1000 * evening)


def minute_at(time: datetime) -> int:
    """Whole minutes between 1970 and an aware time."""
    return (time - _EPOCH) // _MINUTE


def time_at(milliseconds: int) -> datetime:
    """The aware UTC time that is so many milliseconds after 1970."""
    return _EPOCH + timedelta(milliseconds=milliseconds)
