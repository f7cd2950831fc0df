"""Freshness check of landing. A warning, because a quiet source is no reason to hold back what did arrive.

Not here: hours that wait to be rebuilt (reconciliation.py).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dagster as dg

from socialsent_assets.defs.landing import EVENTS
from socialsent_assets.lake.landing_stats import newest_landed
from socialsent_assets.resources.lake import LakeResource

MAX_LAG = timedelta(hours=3)


@dg.asset_check(asset=EVENTS, name="newest_hour_is_recent", blocking=False)
def newest_hour(lake: LakeResource) -> dg.AssetCheckResult:
    """The newest landed hour ended less than three hours ago."""
    now = datetime.now(UTC)
    newest = newest_landed(lake.open(), now)
    if newest is None:
        return dg.AssetCheckResult(
            passed=False, severity=dg.AssetCheckSeverity.WARN, description="nothing has landed"
        )
    lag = now - newest.end
    return dg.AssetCheckResult(
        passed=lag <= MAX_LAG,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"the newest landed hour is {newest}, limit is {MAX_LAG}",
        metadata={"lag_seconds": max(0.0, lag.total_seconds())},
    )
