"""Where everything stands: rows, duplicates, quarantined and newest event of every tier, and what is stale.

Not here: showing it (cli/status.py), which hours are stale and why (lake/staleness.py).
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from socialsent_assets.domain.events.layout import (
    LANDING_EVENTS,
    LANDING_QUARANTINE,
    EventHour,
    table_prefix,
)
from socialsent_assets.domain.tables import CLEANSED_EVENTS, SENTIMENT, Table
from socialsent_assets.lake.lake import Lake, hours_under
from socialsent_assets.lake.landing_stats import Stock, stock_of
from socialsent_assets.lake.quality import keys_of
from socialsent_assets.lake.receipts import Receipt, read_receipt, receipted_hours
from socialsent_assets.lake.staleness import StaleTier, stale_hours
from socialsent_assets.lake.storage.parallel import each
from socialsent_assets.settings import Settings
from socialsent_assets.warehouse.engine import HOURS_TABLE
from socialsent_assets.warehouse.errors import NoMartsError
from socialsent_assets.warehouse.marts import marts_of, versions_of

_EVENT_TIME = re.compile(rb'"event_time":"([0-9T:.Z-]+)"')
_MARTS = ("fct_posts", "fct_comments", "fct_interactions")


@dataclass(frozen=True)
class TierStanding:
    """One tier.

    Attributes:
        hours: event hours that hold at least one row.
        records: what came in: rows + duplicates + quarantined.
        newest_event: the latest event time held; None if there is none.
        tables: rows by table; a mart holds fewer rows than versions came in, because edits and deletions apply.
    """

    hours: int = 0
    records: int = 0
    rows: int = 0
    duplicates: int = 0
    quarantined: int = 0
    newest_event: datetime | None = None
    tables: dict[str, int] = field(default_factory=dict)

    def lag_seconds(self, now: datetime) -> float | None:
        """How long ago the newest event happened; 0 if it is stamped ahead of `now`."""
        return None if self.newest_event is None else max(0.0, (now - self.newest_event).total_seconds())


@dataclass(frozen=True)
class Standing:
    """All tiers, and the hours that have to be built again, each with the first tier to rebuild."""

    tiers: dict[str, TierStanding]
    stale: dict[EventHour, StaleTier]


def standing(lake: Lake, settings: Settings) -> Standing:
    """Look at everything. Its cost grows with the hours kept; nothing is opened but receipts and the newest hour.

    Raises:
        WarehouseBusyError: the marts are being written for longer than a moment.
    """
    landed = hours_under(lake.landing, LANDING_EVENTS)
    built = receipted_hours(lake.cleansed)
    cleanse = _receipts(lake, "cleanse", built)
    score = _receipts(lake, "score", built)
    tiers = {
        "landing": _landing(lake, landed),
        "cleansed": _built(lake, cleanse, CLEANSED_EVENTS),
        "analytics": _built(lake, score, (SENTIMENT,)),
        "marts": _marts(settings),
    }
    return Standing(tiers, stale_hours(lake, sorted({*landed, *built}), versions_of(settings)))


def _landing(lake: Lake, hours: Sequence[EventHour]) -> TierStanding:
    listed = dict(zip(hours, each(lake.landing, lake.landed, hours), strict=True))
    events = sum((stock_of(objects) for objects in listed.values()), Stock())
    quarantine = _quarantine_stock(lake)
    return TierStanding(
        hours=sum(1 for objects in listed.values() if objects),
        records=events.rows + events.duplicates + quarantine.rows,
        rows=events.rows,
        duplicates=events.duplicates,
        quarantined=quarantine.rows,
        newest_event=_newest_landed(lake, [hour for hour, objects in listed.items() if objects]),
    )


def _quarantine_stock(lake: Lake) -> Stock:
    hours = hours_under(lake.landing, LANDING_QUARANTINE)
    folders = [table_prefix(LANDING_QUARANTINE, hour) for hour in hours]
    return sum((stock_of(objects) for objects in each(lake.landing, lake.landing.list, folders)), Stock())


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


def _receipts(lake: Lake, job: str, hours: Sequence[EventHour]) -> list[Receipt]:
    tier = lake.cleansed if job == "cleanse" else lake.analytics
    found = each(tier, lambda hour: read_receipt(tier, job, hour), hours)
    return [receipt for receipt in found if receipt is not None]


def _built(lake: Lake, receipts: Sequence[Receipt], tables: Sequence[Table]) -> TierStanding:
    full = [receipt for receipt in receipts if any(receipt.rows.get(table.name, 0) for table in tables)]
    rows = {table.name: sum(receipt.rows.get(table.name, 0) for receipt in receipts) for table in tables}
    return TierStanding(
        hours=len(full),
        records=sum(receipt.counts.records for receipt in receipts),
        rows=sum(rows.values()),
        duplicates=sum(receipt.counts.duplicates for receipt in receipts),
        quarantined=sum(receipt.counts.quarantined for receipt in receipts),
        newest_event=_newest_row(lake, tables, max((receipt.hour for receipt in full), default=None)),
        tables=rows,
    )


def _newest_row(lake: Lake, tables: Sequence[Table], hour: EventHour | None) -> datetime | None:
    """From the column statistics in the footers of the newest hour."""
    import pyarrow.parquet as pq

    if hour is None:
        return None
    newest: list[datetime] = []
    for table in tables:
        for key in keys_of(lake, table, [hour]).values():
            column = [name.name for name in table.columns].index("event_time")
            with lake.tier(table.tier).open(key) as file:
                footer = pq.read_metadata(file)
            groups = [footer.row_group(number).column(column).statistics for number in range(footer.num_row_groups)]
            newest += [group.max for group in groups if group is not None and group.has_min_max]
    return max((time if time.tzinfo else time.replace(tzinfo=UTC) for time in newest), default=hour.start)


def _marts(settings: Settings) -> TierStanding:
    try:
        with marts_of(settings) as sql:
            [sums] = sql.run(_SUMS).rows
            tables = {name: int(count) for name, count in sql.run(_COUNTS).rows}
            [(newest,)] = sql.run(_NEWEST).rows
    except NoMartsError:
        return TierStanding()
    hours, records, rows, duplicates, quarantined = (int(value) for value in sums)
    return TierStanding(
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
