"""Turns at publishing: one run at a time commits the tables of a tier, and then the receipts that vouch for them.

A run begins its turn by a snapshot of the tier's table of receipts that changes no row and follows the one that it
saw; its receipts, which follow that snapshot, end the turn. Of two commits that follow the same snapshot Iceberg lets
one win, so turns need no lock and hold between machines. Data files are written before, by all runs at once.

A run that was killed in its turn is passed over: at once where its process can be seen to be gone, else after
`LEASE_S` seconds without a change. The next turn first returns the tables to the snapshots that the last receipts
name. A run that was only slow finds that its receipts follow nothing any more, and builds again.

Not here: commits of a table (iceberg/commit.py), what receipts say (builds.py), what a job commits (jobs/publish.py).
"""

from __future__ import annotations

import os
import random
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socialsent_assets.domain.tables import TABLES, Table
from socialsent_assets.lake.builds import PINS, RECEIPT_TABLES, pins_of, table_name
from socialsent_assets.lake.iceberg.commit import (
    ACTION,
    CommitConflictError,
    OvertakenError,
    mark,
    overtaken_hours,
    return_to,
    summary_of,
)
from socialsent_assets.lake.lake import Lake

if TYPE_CHECKING:
    from pyiceberg.table.snapshots import Snapshot

BEGIN, END = "begin", "end"
"""Actions of the snapshots around a turn; `END` where a run ended its turn without receipts."""

HOLDER = "socialsent.holder"
"""Key of a `BEGIN` snapshot's summary: host and process, `host/4711`."""

LEASE_S = 300.0
"""After so long without a commit a turn is over; publishing takes seconds."""

_PATIENCE_S = 3600.0
_PAUSE_S = 0.2


@dataclass(frozen=True)
class Turn:
    """The right to publish a tier.

    Attributes:
        job: `cleanse` or `score`, whose tables these are.
        run: id of the run.
        snapshot: of the table of receipts; the receipts must follow it.
        bases: snapshot of each table of the tier at the beginning; None for a table without any.
    """

    job: str
    run: str
    snapshot: int
    bases: Mapping[str, int | None]

    def check(self, lake: Lake) -> None:
        """Raise OvertakenError if another run committed to a table of the tier since the turn began."""
        for table in _tables_of(self.job):
            name = table_name(table)
            overtaken = overtaken_hours(lake.table(table), self.bases[name], self.run)
            if overtaken:
                raise OvertakenError(f"another run rebuilt {min(overtaken)} of {name} at the same time")


@contextmanager
def publishing(lake: Lake, job: str, run: str) -> Iterator[Turn]:
    """Wait for a turn at the tier of `job`, and have it until receipts are written, or the block ends.

    A run that publishes both tiers takes `cleanse` first.

    Raises:
        CommitConflictError: others had their turns for an hour.
    """
    snapshot = _begin(lake, job)
    try:
        yield Turn(job, run, snapshot, _return_unfinished(lake, job))
    finally:
        loaded = lake.table(RECEIPT_TABLES[job])
        current = loaded.current_snapshot()
        if current is not None and current.snapshot_id == snapshot:
            mark(loaded, _kept(current) | {ACTION: END})


def _begin(lake: Lake, job: str) -> int:
    table, started = RECEIPT_TABLES[job], time.monotonic()
    seen, since = 0, started
    while True:
        loaded = lake.table(table)
        current = loaded.current_snapshot()
        found = current.snapshot_id if current is not None else 0
        if found != seen:
            seen, since = found, time.monotonic()
        if _is_free(current) or time.monotonic() - since > LEASE_S:
            begun = mark(loaded, _kept(current) | {ACTION: BEGIN, HOLDER: _me()})
            if begun is not None:
                return begun
        elif time.monotonic() - started > _PATIENCE_S:
            raise CommitConflictError(f"other runs publish {table.tier} all the time; run this again")
        # Randomness spreads writers apart; it decides nothing that is kept.
        time.sleep(_PAUSE_S * random.uniform(0.5, 1.5))  # noqa: S311


def _is_free(current: Snapshot | None) -> bool:
    if current is None or summary_of(current, ACTION) != BEGIN:
        return True
    host, _, process = summary_of(current, HOLDER).rpartition("/")
    return host == socket.gethostname() and not _runs(int(process))


def _me() -> str:
    return f"{socket.gethostname()}/{os.getpid()}"


def _runs(process: int) -> bool:
    import psutil  # most runs never meet another one

    try:
        return bool(psutil.Process(process).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _kept(current: Snapshot | None) -> dict[str, str]:
    """Summary that a snapshot without new receipts has from the one before, so that readers find the same tables."""
    pins = None if current is None else summary_of(current, PINS)
    return {PINS: pins} if pins else {}


def _return_unfinished(lake: Lake, job: str) -> dict[str, int | None]:
    """Return the tables to what the last receipts vouch for; their snapshots."""
    pins = pins_of(job, lake.table(RECEIPT_TABLES[job]))
    bases: dict[str, int | None] = {}
    for table in _tables_of(job):
        loaded, name = lake.table(table), table_name(table)
        unfinished = overtaken_hours(loaded, pins.get(name), run="")
        if unfinished:
            return_to(loaded, lake.folder(table), pins.get(name), unfinished)
        current = loaded.current_snapshot()
        bases[name] = None if current is None else current.snapshot_id
    return bases


def _tables_of(job: str) -> list[Table]:
    receipts = RECEIPT_TABLES[job]
    return [table for table in TABLES if table.tier == receipts.tier and table is not receipts]
