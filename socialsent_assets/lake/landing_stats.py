"""Row and duplicate counts of landing objects, parsed from their names, and the newest landed hour. Reads no object.

Not here: what cleansing made of them (lake/builds.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from socialsent_assets.domain.events.layout import LANDING_EVENTS, EventHour, parse_landing_name
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.base import ObjectInfo


@dataclass(frozen=True)
class Stock:
    """A set of landing objects.

    Attributes:
        objects: how many there are; `uncounted` of them have foreign names, which
            do not contain the number of rows.
        rows: records kept in the other objects.
        duplicates: repeats that were dropped while those were written.
        erased: records that were erased from them, or came again after that.
        size: bytes, compressed.
    """

    objects: int = 0
    uncounted: int = 0
    rows: int = 0
    duplicates: int = 0
    size: int = 0
    erased: int = 0

    @property
    def records(self) -> int:
        """What came in: rows + duplicates + erased."""
        return self.rows + self.duplicates + self.erased

    def __add__(self, other: Stock) -> Stock:
        return Stock(
            objects=self.objects + other.objects,
            uncounted=self.uncounted + other.uncounted,
            rows=self.rows + other.rows,
            duplicates=self.duplicates + other.duplicates,
            erased=self.erased + other.erased,
            size=self.size + other.size,
        )


def stock_of(objects: Iterable[ObjectInfo]) -> Stock:
    """The stock of these objects."""
    return sum((_one(info) for info in objects), Stock())


def newest_landed(lake: Lake, now: datetime) -> EventHour | None:
    """The newest hour with a landing folder, up to the hour of `now`; two listings, whatever the history.

    Later hours are ignored: one event from a clock that runs ahead would hide a source that has stopped.
    """
    present = EventHour.of(now)
    for day in reversed(lake.landing.folders(LANDING_EVENTS)):
        if day > present.path.partition("/")[0]:
            continue
        names = lake.landing.folders(f"{LANDING_EVENTS}/{day}")
        found = [EventHour.from_path(f"{day}/{name}") for name in names]
        known = [hour for hour in found if hour is not None and hour <= present]
        if known:
            return max(known)
    return None


def _one(info: ObjectInfo) -> Stock:
    name = parse_landing_name(info.key.rpartition("/")[2])
    if name is None:
        return Stock(objects=1, uncounted=1, size=info.size)
    return Stock(objects=1, rows=name.rows, duplicates=name.duplicates, erased=name.erased, size=info.size)
