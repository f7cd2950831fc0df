"""Status of every tier: row counts, duplicates, quarantined records, newest event, and stale hours.

Not here: showing it (cli/status_table.py), which hours are stale and why (lake/staleness.py).
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from socialsent_assets.domain.events.layout import LANDING_QUARANTINE, EventHour
from socialsent_assets.domain.monitoring.deletions import DeletionLatency
from socialsent_assets.domain.tables import CLEANSED_EVENTS, SENTIMENT, Table
from socialsent_assets.lake.builds import Pins, Receipt, read_builds
from socialsent_assets.lake.deletion_latency import last_latency
from socialsent_assets.lake.iceberg.scan import files_of
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.landing_stats import Stock, stock_of
from socialsent_assets.lake.pinned_files import pinned_table
from socialsent_assets.lake.quarantine_stats import quarantine_stock
from socialsent_assets.lake.staleness import StaleTier, stale_hours
from socialsent_assets.lake.storage.base import ObjectInfo
from socialsent_assets.settings import Settings
from socialsent_assets.warehouse.engine import HOURS_TABLE
from socialsent_assets.warehouse.errors import NoMartsError
from socialsent_assets.warehouse.marts import marts_of, versions_of

_EVENT_TIME = re.compile(rb'"event_time":"([0-9T:.Z-]+)"')
_MARTS = ("fct_posts", "fct_comments", "fct_interactions")


@dataclass(frozen=True)
class TierStatus:
    """One tier.

    Attributes:
        hours: event hours that hold at least one row.
        records: what came in: rows + duplicates + quarantined + erased.
        newest_event: the latest event time held; None if there is none.
        tables: rows by table; a mart holds fewer rows than versions came in, because edits and deletions apply.
    """

    hours: int = 0
    records: int = 0
    rows: int = 0
    duplicates: int = 0
    quarantined: int = 0
    erased: int = 0
    newest_event: datetime | None = None
    tables: dict[str, int] = field(default_factory=dict)

    def lag_seconds(self, now: datetime) -> float | None:
        """How long ago the newest event happened; 0 if it is stamped ahead of `now`."""
        return None if self.newest_event is None else max(0.0, (now - self.newest_event).total_seconds())


@dataclass(frozen=True)
class LakeStatus:
    """All tiers, and the hours that have to be built again, each with the first tier to rebuild.

    `damaged` counts hours whose data files are missing or were changed; `deletions` is how long the latest took.
    """

    tiers: dict[str, TierStatus]
    stale: dict[EventHour, StaleTier]
    damaged: int = 0
    deletions: DeletionLatency | None = None


def lake_status(lake: Lake, settings: Settings) -> LakeStatus:
    """Status of every tier. Opens the newest landing hour and manifests, but no data file, whatever the history.

    Raises:
        WarehouseBusyError: the marts are being written for longer than a moment.
    """
    landed, builds = lake.landed_by_hour(), read_builds(lake)
    tiers = {
        "landing": _landing(lake, landed),
        "cleansed": _built(lake, builds.cleanse, builds.pins, CLEANSED_EVENTS),
        "analytics": _built(lake, builds.score, builds.scored_pins, (SENTIMENT,)),
        "marts": _marts(settings),
    }
    known = {*landed, *builds.cleanse}
    stale = stale_hours(lake, known, versions_of(settings), landed)
    return LakeStatus(tiers, stale, len(builds.damaged()), last_latency(lake))


def _landing(lake: Lake, landed: Mapping[EventHour, Sequence[ObjectInfo]]) -> TierStatus:
    events = sum((stock_of(objects) for objects in landed.values()), Stock())
    quarantine = quarantine_stock(lake.landing, lake.landing.walk(LANDING_QUARANTINE))
    return TierStatus(
        hours=len(landed),
        records=events.records + quarantine.records,
        rows=events.rows,
        duplicates=events.duplicates + quarantine.duplicates,
        quarantined=quarantine.rows,
        erased=events.erased + quarantine.erased,
        newest_event=_newest_landed(lake, list(landed)),
    )


def _newest_landed(lake: Lake, hours: Sequence[EventHour]) -> datetime | None:
    """The latest time in the newest hour, or its start if nothing in there can be read."""
    if not hours:
        return None
    newest = max(hours)
    times = [time for info in lake.landed(newest) for time in _times_in(lake.landing.read(info.key))]
    inside = [time for time in times if newest.start <= time < newest.end]
    return max(inside, default=newest.start)


def _times_in(packed: bytes) -> Iterable[datetime]:
    try:
        lines = gzip.decompress(packed)
    except (OSError, EOFError, zlib.error):
        return []  # a damaged object is for the cleansing to report
    latest = max(_EVENT_TIME.findall(lines), default=None)  # canonical times sort like time
    if latest is None:
        return []
    try:
        return [datetime.fromisoformat(latest.decode("ascii"))]
    except ValueError:
        return []


def _built(lake: Lake, receipts: Mapping[EventHour, Receipt], pins: Pins, tables: Sequence[Table]) -> TierStatus:
    full = [hour for hour, receipt in receipts.items() if any(receipt.rows.get(table.name, 0) for table in tables)]
    rows = {table.name: sum(receipt.rows.get(table.name, 0) for receipt in receipts.values()) for table in tables}
    total = sum(rows.values())
    # Scoring drops nothing: what came in is what it wrote.
    counts = [receipt.counts for receipt in receipts.values()] if tables != (SENTIMENT,) else []
    duplicates, quarantined = sum(c.duplicates for c in counts), sum(c.quarantined for c in counts)
    erased = sum(c.erased for c in counts)
    return TierStatus(
        hours=len(full),
        records=total + duplicates + quarantined + erased,
        rows=total,
        duplicates=duplicates,
        quarantined=quarantined,
        erased=erased,
        newest_event=_newest_row(lake, tables, pins, max(full, default=None)),
        tables=rows,
    )


def _newest_row(lake: Lake, tables: Sequence[Table], pins: Pins, hour: EventHour | None) -> datetime | None:
    """The latest event of the newest hour by its manifests, or the start of the hour if they have none."""
    if hour is None:
        return None
    times = [time for table in tables for time in _newest_in_files(lake, table, pins, hour)]
    return max((time for time in times if hour.start <= time < hour.end), default=hour.start)


def _newest_in_files(lake: Lake, table: Table, pins: Pins, hour: EventHour) -> Iterable[datetime]:
    pinned = pinned_table(lake, table, pins)
    if pinned is None:
        return []
    loaded, snapshot = pinned
    field_id = loaded.schema().find_field("event_time").field_id
    return [time for file in files_of(loaded, [hour], snapshot) if (time := file.newest(field_id)) is not None]


def _marts(settings: Settings) -> TierStatus:
    try:
        with marts_of(settings) as sql:
            [sums] = sql.run(_SUMS).rows
            tables = {name: int(count) for name, count in sql.run(_COUNTS).rows}
            [(newest,)] = sql.run(_NEWEST).rows
    except NoMartsError:
        return TierStatus()
    hours, records, rows, duplicates, quarantined = (int(value) for value in sums)
    return TierStatus(
        hours=hours,
        records=records,
        rows=rows,
        duplicates=duplicates,
        quarantined=quarantined,
        newest_event=None if newest is None else newest.replace(tzinfo=UTC),
        tables=tables,
    )


# In the SQL of every engine that may hold the marts.
_SUMS = (
    "select coalesce(sum(case when accepted > 0 then 1 else 0 end), 0), coalesce(sum(records), 0),"  # noqa: S608
    " coalesce(sum(accepted), 0), coalesce(sum(duplicates), 0), coalesce(sum(quarantined), 0)"
    f" from {HOURS_TABLE}"
)
_COUNTS = " union all ".join(
    f"select cast('{name}' as varchar(64)) as mart, count(*) as found from {name}"  # noqa: S608
    for name in _MARTS
)
_TIMES = " union all ".join(f"select max(event_time) as newest from {name}" for name in _MARTS)  # noqa: S608
_NEWEST = f"select max(newest) from ({_TIMES}) as times"  # noqa: S608
