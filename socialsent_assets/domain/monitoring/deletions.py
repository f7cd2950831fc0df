"""Deletion rule: latency of a build's deletions against a limit.

Not here: measuring it (lake/deletion_latency.py), deletions that wait for a build (freshness.py: hours that are not
built).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from socialsent_assets.domain.monitoring.findings import Finding

LIMIT = timedelta(hours=2)
"""Default limit; `SOCIALSENT_DELETION_MINUTES` sets another."""

APPLYING = "deletions"

_HOUR_S = 3600


@dataclass(frozen=True)
class DeletionLatency:
    """Of a build that applied deletions.

    Attributes:
        deletions: in the hours that it built.
        slowest_s: seconds from the first landing of one of them to the end of the build, at most.
        applied_at: end of the build, UTC.
    """

    deletions: int
    slowest_s: float
    applied_at: datetime


def applying(found: DeletionLatency, limit: timedelta) -> Finding:
    """Compare one build's latency to the limit; the next build with deletions closes the alert if it was faster."""
    return Finding(
        "deletion",
        APPLYING,
        "breach" if found.slowest_s > limit.total_seconds() else "ok",
        at=found.applied_at,
        observed=found.slowest_s / _HOUR_S,
        expected=0.0,
        low=0.0,
        high=limit.total_seconds() / _HOUR_S,
        cases=found.deletions,
        link="/assets/marts/lake_hours",
    )
