"""Replace whole event hours of a table by one atomic commit: the one way in which rows of the lake change.

A commit drops the files that hold the hours, adds the new ones, and carries over the rows of other hours that shared
a dropped file. Readers go by the catalog's pointer, so they see the snapshot before or the one after. Writers are
optimistic: a writer whose pointer has moved plans again from the new snapshot, a bounded number of times. The summary
of each snapshot names the run and the hours, which is what history and undo go by.

Not here: files (data_files.py), which snapshots belong together (lake/builds.py).
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.layout import EventHour, contiguous_ranges, hours_between, parse_hour_range
from socialsent_assets.domain.tables import EVENT_HOUR
from socialsent_assets.lake.iceberg.data_files import TableFolder, WrittenFile, describe, write_runs
from socialsent_assets.lake.iceberg.scan import ScannedFile, files_of
from socialsent_assets.lake.iceberg.schema import arrow_schema_of

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table as IcebergTable
    from pyiceberg.table.snapshots import Snapshot

RUN, HOURS, ACTION = "socialsent.run", "socialsent.hours", "socialsent.action"
"""Keys of a snapshot's summary: id of the run, hours that it replaced, what it did (`build`, `undo`, `compact`)."""

RETURN = "return"
"""Action of a commit that empties hours of an unfinished run."""

ATTEMPTS = 10
_FIRST_PAUSE_S = 0.05
_BATCH_ROWS = 65_536


class CommitConflictError(RuntimeError):
    """Other writers committed in between, every time. The same may work later; nothing was changed."""


class OvertakenError(CommitConflictError):
    """Another run changed the same hours, or ended this run's turn: its rows and ours would be mixed."""


@dataclass(frozen=True)
class Change:
    """What a commit replaces.

    Attributes:
        hours: whose rows are replaced, all of them.
        files: the new rows; none to empty the hours.
        run: id of the run that does it.
        action: `build`, `undo` or `compact`.
        summary: further entries of the snapshot's summary.
        follows: snapshot that must be the table's current one, so that nothing came in between; None for any.
    """

    hours: Collection[EventHour]
    files: Sequence[WrittenFile]
    run: str
    action: str = "build"
    summary: Mapping[str, str] = field(default_factory=dict)
    follows: int | None = None


def replace_hours(table: IcebergTable, folder: TableFolder, change: Change) -> int | None:
    """Commit a change; returns the table's current snapshot id afterwards, None while it has never held a row.

    Nothing is committed where the hours are empty before and after. Safe to repeat.

    Raises:
        OvertakenError: another snapshot than the one that the change must follow is the current one.
        CommitConflictError: after ATTEMPTS conflicts; the new files stay as orphans until upkeep removes them.
        OSError: the disk is full, or storage failed; the table is as it was.
    """
    from pyiceberg.exceptions import CommitFailedException, ValidationException

    for attempt in range(ATTEMPTS):
        if attempt:
            # Randomness spreads writers apart; it decides nothing that is kept.
            time.sleep(_FIRST_PAUSE_S * 2 ** min(attempt, 6) * random.random())  # noqa: S311
            table.refresh()
        current = table.current_snapshot()
        if change.follows is not None and (current is None or current.snapshot_id != change.follows):
            raise OvertakenError(f"another run took its turn at {'.'.join(table.name())}; run this again")
        dropped = files_of(table, change.hours)
        if not dropped and not change.files:
            break
        carried = list(_carry_over(table, folder, change.hours, dropped))
        try:
            _commit(table, dropped, [*change.files, *carried], change)
        except (CommitFailedException, ValidationException):
            _remove(table, carried)
            continue
        break
    else:
        raise CommitConflictError(
            f"{'.'.join(table.name())} was changed by other runs {ATTEMPTS} times in a row; run this again"
        )
    snapshot = table.current_snapshot()
    return None if snapshot is None else snapshot.snapshot_id


def replace_files(
    table: IcebergTable,
    folder: TableFolder,
    files: Sequence[ScannedFile],
    run: str,
    summary: Mapping[str, str] = MappingProxyType({}),
) -> int | None:
    """Rewrite data files as few, without a change to any row; returns the new snapshot, None if others came first."""
    from pyiceberg.exceptions import CommitFailedException, ValidationException

    rows = sorted_by_hour(rows_of_hours(table, files, keep=None))
    written = list(write_runs(folder, arrow_schema_of(table), rows))
    try:
        _commit(table, files, written, Change((), written, run, "compact", summary))
    except (CommitFailedException, ValidationException):
        _remove(table, written)
        return None
    snapshot = table.current_snapshot()
    return None if snapshot is None else snapshot.snapshot_id


def mark(table: IcebergTable, summary: Mapping[str, str]) -> int | None:
    """Commit a snapshot with the rows of the current one and this summary; None if another commit came first."""
    from pyiceberg.exceptions import CommitFailedException, ValidationException

    try:
        _overwrite(table, (), (), summary)
    except (CommitFailedException, ValidationException):
        return None
    committed = table.current_snapshot()
    return None if committed is None else committed.snapshot_id


def return_to(
    table: IcebergTable, folder: TableFolder, snapshot_id: int | None, hours: Collection[EventHour]
) -> None:
    """Make an earlier snapshot the current one again; without one, empty the hours that were written since.

    Raises:
        OvertakenError: another commit came first.
        CommitConflictError: see `replace_hours`.
    """
    from pyiceberg.exceptions import CommitFailedException

    if snapshot_id is None:
        replace_hours(table, folder, Change(hours, (), run="", action=RETURN))
        return
    try:
        table.manage_snapshots().set_current_snapshot(snapshot_id).commit()
    except CommitFailedException as error:
        raise OvertakenError(
            f"another run changed {'.'.join(table.name())} at the same time; run this again"
        ) from error


def sorted_by_hour(
    runs: Iterator[tuple[EventHour, pa.RecordBatch]],
) -> Iterator[tuple[EventHour, pa.RecordBatch]]:
    """The same batches in the order of their hours; holds them all, so it is for small files."""
    yield from sorted(runs, key=lambda run: run[0])


def hours_of(snapshot: Snapshot) -> list[EventHour]:
    """Hours that a snapshot replaced, in order, by its summary; [] for one that this project did not write."""
    text = summary_of(snapshot, HOURS)
    ranges = [parse_hour_range(part) for part in text.split(",") if part]
    return [hour for first, last in ranges for hour in hours_between(first, last)]


def overtaken_hours(table: IcebergTable, pinned: int | None, run: str) -> set[EventHour]:
    """Hours that other runs replaced in the snapshots after `pinned`; compaction, which changes no row, left out."""
    hours: set[EventHour] = set()
    snapshot = table.current_snapshot()
    while snapshot is not None and snapshot.snapshot_id != pinned:
        if run_of(snapshot) != run and summary_of(snapshot, ACTION) != "compact":
            hours.update(hours_of(snapshot))
        parent = snapshot.parent_snapshot_id
        snapshot = table.snapshot_by_id(parent) if parent is not None else None
    return hours


def run_of(snapshot: Snapshot) -> str:
    """Id of the run that wrote a snapshot; empty for one that this project did not write."""
    return summary_of(snapshot, RUN)


def summary_of(snapshot: Snapshot, key: str) -> str:
    """An entry of a snapshot's summary; empty if it has none of that key."""
    summary = snapshot.summary
    return "" if summary is None else str(summary.additional_properties.get(key, ""))


def rows_of_hours(
    table: IcebergTable,
    files: Sequence[ScannedFile],
    keep: Collection[EventHour] | None,
    drop: Collection[EventHour] = (),
) -> Iterator[tuple[EventHour, pa.RecordBatch]]:
    """Rows of data files, hour by hour within each file: those of `keep`, or all but those of `drop`.

    Rows have the columns of the table's schema; a column that is younger than a file is null.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    schema = arrow_schema_of(table)
    hour_type = schema.field(EVENT_HOUR).type
    wanted = pa.array(sorted(hour.start for hour in (keep or drop)), hour_type)
    for file in files:
        with table.io.new_input(file.entry.file_path).open() as source:
            for batch in pq.ParquetFile(source).iter_batches(batch_size=_BATCH_ROWS):
                matches = pc.is_in(batch.column(EVENT_HOUR), value_set=wanted)
                rows = batch.filter(matches if keep else pc.invert(matches))
                yield from _by_hour(_conform(rows, schema))


def _carry_over(
    table: IcebergTable, folder: TableFolder, hours: Collection[EventHour], dropped: Sequence[ScannedFile]
) -> Iterator[WrittenFile]:
    replaced = set(hours)
    # A removed or truncated file has no rows to carry over; its other hours are stale, because the table then has
    # fewer rows than their receipts (lake/builds.py).
    shared = [file for file in dropped if not file.is_within(replaced) and _is_whole(table, file)]
    yield from write_runs(folder, arrow_schema_of(table), rows_of_hours(table, shared, None, replaced))


def _is_whole(table: IcebergTable, file: ScannedFile) -> bool:
    found = table.io.new_input(file.entry.file_path)
    return bool(found.exists()) and len(found) == file.entry.file_size_in_bytes


def _commit(
    table: IcebergTable, dropped: Sequence[ScannedFile], added: Sequence[WrittenFile], change: Change
) -> None:
    properties = {
        RUN: change.run,
        ACTION: change.action,
        HOURS: ",".join(_range_text(first, last) for first, last in contiguous_ranges(change.hours)),
        **change.summary,
    }
    _overwrite(table, dropped, [describe(table, new) for new in added], properties)


def _overwrite(
    table: IcebergTable, dropped: Sequence[ScannedFile], added: Sequence[DataFile], summary: Mapping[str, str]
) -> None:
    from pyiceberg.table.refs import MAIN_BRANCH
    from pyiceberg.table.snapshots import Operation

    from socialsent_assets.lake.iceberg.overwrite import merging_overwrite

    with table.transaction() as transaction:
        update = merging_overwrite()(
            operation=Operation.OVERWRITE,
            transaction=transaction,
            io=table.io,
            snapshot_properties=dict(summary),
            branch=MAIN_BRANCH,
        )
        for file in dropped:
            update.delete_data_file(file.entry)
        for new in added:
            update.append_data_file(new)
        update.commit()


def _remove(table: IcebergTable, files: Sequence[WrittenFile]) -> None:
    for file in files:
        with contextlib.suppress(OSError):  # an orphan at worst
            table.io.delete(file.uri)


def _conform(rows: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    columns = [
        rows.column(field.name).cast(field.type)
        if field.name in rows.schema.names
        else pa.nulls(rows.num_rows, field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _by_hour(rows: pa.RecordBatch) -> Iterator[tuple[EventHour, pa.RecordBatch]]:
    import itertools

    import numpy as np

    hours = rows.column(EVENT_HOUR)
    if not len(hours):
        return
    values = hours.cast("int64").to_numpy()
    edges = [0, *(np.flatnonzero(values[1:] != values[:-1]) + 1).tolist(), len(values)]
    for start, end in itertools.pairwise(edges):
        yield EventHour.of(hours[start].as_py()), rows.slice(start, end - start)


def _range_text(first: EventHour, last: EventHour) -> str:
    return first.key if first == last else f"{first.key}..{last.key}"
