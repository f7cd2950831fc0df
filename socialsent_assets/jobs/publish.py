"""The commits of a job: one per table, within the turn of the run.

Not here: turns (lake/turns.py), a single commit (lake/iceberg/commit.py), receipts (lake/builds.py).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import Table
from socialsent_assets.lake.builds import table_name
from socialsent_assets.lake.iceberg.commit import Change, OvertakenError, replace_hours
from socialsent_assets.lake.iceberg.data_files import WrittenFile
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.turns import Turn

ATTEMPTS = 5
_LONGEST_PAUSE_S = 2.0

Result = TypeVar("Result")


def publish_tables(
    lake: Lake,
    turn: Turn,
    tables: Sequence[Table],
    hours: Collection[EventHour],
    files: Mapping[str, Sequence[WrittenFile]],
) -> dict[str, int]:
    """Replace these hours in every table, one commit each; returns the pins: the snapshot of every table.

    Raises:
        OvertakenError: another run committed to one of the tables in this turn, which was taken for over.
        CommitConflictError, OSError: see `replace_hours`.
    """
    pins = {}
    for table in tables:
        change = Change(hours, files.get(table.name, ()), turn.run)
        snapshot = replace_hours(lake.table(table), lake.folder(table), change)
        if snapshot is not None:
            pins[table_name(table)] = snapshot
    turn.check(lake)
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
