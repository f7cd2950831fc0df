"""Rows and receipts put into the tables of a lake without any engine, for tests of what reads them.

Not here: landing (tests/conftest.py), whole graphs (tests/graph/graph_lake.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import CLEANSED_EVENTS, EVENT_HOUR, QUARANTINE, SENTIMENT, Table
from socialsent_assets.lake.builds import Receipt, read_builds, table_name, write_receipts
from socialsent_assets.lake.iceberg.commit import Change, replace_hours
from socialsent_assets.lake.iceberg.data_files import write_runs
from socialsent_assets.lake.iceberg.schema import arrow_schema_of
from socialsent_assets.lake.lake import Lake

RUN = "test"


def write_table(lake: Lake, table: Table, at: EventHour, rows: Sequence[Mapping[str, object]]) -> None:
    """Replace an hour of a table; values that a row lacks are null."""
    write_hours(lake, table, {at: rows})


def write_hours(lake: Lake, table: Table, hours: Mapping[EventHour, Sequence[Mapping[str, object]]]) -> None:
    """Replace hours of a table by one commit."""
    loaded, folder = lake.table(table), lake.folder(table)
    schema = arrow_schema_of(loaded)
    runs = (
        (at, pa.RecordBatch.from_pylist([{**row, EVENT_HOUR: at.start} for row in rows], schema=schema))
        for at, rows in sorted(hours.items())
        if rows
    )
    replace_hours(loaded, folder, Change(hours, list(write_runs(folder, schema, runs)), RUN))


def keep_receipts(lake: Lake, receipts: Iterable[Receipt]) -> None:
    """Finish a build of one job: its receipts, with the tables pinned as they are now."""
    kept = list(receipts)
    if not kept:
        return
    job = kept[0].job
    tables = (*CLEANSED_EVENTS, QUARANTINE) if job == "cleanse" else (SENTIMENT,)
    pins: dict[str, int] = {} if job == "cleanse" else dict(read_builds(lake).pins)
    for table in tables:
        snapshot = lake.table(table).current_snapshot()
        if snapshot is not None:
            pins[table_name(table)] = snapshot.snapshot_id
    write_receipts(lake, job, kept, pins, RUN)


def build_table(lake: Lake, table: Table, at: EventHour, rows: Sequence[Mapping[str, object]]) -> None:
    """Replace an hour of a table, and finish the build: readers see it."""
    write_table(lake, table, at, rows)
    job = "cleanse" if table.tier == "cleansed" else "score"
    counts = Counts(len(rows), len(rows), 0, 0)
    known = read_builds(lake).receipts(job).get(at)
    keep_receipts(lake, [known or Receipt(job, at, "in", "out", "1", counts, {table.name: len(rows)})])


def rows_of_table(lake: Lake, table: Table) -> list[dict[str, Any]]:
    """Every row of a table as it is now, in the order of hours and ids."""
    found: list[dict[str, Any]] = lake.table(table).scan().to_arrow().to_pylist()
    return sorted(found, key=lambda row: (row[EVENT_HOUR], str(row.get("event_id") or "")))
