"""Hours of a table are replaced by one commit: whole, repeatable, and by any number of writers."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import POSTS, Column
from socialsent_assets.lake.iceberg import commit, data_files, schema
from socialsent_assets.lake.iceberg.catalog import CatalogConfig, CatalogError
from socialsent_assets.lake.iceberg.commit import CommitConflictError, hours_of, run_of
from socialsent_assets.lake.iceberg.data_files import write_runs
from socialsent_assets.lake.iceberg.scan import SnapshotExpiredError, files_of
from socialsent_assets.lake.iceberg.schema import SchemaConflictError, arrow_schema_of
from socialsent_assets.lake.lake import Lake
from tests.built_lake import rows_of_table, write_hours, write_table

FIRST = EventHour(datetime(2026, 11, 22, 0, tzinfo=UTC))
DAY = [EventHour(FIRST.start + timedelta(hours=n)) for n in range(24)]


def ids(lake: Lake) -> list[tuple[int, str]]:
    return [(row["event_hour"].hour, row["event_id"]) for row in rows_of_table(lake, POSTS)]


def named(name: str) -> list[dict[str, object]]:
    return [{"event_id": name}]


def test_replacing_an_hour_keeps_its_neighbours_in_the_same_file(lake: Lake) -> None:
    """Prevents a late event that takes the rows of other hours with it."""
    write_hours(lake, POSTS, {hour: named(f"old-{hour.start.hour}") for hour in DAY})
    assert len(files_of(lake.table(POSTS))) == 1
    write_table(lake, POSTS, DAY[5], named("new"))
    write_table(lake, POSTS, DAY[7], [])
    wanted = [(n, "new" if n == 5 else f"old-{n}") for n in range(24) if n != 7]
    assert ids(lake) == wanted


def test_a_repeated_commit_leaves_the_same_rows(lake: Lake) -> None:
    """Prevents a second run that doubles the rows of an hour."""
    for _ in range(3):
        write_table(lake, POSTS, FIRST, named("a"))
    assert ids(lake) == [(0, "a")]


def test_emptying_an_empty_hour_commits_nothing(lake: Lake) -> None:
    """Prevents a snapshot per tick of a sensor that has nothing to do."""
    write_table(lake, POSTS, FIRST, [])
    assert lake.table(POSTS).current_snapshot() is None


def test_a_snapshot_says_which_run_replaced_which_hours(lake: Lake) -> None:
    """Prevents a history without the runs to undo."""
    write_hours(lake, POSTS, {DAY[1]: named("a"), DAY[2]: named("b"), DAY[9]: named("c")})
    snapshot = lake.table(POSTS).current_snapshot()
    assert snapshot is not None
    assert (run_of(snapshot), hours_of(snapshot)) == ("test", [DAY[1], DAY[2], DAY[9]])


def test_an_earlier_snapshot_still_reads_and_an_expired_one_says_so(lake: Lake) -> None:
    """Prevents readers that see half of a commit, or an unexplained missing file."""
    write_table(lake, POSTS, FIRST, named("before"))
    table = lake.table(POSTS)
    before = table.current_snapshot()
    assert before is not None
    write_table(lake, POSTS, FIRST, named("after"))
    table = lake.table(POSTS)
    assert table.scan(snapshot_id=before.snapshot_id).to_arrow()["event_id"].to_pylist() == ["before"]
    with pytest.raises(SnapshotExpiredError, match="socialsent history"):
        files_of(table, snapshot_id=12345)


def test_two_writers_of_other_hours_both_win(lake: Lake) -> None:
    """Prevents a lost hour when two machines commit at the same time."""
    lake.table(POSTS)
    failures: list[BaseException] = []

    def write(hours: list[EventHour]) -> None:
        try:
            for hour in hours:
                write_table(lake, POSTS, hour, named(f"w{hour.start.hour}"))
        except BaseException as error:  # noqa: BLE001 - shown by the assertion
            failures.append(error)

    writers = [threading.Thread(target=write, args=(DAY[start:8:2],)) for start in (0, 1)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failures == []
    assert ids(lake) == [(n, f"w{n}") for n in range(8)]


def test_a_commit_that_always_conflicts_ends_with_a_clear_error(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a run that retries without end, and one that overwrites a change that it did not read."""
    from pyiceberg.exceptions import CommitFailedException

    write_table(lake, POSTS, FIRST, named("kept"))

    def conflict(*_: object) -> None:
        raise CommitFailedException("moved")

    monkeypatch.setattr(commit, "_commit", conflict)
    monkeypatch.setattr(commit, "_FIRST_PAUSE_S", 0.0)
    with pytest.raises(CommitConflictError, match="run this again"):
        write_table(lake, POSTS, FIRST, named("lost"))
    assert ids(lake) == [(0, "kept")]


def test_a_large_hour_is_cut_into_files_and_small_hours_share_one(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents an hour that only one task can write, and a file per hour of a sparse history."""
    monkeypatch.setattr(data_files, "ROWS_PER_FILE", 10)
    monkeypatch.setattr(data_files, "LARGEST_FILE_ROWS", 20)
    table = lake.table(POSTS)
    columns = arrow_schema_of(table)

    def rows(count: int) -> pa.RecordBatch:
        return pa.RecordBatch.from_pylist(
            [{"event_id": str(n), "event_hour": FIRST.start} for n in range(count)], columns
        )

    batches = [(DAY[0], rows(4)), (DAY[1], rows(4)), (DAY[2], rows(4)), *[(DAY[3], rows(10))] * 5]
    files = list(write_runs(lake.folder(POSTS), columns, batches))
    assert len(files) == 4  # hours 0 to 2; 20, 20 and 10 rows of hour 3


def test_months_do_not_share_a_file(lake: Lake) -> None:
    """Prevents a file that belongs to two partitions, which Iceberg rejects."""
    november = EventHour(datetime(2026, 11, 30, 23, tzinfo=UTC))
    write_hours(lake, POSTS, {november: named("a"), november.next(): named("b")})
    assert [file.rows for file in files_of(lake.table(POSTS))] == [1, 1]


def test_a_new_column_is_added_and_old_rows_read_null(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents an upgrade that has to rewrite the history, and field ids that change."""
    write_table(lake, POSTS, FIRST, named("old"))
    before = {field.name: field.field_id for field in lake.table(POSTS).schema().fields}
    wider = type(POSTS)(
        POSTS.tier, POSTS.name, POSTS.meaning, POSTS.key, (*POSTS.columns, Column("extra", "int", "New."))
    )
    table = schema.load_table(lake.catalog, wider, lake.cleansed.uri)
    after = {field.name: field.field_id for field in table.schema().fields}
    assert {name: after[name] for name in before} == before
    assert table.scan().to_arrow()["extra"].to_pylist() == [None]


def test_a_column_of_another_type_is_a_clear_error(lake: Lake) -> None:
    """Prevents silent casts after a foreign change of the schema."""
    lake.table(POSTS)
    columns = tuple(Column("lang", "int", "Wrong.") if c.name == "lang" else c for c in POSTS.columns)
    other = type(POSTS)(POSTS.tier, POSTS.name, POSTS.meaning, POSTS.key, columns)
    with pytest.raises(SchemaConflictError, match=r"cleansed.posts.lang is string in the catalog and int"):
        schema.load_table(lake.catalog, other, lake.cleansed.uri)


def test_a_corrupt_catalog_says_what_to_do(tmp_path: Path) -> None:
    """Prevents a traceback of SQLAlchemy for a damaged file."""
    (tmp_path / "catalog.db").write_bytes(b"this is no database at all, but it is long enough to be read" * 40)
    with pytest.raises(CatalogError, match="move it away and run `socialsent materialize`"):
        schema.load_table(CatalogConfig.in_folder(tmp_path), POSTS, str(tmp_path / "cleansed"))
