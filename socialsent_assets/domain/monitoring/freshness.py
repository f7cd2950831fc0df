"""Freshness rules: lag of arriving data against the usual pauses of the source, lag of building.

Not here: rebuilding of stale hours (defs/reconciliation.py).
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.monitoring.findings import Finding

LAG = timedelta(hours=3)
"""Pause that never raises an alert, however steady the source."""

BUILT_WITHIN = timedelta(hours=2)
"""Deadline after the end of an hour to build it from all of its objects."""

ARRIVING, BUILDING = "arriving data", "building hours"

_MIN_HOURS = 24
_ALIVE = timedelta(days=7)
_HOUR_S = 3600


def arriving(full: Sequence[EventHour], now: datetime) -> Finding | None:
    """Compare the pause since the newest hour with records to the usual pauses; `full` is in order.

    None for too few hours, and if the newest is older than a week: a file that was imported once is no live source.
    The second-longest pause counts as usual, so that one outage does not make the next one usual.
    """
    if len(full) < _MIN_HOURS or now - full[-1].end > _ALIVE:
        return None
    pauses = sorted(later.start - earlier.end for earlier, later in itertools.pairwise(full))
    allowed = max(LAG, pauses[-2] + timedelta(hours=1))
    lag = max(timedelta(0), now - full[-1].end)
    return Finding(
        "freshness",
        ARRIVING,
        "breach" if lag > allowed else "ok",
        at=full[-1].end,
        span=full[-1].key,
        observed=lag.total_seconds() / _HOUR_S,
        expected=0.0,
        low=0.0,
        high=allowed.total_seconds() / _HOUR_S,
        link="/assets/landing/events",
    )


def building(waiting: Collection[EventHour], now: datetime) -> Finding:
    """Check for hours that are not built within the deadline."""
    late = sorted(hour for hour in waiting if now - hour.end > BUILT_WITHIN)
    oldest = min(waiting, default=None)
    lag = timedelta(0) if oldest is None else max(timedelta(0), now - oldest.end)
    return Finding(
        "freshness",
        BUILDING,
        "breach" if late else "ok",
        at=late[0].end if late else now,
        span=late[0].key if late else "",
        observed=lag.total_seconds() / _HOUR_S,
        expected=0.0,
        low=0.0,
        high=BUILT_WITHIN.total_seconds() / _HOUR_S,
        cases=len(waiting),
        link="/assets/analytics/lake_hours",
    )
