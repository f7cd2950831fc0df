"""Readers at work while hours are replaced, and kill -9 during an upload: the old object or the new one, whole."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from socialsent_assets.lake.commit import STAGING, StagingArea, partition_key, promote, staging

from socialsent_assets.aws.s3 import ReplacedError, s3_client
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.lake.duckdb.connection import connected
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.base import Storage, walk

pytestmark = [pytest.mark.aws, pytest.mark.xdist_group("s3_lake")]

HOUR = EventHour.from_key("2026-11-22-09:00")
KEY = partition_key("posts", HOUR)
PROMOTIONS = 40
Seen = Counter[str]


def publish(tier: Storage, generation: int) -> None:
    """An hour in which every row names its generation, and whose length depends on it."""
    with staging(tier) as area, area.scratch() as folder:
        file = folder / "posts.parquet"
        rows = rows_of(generation)
        table = pa.table({"generation": [generation] * rows, "number": list(range(rows))})
        pq.write_table(table, file, row_group_size=997)
        promote(tier, "posts", HOUR, area.keep(file.name, file))


def rows_of(generation: int) -> int:
    return 3000 + 1500 * (generation % 3)


def by_get(tier: Storage) -> list[tuple[int, int]]:
    rows = pq.read_table(io.BytesIO(tier.read(KEY))).column("generation").to_pylist()
    return list(Counter(rows).items())


def by_ranges(tier: Storage) -> list[tuple[int, int]]:
    with tier.open(KEY) as file:
        parquet = pq.ParquetFile(file)
        groups = [parquet.read_row_group(group) for group in range(parquet.num_row_groups)]
    return list(Counter(pa.concat_tables(groups).column("generation").to_pylist()).items())


def by_duckdb(tier: Storage) -> list[tuple[int, int]]:
    pattern = tier.path("posts/dt=*/hr=*/*.parquet")
    with connected([tier]) as connection:
        return connection.execute(
            f"select generation, count(distinct number) from read_parquet('{pattern}') group by 1"
        ).fetchall()


@pytest.mark.parametrize("read", [by_get, by_ranges, by_duckdb])
def test_a_reader_sees_one_generation_whole_however_often_it_is_replaced(
    s3_lake: Lake, read: Callable[[Storage], list[tuple[int, int]]]
) -> None:
    """Prevents a partial, empty, doubled or mixed hour for whoever reads while it is published."""
    tier = s3_lake.cleansed
    publish(tier, 0)
    done, seen, wrong = threading.Event(), Seen(), []

    def keep_reading() -> None:
        while not done.is_set():
            try:
                found = read(tier)
            except ReplacedError:
                seen["replaced"] += 1
                continue
            seen["whole"] += 1
            if len(found) != 1 or found[0][1] != rows_of(found[0][0]):
                wrong.append(found)

    readers = [threading.Thread(target=keep_reading) for _ in range(2)]
    for reader in readers:
        reader.start()
    for generation in range(1, PROMOTIONS):
        publish(tier, generation)
    done.set()
    for reader in readers:
        reader.join(timeout=60)
    assert wrong == []
    assert seen["whole"] > 5, seen
    assert read(tier) == [(PROMOTIONS - 1, rows_of(PROMOTIONS - 1))]


def test_publishing_again_repairs_what_was_copied_by_nobody(s3_lake: Lake) -> None:
    """Prevents an hour that stays wrong because its staged file has the name of an earlier one."""
    tier = s3_lake.cleansed
    for generation in (1, 2, 1):
        publish(tier, generation)
        assert by_get(tier) == [(generation, rows_of(generation))]
    assert [info.key for info in walk(tier, "")] == [KEY]


# Uploads 20 MB in parts, says so when the second part is under way, and waits there to be killed.
PROGRAM = """
import sys, time
from pathlib import Path
from socialsent_assets.lake.commit import StagingArea
from socialsent_assets.aws.s3 import s3_client

def stop_here(params, **_):
    if params["PartNumber"] == 2:
        Path(sys.argv[3]).write_text("reached")
        time.sleep(600)

s3_client().meta.events.register("before-parameter-build.s3.UploadPart", stop_here)
area = StagingArea(sys.argv[1], "_staging/killed")
file = Path(sys.argv[2])
file.write_bytes(bytes(20_000_000))
area.keep("posts/part-0.parquet", file)
"""


def test_a_kill_during_an_upload_leaves_nothing_that_a_reader_could_see(s3_lake: Lake, tmp_path: Path) -> None:
    """Prevents half a file that is promoted, or that a pattern over the tier finds."""
    tier = s3_lake.cleansed
    publish(tier, 1)
    reached = tmp_path / "reached"
    command = [sys.executable, "-c", PROGRAM, tier.uri, str(tmp_path / "big"), str(reached)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 120
        while not reached.exists():
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            assert time.monotonic() < deadline, "the upload never began"
            time.sleep(0.05)
        process.kill()
    assert [info.key for info in walk(tier, "")] == [KEY]
    # What lies there unfinished is paid for and not shown: AbortIncompleteMultipartUpload of the bucket ends it.
    bucket = tier.uri.removeprefix("s3://").partition("/")[0]
    assert len(s3_client().list_multipart_uploads(Bucket=bucket)["Uploads"]) == 1
    publish(tier, 2)
    assert by_get(tier) == [(2, rows_of(2))]


def test_what_was_kept_and_never_promoted_is_seen_by_no_reader(s3_lake: Lake, tmp_path: Path) -> None:
    """Prevents a pattern over a table that finds the files of a killed run."""
    tier = s3_lake.cleansed
    publish(tier, 1)
    file = tmp_path / "posts.parquet"
    pq.write_table(pa.table({"generation": [7], "number": [0]}), file)
    StagingArea(tier.uri, f"{STAGING}/killed").keep(f"posts/{HOUR.path}/part-0.parquet", file)
    assert by_duckdb(tier) == [(1, rows_of(1))]
    assert tier.folders("posts") == ["dt=2026-11-22"]
