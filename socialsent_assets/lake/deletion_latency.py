"""Latency of deletions: from their landing to the build after which no mart shows what they took back.

The latest figures are kept in the artifacts tier. Each is an upper bound: every object of an hour with deletions that
landed since the build before counts as one that may hold them.

Not here: which rows a deletion takes away (dbt_project/macros/not_deleted.sql), who builds (defs/marts.py), the limit
(domain/monitoring/deletions.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.events.times import format_time, parse_time
from socialsent_assets.domain.monitoring.deletions import DeletionLatency
from socialsent_assets.domain.tables import DELETIONS
from socialsent_assets.lake.builds import read_builds
from socialsent_assets.lake.lake import Lake

_KEY = "warehouse/deletion_latency.json"
_KEPT = 50  # figures: of an hour with a build a minute, so that each is seen by monitoring's next heartbeat


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
    wanted = set(hours)
    receipts = read_builds(lake).cleanse
    held = {hour: n for hour in wanted if hour in receipts and (n := receipts[hour].rows.get(DELETIONS.name, 0))}
    arrivals, count = list[datetime](), 0
    for hour, objects in lake.landed_by_hour(held).items() if held else ():
        new = [info.changed_at for info in objects if before is None or info.changed_at > before]
        arrivals += new
        count += held[hour] if new else 0
    if not arrivals:
        return None
    found = DeletionLatency(count, max(0.0, (now - min(arrivals)).total_seconds()), now)
    kept = [*latencies(lake), found][-_KEPT:]
    lake.artifacts.write(_KEY, json.dumps([_to_json(one) for one in kept], sort_keys=True).encode())
    return found


def latencies(lake: Lake) -> list[DeletionLatency]:
    """The latest figures, oldest first; [] where no deletion was applied yet, or the note cannot be read."""
    try:
        kept = json.loads(lake.artifacts.read(_KEY))
        return [
            DeletionLatency(int(one["deletions"]), float(one["slowest_s"]), parse_time(one["applied_at"]))
            for one in (kept if isinstance(kept, list) else [kept])
        ]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return []


def last_latency(lake: Lake) -> DeletionLatency | None:
    """The latest figure, if there is one."""
    return next(reversed(latencies(lake)), None)


def _to_json(found: DeletionLatency) -> dict[str, object]:
    return {
        "deletions": found.deletions,
        "slowest_s": found.slowest_s,
        "applied_at": format_time(found.applied_at),
    }
