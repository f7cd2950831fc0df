"""The commits of a job: one per table, then a look whether another run rebuilt the same hours meanwhile.

Not here: a single commit (lake/iceberg/commit.py), receipts (lake/builds.py).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import Table
from socialsent_assets.lake.builds import table_name
from socialsent_assets.lake.iceberg.commit import Change, CommitConflictError, overtaken_hours, replace_hours
from socialsent_assets.lake.iceberg.data_files import WrittenFile
from socialsent_assets.lake.lake import Lake

ATTEMPTS = 5
_LONGEST_PAUSE_S = 2.0

Result = TypeVar("Result")


class OvertakenError(CommitConflictError):
    """Another run committed the same hours after this one: its rows and ours would be mixed."""


def publish_tables(
    lake: Lake,
    tables: Sequence[Table],
    hours: Collection[EventHour],
    files: Mapping[str, Sequence[WrittenFile]],
    run: str,
) -> dict[str, int]:
    """Replace these hours in every table, one commit each; returns the pins: the snapshot of every table.

    Of two runs that build the same hours at the same time at least one finds that it was overtaken; it builds them
    again, so that the tables end with the rows of one run.

    Raises:
        OvertakenError: another run committed some of these hours since.
        CommitConflictError, OSError: see `replace_hours`.
    """
    pins = {}
    for table in tables:
        change = Change(hours, files.get(table.name, ()), run)
        snapshot = replace_hours(lake.table(table), lake.folder(table), change)
        if snapshot is not None:
            pins[table_name(table)] = snapshot
    wanted = set(hours)
    for table in tables:
        pinned = pins.get(table_name(table))
        overtaken = overtaken_hours(lake.table(table), pinned, run) & wanted
        if overtaken:
            raise OvertakenError(f"another run rebuilt {min(overtaken)} of {table_name(table)} at the same time")
    return pins


def rebuild_on_conflict(build: Callable[[], Result]) -> Result:
    """Run `build`, again if another run rebuilt the same hours meanwhile.

    Raises:
        CommitConflictError: after ATTEMPTS.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return build()
        except OvertakenError:
            # Randomness lets one of two runs go first; it decides nothing that is kept.
            time.sleep(random.uniform(0.0, _LONGEST_PAUSE_S))  # noqa: S311
    return build()
