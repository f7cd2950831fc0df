"""Scans: the data files that hold given hours of a table, in one snapshot.

Not here: reading rows with DuckDB (lake/duckdb room) or Spark (jobs/), which snapshots belong together
(lake/builds.py).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.layout import EventHour, hours_between
from socialsent_assets.domain.tables import EVENT_HOUR

if TYPE_CHECKING:
    from pyiceberg.expressions import BooleanExpression
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table as IcebergTable


class SnapshotExpiredError(RuntimeError):
    """The requested snapshot was expired. Reading the current one works."""


@dataclass(frozen=True)
class ScannedFile:
    """A data file of a snapshot.

    Attributes:
        entry: as the manifest has it.
        first, last: the first and the last event hour with a row in it.
    """

    entry: DataFile
    first: EventHour
    last: EventHour

    @property
    def path(self) -> str:
        """Path that DuckDB and PyArrow open: absolute, or `s3://…`."""
        return str(self.entry.file_path).removeprefix("file://")

    @property
    def rows(self) -> int:
        """Rows in the file."""
        return int(self.entry.record_count)

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return int(self.entry.file_size_in_bytes)

    def newest(self, field_id: int) -> datetime | None:
        """The greatest value of a column of times; None if the manifest has no bound of it."""
        bound = self.entry.upper_bounds.get(field_id)
        return None if bound is None else _time(bound)

    def overlaps(self, ordered: Sequence[EventHour]) -> bool:
        """Whether the file can hold a row of any of these hours, which are in order."""
        position = bisect_left(ordered, self.first)
        return position < len(ordered) and ordered[position] <= self.last

    def is_within(self, hours: Collection[EventHour]) -> bool:
        """Whether the file can hold rows of these hours alone."""
        return all(hour in hours for hour in hours_between(self.first, self.last))


def files_of(
    table: IcebergTable, hours: Collection[EventHour] | None = None, snapshot_id: int | None = None
) -> list[ScannedFile]:
    """Data files with a row of any of `hours`, in the order of their hours; of all hours without `hours`.

    A file may hold rows of other hours too: filter rows by `event_hour`.

    Args:
        table: as loaded.
        hours: wanted hours.
        snapshot_id: None for the table's current snapshot.

    Raises:
        SnapshotExpiredError: there is no such snapshot any more.
    """
    from pyiceberg.expressions import AlwaysTrue

    if hours is not None and not hours:
        return []
    if snapshot_id is not None and table.snapshot_by_id(snapshot_id) is None:
        raise SnapshotExpiredError(
            f"snapshot {snapshot_id} of {'.'.join(table.name())} has expired; `socialsent history` lists those kept"
        )
    ordered = sorted(hours) if hours is not None else []
    within = _between(ordered[0], ordered[-1]) if ordered else AlwaysTrue()
    field_id = table.schema().find_field(EVENT_HOUR).field_id
    found = [
        _scanned(task.file, field_id) for task in table.scan(row_filter=within, snapshot_id=snapshot_id).plan_files()
    ]
    wanted = [file for file in found if hours is None or file.overlaps(ordered)]
    return sorted(wanted, key=lambda file: (file.first, file.last, str(file.entry.file_path)))


def _between(first: EventHour, last: EventHour) -> BooleanExpression:
    from pyiceberg.expressions import And, GreaterThanOrEqual, LessThanOrEqual

    return And(
        GreaterThanOrEqual(EVENT_HOUR, first.start.isoformat()),  # type: ignore[misc,call-arg,arg-type]
        LessThanOrEqual(EVENT_HOUR, last.start.isoformat()),  # type: ignore[misc,call-arg,arg-type]
    )


def _scanned(entry: DataFile, field_id: int) -> ScannedFile:
    return ScannedFile(entry, _hour(entry.lower_bounds[field_id]), _hour(entry.upper_bounds[field_id]))


def _hour(bound: bytes) -> EventHour:
    return EventHour.of(_time(bound))


def _time(bound: bytes) -> datetime:
    from pyiceberg.conversions import from_bytes
    from pyiceberg.types import TimestamptzType
    from pyiceberg.utils.datetime import micros_to_timestamptz

    return micros_to_timestamptz(int(from_bytes(TimestamptzType(), bound)))
