"""Latency of deletions: from their landing to the build after which no mart shows what they took back.

The latest figure is kept in the artifacts tier. It is an upper bound: every object of an hour with deletions that
landed since the build before counts as one that may hold them. On one machine only.

Not here: which rows a deletion takes away (dbt_project/macros/not_deleted.sql), who builds (defs/marts.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.events.times import format_time, parse_time
from socialsent_assets.domain.tables import DELETIONS
from socialsent_assets.lake.builds import read_builds
from socialsent_assets.lake.lake import Lake

_KEY = "warehouse/deletion_latency.json"


@dataclass(frozen=True)
class DeletionLatency:
    """Of the last build that applied deletions.

    Attributes:
        deletions: in the hours that it built.
        slowest_s: seconds from the first landing of one of them to the end of the build, at most.
        applied_at: end of the build, UTC.
    """

    deletions: int
    slowest_s: float
    applied_at: datetime


def note_latency(
    lake: Lake, hours: Iterable[EventHour], before: datetime | None, now: datetime
) -> DeletionLatency | None:
    """Keep the latency of the deletions in hours that were built just now; None if nothing new had landed in them.

    Args:
        lake: that the marts were built from.
        hours: of the build.
        before: end of the build before; None for the first.
        now: aware.
    """
    if lake.landing.is_remote:
        return None  # the age of an object there costs a request that Dagster's role need not be allowed
    receipts, arrivals, count = read_builds(lake).cleanse, [], 0
    for hour in hours:
        held = receipts[hour].rows.get(DELETIONS.name, 0) if hour in receipts else 0
        if not held:
            continue
        landed = [lake.landing.changed_at(info.key) for info in lake.landed(hour)]
        new = [time for time in landed if before is None or time > before]
        arrivals += new
        count += held if new else 0
    if not arrivals:
        return None
    found = DeletionLatency(count, max(0.0, (now - min(arrivals)).total_seconds()), now)
    kept = {"deletions": count, "slowest_s": found.slowest_s, "applied_at": format_time(now)}
    lake.artifacts.write(_KEY, json.dumps(kept, sort_keys=True).encode())
    return found


def last_latency(lake: Lake) -> DeletionLatency | None:
    """The latest figure; None where no deletion was applied yet, or the note cannot be read."""
    try:
        kept = json.loads(lake.artifacts.read(_KEY))
        return DeletionLatency(int(kept["deletions"]), float(kept["slowest_s"]), parse_time(kept["applied_at"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
