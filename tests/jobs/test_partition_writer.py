"""The worker's half without Spark: repeats across batches, row groups, files of neighbouring hours."""

from __future__ import annotations

import hashlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socialsent_assets.lake.commit import StagingArea

from socialsent_assets.domain.tables import INTERACTIONS, LAKE_HOURS
from socialsent_assets.jobs import partition_writer
from socialsent_assets.jobs.partition_writer import TableFile, write_batches

HOURS = ("interactions/dt=2026-11-22/hr=08", "interactions/dt=2026-11-22/hr=09")


def sorted_rows(ids: list[tuple[int, int]]) -> pa.Table:
    """Rows of (hour, event id), sorted as Spark hands them over."""
    return pa.table(
        {
            "partition": pa.array([HOURS[hour] for hour, _ in sorted(ids)], pa.string()),
            "event_id": pa.array([f"e{number:03}" for _, number in sorted(ids)], pa.string()),
            "action": pa.array(["like"] * len(ids), pa.string()),
        }
    )


def written(table: pa.Table, batch_rows: int, folder) -> dict[str, tuple[bytes, int, int]]:
    area = StagingArea(str(folder), "staged")
    reports = write_batches(table.to_batches(batch_rows), area, {"interactions": TableFile(INTERACTIONS)})
    found = {}
    for report in reports:
        [row] = report.to_pylist()
        content = (folder / row["key"]).read_bytes()
        assert row["key"] == f"staged/{row['partition']}/part-0.parquet"
        assert (row["digest"], row["size"]) == (hashlib.sha256(content).hexdigest(), len(content))
        found[row["partition"]] = (content, row["rows"], row["duplicates"])
    return found


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 30)), min_size=1, max_size=80), st.integers(1, 80))
def test_bytes_do_not_depend_on_how_spark_cut_the_batches(tmp_path_factory, ids, batch_rows):
    """Prevents repeats that survive at the edge of a batch, and files that differ from run to run."""
    table = sorted_rows(ids)
    once = written(table, len(ids), tmp_path_factory.mktemp("once"))
    cut = written(table, batch_rows, tmp_path_factory.mktemp("cut"))
    assert once == cut
    for hour, name in enumerate(HOURS):
        mine = [number for other, number in ids if other == hour]
        if mine:
            assert once[name][1:] == (len(set(mine)), len(mine) - len(set(mine)))


def test_row_groups_are_filled_across_batches(tmp_path, monkeypatch):
    """Prevents one tiny row group per Spark batch, which makes every reader slow."""
    monkeypatch.setattr(partition_writer, "ROWS_PER_GROUP", 10)
    written(sorted_rows([(0, number) for number in range(25)]), 3, tmp_path)
    metadata = pq.ParquetFile(tmp_path / "staged" / HOURS[0] / "part-0.parquet").metadata
    assert [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)] == [10, 10, 5]


def test_a_row_of_an_unknown_table_is_an_error_and_not_a_loss(tmp_path):
    area = StagingArea(str(tmp_path), "staged")
    with pytest.raises(KeyError):
        list(write_batches(sorted_rows([(0, 1)]).to_batches(), area, {"posts": TableFile(LAKE_HOURS)}))
