"""History of the lake's tables: which run changed which hours when, and the snapshots of an earlier moment.

It is read from the snapshots that the tables still hold, so it reaches back as far as upkeep leaves them.

Not here: taking a run back (undo.py), removing old snapshots (upkeep.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import TABLES, Table
from socialsent_assets.lake.build_cache import pointers_of
from socialsent_assets.lake.builds import PINS, RECEIPT_TABLES, Pins, table_name
from socialsent_assets.lake.iceberg.commit import ACTION, hours_of, run_of
from socialsent_assets.lake.lake import Lake

if TYPE_CHECKING:
    from pyiceberg.table.snapshots import Snapshot


@dataclass
class TableChange:
    """What a run did to one table.

    Attributes:
        first, last: its snapshots; several only where a commit was repeated.
        before: the snapshot before the first; None where the table was empty.
        rows_before, rows_after: rows of the whole table.
        hours: hours that were replaced.
    """

    first: int
    last: int
    before: int | None
    rows_before: int
    rows_after: int
    hours: set[EventHour]


@dataclass
class RunRecord:
    """One run that committed something.

    Attributes:
        run: its id; Dagster's where Dagster ran it.
        action: `build`, `undo` or `compact`.
        ended_at: time of its last commit, UTC.
        tables: by name (`cleansed.posts`).
    """

    run: str
    action: str
    ended_at: datetime
    tables: dict[str, TableChange] = field(default_factory=dict)

    @property
    def hours(self) -> list[EventHour]:
        """Hours of all tables, in order."""
        return sorted({hour for change in self.tables.values() for hour in change.hours})


def runs_of(lake: Lake) -> list[RunRecord]:
    """Every run that a table still has a snapshot of, the newest first."""
    records: dict[str, RunRecord] = {}
    for table in existing_tables(lake):
        for snapshot in _snapshots(lake, table):
            run = run_of(snapshot)
            if not run:
                continue
            at = datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC)
            record = records.setdefault(run, RunRecord(run, _summary(snapshot, ACTION) or "build", at))
            record.ended_at = max(record.ended_at, at)
            _note(record, table, snapshot)
    return sorted(records.values(), key=lambda record: record.ended_at, reverse=True)


def run_named(lake: Lake, run: str) -> RunRecord:
    """The run whose id is, or begins with, `run`. Raises UserError if there is none, or more than one."""
    found = [record for record in runs_of(lake) if record.run.startswith(run)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UserError(f"no run {run} is in the history any more; `socialsent history` lists those that are")
    raise UserError(f"{len(found)} runs begin with {run}; write more of the id (`socialsent history`)")


def pins_at(lake: Lake, moment: str) -> Pins:
    """Snapshots that belonged together at a time (RFC 3339, UTC if it has no offset), or after a run or a snapshot.

    Raises:
        UserError: nothing was built by then, or the history does not reach back so far.
    """
    pins: dict[str, int] = {}
    until = _moment(lake, moment)
    for table in RECEIPT_TABLES.values():
        if table_name(table) not in pointers_of(lake):
            continue
        for snapshot in _snapshots(lake, table):
            if snapshot.timestamp_ms / 1000 <= until.timestamp():
                text = _summary(snapshot, PINS)
                pins |= json.loads(text) if text else {}
                pins[table_name(table)] = snapshot.snapshot_id
    if not pins:
        raise UserError(f"nothing was built by {moment}, or it is no longer kept; `socialsent history` shows what is")
    return pins


def existing_tables(lake: Lake) -> list[Table]:
    """Tables that the catalog has."""
    pointers = pointers_of(lake)
    return [table for table in TABLES if table_name(table) in pointers]


def _moment(lake: Lake, text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
        return time if time.tzinfo else time.replace(tzinfo=UTC)
    except ValueError:
        pass
    if text.isdigit():
        for table in existing_tables(lake):
            snapshot = lake.table(table).snapshot_by_id(int(text))
            if snapshot is not None:
                return run_named(lake, run_of(snapshot)).ended_at
    return run_named(lake, text).ended_at


def _snapshots(lake: Lake, table: Table) -> Iterator[Snapshot]:
    """Ancestors of the current snapshot, the oldest first: what undo went back behind is not among them."""
    loaded = lake.table(table)
    chain = []
    snapshot = loaded.current_snapshot()
    while snapshot is not None:
        chain.append(snapshot)
        parent = snapshot.parent_snapshot_id
        snapshot = loaded.snapshot_by_id(parent) if parent is not None else None
    yield from reversed(chain)


def _note(record: RunRecord, table: Table, snapshot: Snapshot) -> None:
    rows = int(_summary(snapshot, "total-records") or 0)
    added, removed = (int(_summary(snapshot, key) or 0) for key in ("added-records", "deleted-records"))
    known = record.tables.get(table_name(table))
    if known is None:
        record.tables[table_name(table)] = TableChange(
            first=snapshot.snapshot_id,
            last=snapshot.snapshot_id,
            before=snapshot.parent_snapshot_id,
            rows_before=rows - added + removed,
            rows_after=rows,
            hours=set(hours_of(snapshot)),
        )
        return
    known.last, known.rows_after = snapshot.snapshot_id, rows
    known.hours |= set(hours_of(snapshot))


def _summary(snapshot: Snapshot, key: str) -> str | None:
    return None if snapshot.summary is None else snapshot.summary.additional_properties.get(key)
