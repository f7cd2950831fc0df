"""Hours to rebuild, as ranges of one run each.

Not here: which hours are stale (staleness.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from socialsent_assets.domain.events.layout import HOUR, EventHour, contiguous_ranges, hours_between
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.staleness import hours_with_work

Range = tuple[EventHour, EventHour]

_EXACT_RANGES = 8
_BRIDGE = timedelta(hours=24)


def rebuild_ranges(lake: Lake, hours: Iterable[EventHour]) -> list[Range]:
    """Ranges of hours for one run each: exactly `hours`, or, if that were many runs, with gaps bridged.

    Each run starts Spark and dbt, so hours scattered over months would cost a run each. Only gaps of up to a
    day in which nothing ever landed are bridged: the jobs leave such hours alone.
    """
    exact = contiguous_ranges(hours)
    if len(exact) <= _EXACT_RANGES:
        return exact
    merged: list[Range] = []
    for first, last in exact:
        if merged and _is_void(lake, merged[-1][1], first):
            merged[-1] = (merged[-1][0], last)
        else:
            merged.append((first, last))
    return merged


def _is_void(lake: Lake, before: EventHour, after: EventHour) -> bool:
    gap = [hour for hour in hours_between(before, after) if before < hour < after]
    return len(gap) * HOUR <= _BRIDGE and not hours_with_work(lake, gap)
