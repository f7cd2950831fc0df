"""Groups of rows that one task sorts and writes: small hours together, a large hour cut in several.

A group holds all rows of an event_id of an hour, so repeats meet in it whatever its size. The driver knows the size
of every hour from listings or receipts, so no pass over the data is needed to choose.

Not here: what a task does with its rows (partition_writer.py).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from socialsent_assets.domain.events.layout import EventHour

if TYPE_CHECKING:
    from pyspark.sql import Column

Item = TypeVar("Item")


@dataclass(frozen=True)
class Groups:
    """How rows of some hours are spread over tasks.

    Attributes:
        ends: path (`dt=…/hr=…`) of the last hour of each group of hours, in order.
        cuts: number of tasks that share the hours of that group.
    """

    ends: tuple[str, ...] = ()
    cuts: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        """Number of groups."""
        return sum(self.cuts)

    @classmethod
    def by_size(cls, sizes: Sequence[tuple[EventHour, int]], most: int) -> Groups:
        """Groups of about `most` units each; an hour of more is cut.

        >>> hour = EventHour.from_key
        >>> Groups.by_size([(hour("2026-11-22-01:00"), 9), (hour("2026-11-22-02:00"), 40)], most=20)
        Groups(ends=('dt=2026-11-22/hr=01', 'dt=2026-11-22/hr=02'), cuts=(1, 2))
        """
        ends: list[str] = []
        cuts: list[int] = []
        total = 0
        for hour, size in sorted(sizes):
            if ends and total + size <= most:
                ends[-1] = hour.path
                total += size
                continue
            ends.append(hour.path)
            cuts.append(max(1, -(-size // most)))
            total = size
        return cls(tuple(ends), tuple(cuts))

    def of_path(self, path: str) -> int:
        """Number of the group of hours that holds `dt=…/hr=…`, for engines that do not cut an hour."""
        return bisect_left(self.ends, path)

    def column(self) -> Column:
        """Number of the group of a row that has `partition`, `event_id` and `raw` or no `raw`."""
        from pyspark.sql import functions as F  # noqa: N812 - as everybody writes it

        path = F.substring_index("partition", "/", -2)
        first = 0
        number: Column | None = None
        for end, cut in zip(self.ends, self.cuts, strict=True):
            here = F.lit(first)
            if cut > 1:
                here = here + F.pmod(F.xxhash64("event_id"), F.lit(cut)).cast("int")
            within = path <= F.lit(end)
            number = F.when(within, here) if number is None else number.when(within, here)
            first += cut
        return F.lit(0) if number is None else number


def in_slices(
    items: Sequence[Item], size: Callable[[Item], int], most: int, items_most: int = 2000
) -> list[list[Item]]:
    """Slices, in order, of at most `items_most` items and, but for a single larger item, of size `most`.

    Each Spark run has a fixed cost, so many hours go together; a slice bounds the plan.
    """
    slices: list[list[Item]] = []
    total = 0
    for item in items:
        if not slices or len(slices[-1]) >= items_most or total + size(item) > most:
            slices.append([])
            total = 0
        slices[-1].append(item)
        total += size(item)
    return slices
