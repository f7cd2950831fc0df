"""Is data still arriving, and is what arrived built? Lags, compared with the pauses that this source makes.

Not here: hours that wait to be rebuilt and get it (defs/reconciliation.py).
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.monitoring.findings import Finding

LAG = timedelta(hours=3)
"""A pause that is no alarm even for the steadiest source."""

BUILT_WITHIN = timedelta(hours=2)
"""Time after an hour's end within which it should be built from all of its objects."""

ARRIVING, BUILDING = "arriving data", "building hours"

_FEWEST_HOURS = 24
_ALIVE = timedelta(days=7)
_HOUR_S = 3600


def arriving(full: Sequence[EventHour], now: datetime) -> Finding | None:
    """The verdict on the pause since the newest of the hours with records, which are given in order.

    None for too few hours, and for a newest one that is older than a week: nobody expects more of a file that was
    read once. A source that pauses is known by its second-longest pause: one outage does not make the next usual.
    """
    if len(full) < _FEWEST_HOURS or now - full[-1].end > _ALIVE:
        return None
    pauses = sorted(later.start - earlier.end for earlier, later in itertools.pairwise(full))
    allowed = max(LAG, pauses[-2] + timedelta(hours=1))
    lag = max(timedelta(0), now - full[-1].end)
    return Finding(
        "freshness",
        ARRIVING,
        "bad" if lag > allowed else "good",
        at=full[-1].end,
        span=full[-1].key,
        observed=lag.total_seconds() / _HOUR_S,
        expected=0.0,
        low=0.0,
        high=allowed.total_seconds() / _HOUR_S,
        link="/assets/landing/events",
    )


def building(waiting: Collection[EventHour], now: datetime) -> Finding:
    """The verdict on hours that ended and wait to be built from what has landed in them."""
    late = sorted(hour for hour in waiting if now - hour.end > BUILT_WITHIN)
    oldest = min(waiting, default=None)
    lag = timedelta(0) if oldest is None else max(timedelta(0), now - oldest.end)
    return Finding(
        "freshness",
        BUILDING,
        "bad" if late else "good",
        at=late[0].end if late else now,
        span=late[0].key if late else "",
        observed=lag.total_seconds() / _HOUR_S,
        expected=0.0,
        low=0.0,
        high=BUILT_WITHIN.total_seconds() / _HOUR_S,
        cases=len(waiting),
        link="/assets/analytics/lake_hours",
    )
