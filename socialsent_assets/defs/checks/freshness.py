"""Is data still arriving? A warning, because a quiet source is no reason to hold back what did arrive.

Not here: hours that wait to be rebuilt (reconciliation.py).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dagster as dg

from socialsent_assets.defs.landing import EVENTS
from socialsent_assets.domain.events.layout import LANDING_EVENTS, EventHour
from socialsent_assets.lake.lake import Lake
from socialsent_assets.resources.lake import LakeResource

MAX_LAG = timedelta(hours=3)


@dg.asset_check(asset=EVENTS, name="newest_hour_is_recent", blocking=False)
def newest_hour(lake: LakeResource) -> dg.AssetCheckResult:
    """The newest landed hour ended less than three hours ago."""
    newest = newest_landed(lake.open())
    if newest is None:
        return dg.AssetCheckResult(
            passed=False, severity=dg.AssetCheckSeverity.WARN, description="nothing has landed"
        )
    lag = datetime.now(UTC) - newest.end
    return dg.AssetCheckResult(
        passed=lag <= MAX_LAG,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"the newest landed hour is {newest}, limit is {MAX_LAG}",
        metadata={"lag_seconds": max(0.0, lag.total_seconds())},
    )


def newest_landed(lake: Lake) -> EventHour | None:
    """The newest hour with a landing folder: two listings, whatever the history."""
    for day in reversed(lake.landing.folders(LANDING_EVENTS)):
        hours = [EventHour.from_path(f"{day}/{name}") for name in lake.landing.folders(f"{LANDING_EVENTS}/{day}")]
        known = [hour for hour in hours if hour is not None]
        if known:
            return max(known)
    return None
