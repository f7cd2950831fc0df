"""What has landed, told by the names of the objects alone: no object is opened.

Not here: what the cleansing made of it (lake/builds.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from socialsent_assets.domain.events.layout import parse_landing_name
from socialsent_assets.lake.storage.base import ObjectInfo


@dataclass(frozen=True)
class Stock:
    """A set of landing objects.

    Attributes:
        objects: how many there are; `uncounted` of them were put there by somebody else, so that their names
            do not say how many rows they hold.
        rows: records kept in the other objects.
        duplicates: repeats that were dropped while those were written.
        size: bytes, compressed.
    """

    objects: int = 0
    uncounted: int = 0
    rows: int = 0
    duplicates: int = 0
    size: int = 0

    def __add__(self, other: Stock) -> Stock:
        return Stock(
            objects=self.objects + other.objects,
            uncounted=self.uncounted + other.uncounted,
            rows=self.rows + other.rows,
            duplicates=self.duplicates + other.duplicates,
            size=self.size + other.size,
        )


def stock_of(objects: Iterable[ObjectInfo]) -> Stock:
    """The stock of these objects."""
    return sum((_one(info) for info in objects), Stock())


def _one(info: ObjectInfo) -> Stock:
    name = parse_landing_name(info.key.rpartition("/")[2])
    if name is None:
        return Stock(objects=1, uncounted=1, size=info.size)
    return Stock(objects=1, rows=name.rows, duplicates=name.duplicates, size=info.size)
