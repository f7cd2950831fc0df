"""The one partitioning of the graph: event hours (UTC) since the first accepted one.

Not here: days. They are rows of the marts, not partitions, so that late data has one kind of hour to rebuild.
"""

from __future__ import annotations

import dagster as dg

from socialsent_assets.domain.events.layout import HOUR, EventHour, hours_between
from socialsent_assets.settings import Settings

KEY_FORMAT = "%Y-%m-%d-%H:%M"

# Events may be stamped up to 24 h ahead of their arrival, so the current hour and 24 more can hold data.
HOURS_AHEAD = 24

# Read while the module is imported: partitions are part of the graph's definition, and Dagster asks for them
# before any resource exists. It is the only setting that shapes the graph; keys and names never do.
EVENT_HOURS = dg.HourlyPartitionsDefinition(
    start_date=Settings.from_env().start.strftime(KEY_FORMAT),
    fmt=KEY_FORMAT,
    timezone="UTC",
    end_offset=HOURS_AHEAD + 1,
)

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
_PARTITION = "dagster/partition"


def range_tags(first: EventHour, last: EventHour) -> dict[str, str]:
    """Tags of a run that covers every hour from `first` to `last`, both included."""
    return {RANGE_START: first.key, RANGE_END: last.key}


def hours_of_run(run: dg.DagsterRun) -> list[EventHour]:
    """The event hours that a run covers, in order; [] for a run without partitions.

    Asset checks are not partitioned (one verdict per run, over exactly its hours), so they ask the run.
    """
    first = run.tags.get(RANGE_START) or run.tags.get(_PARTITION)
    last = run.tags.get(RANGE_END) or first
    if first is None or last is None:
        return []
    return list(hours_between(EventHour.from_key(first), EventHour.from_key(last)))


def hours_of_keys(keys: list[str] | tuple[str, ...]) -> list[EventHour]:
    """Event hours of partition keys, in order."""
    return sorted(EventHour.from_key(key) for key in keys)


def end_of(hours: list[EventHour]) -> EventHour:
    """The first hour after the last of `hours`."""
    return EventHour(max(hours).start + HOUR)
