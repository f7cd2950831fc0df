"""The worker's half without Spark: repeats across batches, row groups, files of neighbouring hours."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyiceberg.io.pyarrow import schema_to_pyarrow

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import INTERACTIONS, LAKE_HOURS, Table
from socialsent_assets.jobs.partition_writer import TableFile, Written, write_batches
from socialsent_assets.lake.iceberg import data_files
from socialsent_assets.lake.iceberg.schema import iceberg_schema

HOURS = ("interactions/dt=2026-11-22/hr=08", "interactions/dt=2026-11-22/hr=09")


def file_of(table: Table) -> TableFile:
    return TableFile(table, schema_to_pyarrow(iceberg_schema(table)))


def sorted_rows(ids: list[tuple[int, int]]) -> pa.Table:
    """Rows of (hour, event id), sorted as an engine hands them over."""
    return pa.table(
        {
            "partition": pa.array([HOURS[hour] for hour, _ in sorted(ids)], pa.string()),
            "event_id": pa.array([f"e{number:03}" for _, number in sorted(ids)], pa.string()),
            "action": pa.array(["like"] * len(ids), pa.string()),
        }
    )


def written(table: pa.Table, batch_rows: int, folder: Path) -> tuple[list[bytes], Written]:
    reports = write_batches(table.to_batches(batch_rows), str(folder), {"interactions": file_of(INTERACTIONS)})
    found = Written.of(row for report in reports for row in report.to_pylist())
    paths = [Path(file.uri.removeprefix("file://")) for file in found.files["interactions"]]
    assert [file.size for file in found.files["interactions"]] == [path.stat().st_size for path in paths]
    return [path.read_bytes() for path in paths], found


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 30)), min_size=1, max_size=80), st.integers(1, 80))
def test_bytes_do_not_depend_on_how_the_engine_cut_the_batches(tmp_path_factory, ids, batch_rows):
    """Prevents repeats that survive at the edge of a batch, and files that differ from run to run."""
    table = sorted_rows(ids)
    once, counts = written(table, len(ids), tmp_path_factory.mktemp("once"))
    cut, same = written(table, batch_rows, tmp_path_factory.mktemp("cut"))
    assert (once, counts.counts) == (cut, same.counts)
    for hour, name in enumerate(HOURS):
        mine = [number for other, number in ids if other == hour]
        count = counts.count(INTERACTIONS, EventHour.from_path(name))  # type: ignore[arg-type]
        assert (count.rows, count.duplicates) == (len(set(mine)), len(mine) - len(set(mine)))


def test_rows_say_which_hour_they_are_filed_under(tmp_path):
    """Prevents two hours of one file that no reader could separate."""
    written(sorted_rows([(0, 1), (1, 2)]), 5, tmp_path)
    [path] = tmp_path.rglob("*.parquet")
    assert [time.hour for time in pq.read_table(path)["event_hour"].to_pylist()] == [8, 9]


def test_row_groups_are_filled_across_batches(tmp_path, monkeypatch):
    """Prevents one tiny row group per batch, which makes every reader slow."""
    monkeypatch.setattr(data_files, "ROWS_PER_GROUP", 10)
    written(sorted_rows([(0, number) for number in range(25)]), 3, tmp_path)
    [path] = tmp_path.rglob("*.parquet")
    metadata = pq.ParquetFile(path).metadata
    assert [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)] == [10, 10, 5]


def test_a_failed_task_leaves_no_file_under_way(tmp_path):
    """Prevents a disk that fills with the halves of failed tasks."""

    def broken():
        yield from sorted_rows([(0, 1)]).to_batches()
        raise RuntimeError("the engine failed")

    with pytest.raises(RuntimeError, match="the engine failed"):
        list(write_batches(broken(), str(tmp_path), {"interactions": file_of(INTERACTIONS)}))
    assert list(tmp_path.rglob("*.parquet")) == []


def test_a_row_of_an_unknown_table_is_an_error_and_not_a_loss(tmp_path):
    with pytest.raises(KeyError):
        list(write_batches(sorted_rows([(0, 1)]).to_batches(), str(tmp_path), {"posts": file_of(LAKE_HOURS)}))
