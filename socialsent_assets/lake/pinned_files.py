"""Data files of a table in the snapshot that a finished build pinned.

Not here: which snapshots a build pins (builds.py), planning of the files of one snapshot (iceberg/scan.py).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import Table
from socialsent_assets.lake.builds import Pins, table_name
from socialsent_assets.lake.iceberg.scan import ScannedFile, files_of
from socialsent_assets.lake.iceberg.schema import table_exists
from socialsent_assets.lake.lake import Lake

if TYPE_CHECKING:
    from pyiceberg.table import Table as IcebergTable


def pinned_table(lake: Lake, table: Table, pins: Pins) -> tuple[IcebergTable, int] | None:
    """The table and its pinned snapshot; None if it has no rows.

    A table that is not in `pins` has no rows: nothing in it belongs to a finished build, and another run may be
    writing its first rows.
    """
    snapshot = pins.get(table_name(table))
    if snapshot is None or not table_exists(lake.catalog, table):
        return None
    return lake.table(table), snapshot


def pinned_files(
    lake: Lake, table: Table, pins: Pins, hours: Collection[EventHour] | None = None
) -> list[ScannedFile]:
    """Data files with a row of any of `hours`, in the order of their hours; of all hours without `hours`.

    Raises:
        SnapshotExpiredError: the pinned snapshot has expired.
    """
    pinned = pinned_table(lake, table, pins)
    if pinned is None:
        return []
    loaded, snapshot = pinned
    return files_of(loaded, hours, snapshot)
