"""The one partitioning of the graph: days of event time (UTC). A run builds some hours of them.

The hour is what the lake replaces, the day is what Dagster counts: it writes an event for every asset and partition
of a run, so hours would cost 24 times as much bookkeeping, most of it for data of a few rows.

Not here: which hours are stale (reconciliation.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import dagster as dg

from socialsent_assets.domain.events.hour_set import days_of, hour_set_text, hours_of_day, parse_hour_set
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.events.start import HISTORY_START
from socialsent_assets.resources.dagster_storage import HOURS_TAG
from socialsent_assets.settings import Settings

# As old as a file that a person brings may be, so that a move of SOCIALSENT_START alone brings no hour that cannot be
# built.
_FIRST_DAY = HISTORY_START.date()

# Events may be stamped up to 24 h ahead of their arrival: today and tomorrow can hold data.
_DAYS_AHEAD = 2
_DAY = timedelta(days=1)

# Read while the module is imported: partitions are part of the graph's definition, and Dagster reads them
# before any resource exists. It is the only setting that shapes the graph; keys and names never do.
FIRST_DAY = min(_FIRST_DAY, Settings.from_env().start.date())


class _EventDays(dg.DailyPartitionsDefinition):
    """Days, listed in 4 ms: Dagster's own list of 13,500 takes 90, and a run asks for it some sixteen times."""

    def get_partition_keys(
        self, current_time: datetime | None = None, dynamic_partitions_store: Any = None
    ) -> Sequence[str]:
        with dg.partition_loading_context(current_time, dynamic_partitions_store):
            last = self.get_last_partition_key()
        days = 0 if last is None else (date.fromisoformat(last) - FIRST_DAY).days + 1
        return [(FIRST_DAY + number * _DAY).isoformat() for number in range(days)]


EVENT_DAYS = _EventDays(start_date=FIRST_DAY.isoformat(), timezone="UTC", end_offset=_DAYS_AHEAD)

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
_PARTITION = "dagster/partition"


def run_tags(hours: Sequence[EventHour]) -> dict[str, str]:
    """Tags of a run that builds exactly `hours`, however far apart they lie. Raises ValueError for none."""
    if not hours:
        raise ValueError("a run without hours")
    days = days_of(hours)
    return {RANGE_START: days[0], RANGE_END: days[-1], HOURS_TAG: hour_set_text(hours)}


def hours_of_run(run: dg.DagsterRun) -> list[EventHour]:
    """The event hours that a run covers, in order; [] for a run without partitions, all of its days without the tag.

    Asset checks are not partitioned (one verdict per run, over exactly its hours), so they ask the run, and so does
    everything else. Raises ValueError for a tag that cannot be read: a run that guessed would build other hours.
    """
    first = run.tags.get(RANGE_START) or run.tags.get(_PARTITION)
    last = run.tags.get(RANGE_END) or first
    if first is None or last is None:
        return []
    asked = run.tags.get(HOURS_TAG)
    if asked is not None:
        return [hour for hour in parse_hour_set(asked) if first <= hour.start.date().isoformat() <= last]
    return _hours_of_days(date.fromisoformat(first), date.fromisoformat(last))


def is_before_partitions(hour: EventHour) -> bool:
    """Whether the graph has no day for this hour."""
    return hour.start.date() < FIRST_DAY


def _hours_of_days(first: date, last: date) -> list[EventHour]:
    days = (first + number * _DAY for number in range((last - first).days + 1))
    return [hour for day in days for hour in hours_of_day(day.isoformat())]
