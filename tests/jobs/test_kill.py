"""kill -9 in the middle: readers see the old hour or the new one, and the next run heals."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from socialsent_assets.domain.tables import CLEANSED_EVENTS, QUARANTINE
from socialsent_assets.jobs.cleanse import cleanse
from socialsent_assets.lake.builds import read_builds
from socialsent_assets.lake.staleness import stale_hours
from socialsent_assets.lake.table_rows import rows_of
from tests.conftest import Landing, lake_at
from tests.jobs.events import HOUR, random_lines
from tests.jobs.test_cleanse import hours, table_rows

pytestmark = pytest.mark.spark

# Stops at a named moment of a run, signals it by a file, and waits there to be killed.
PROGRAM = """
import sys, time
from pathlib import Path
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.jobs import cleanse as job, publish
from socialsent_assets.jobs.engines.spark import SparkEngine
from socialsent_assets.jobs.spark_session import spark_session
from tests.conftest import lake_at

root, moment, hour = Path(sys.argv[1]), sys.argv[2], EventHour.from_key(sys.argv[3])

def stop_here(*_, **__):
    (root / "reached").write_text(moment)
    time.sleep(600)

if moment == "written":
    job.publish_tables = stop_here
elif moment == "half committed":
    replace, calls = publish.replace_hours, []
    def replace_one(*arguments):
        if calls: stop_here()
        calls.append(1)
        return replace(*arguments)
    publish.replace_hours = replace_one
elif moment == "without receipts":
    job.write_receipts = stop_here
else:
    job.normaliser = lambda kind: stop_here_in_worker
    marker = str(root / "reached")
    def stop_here_in_worker(rows):
        Path(marker).write_text("writing")
        time.sleep(600)
job.cleanse(SparkEngine(spark_session("1g", 2)), lake_at(root), [hour])
"""


@pytest.mark.parametrize(
    "moment",
    [
        "half committed",
        pytest.param("writing", marks=pytest.mark.slow),
        pytest.param("written", marks=pytest.mark.slow),
        pytest.param("without receipts", marks=pytest.mark.slow),
    ],
)
def test_a_kill_leaves_whole_tables_and_the_next_run_heals(spark, tmp_path, moment):
    """Prevents empty, partial or doubled hours after the power went, and JVMs that live on."""
    lake, landing = lake_at(tmp_path), Landing(lake_at(tmp_path))
    landing.add(HOUR, random_lines(1, 40, HOUR))
    [old] = cleanse(spark, lake, hours(HOUR))
    before = _pinned(lake)
    landing.add(HOUR, random_lines(2, 40, HOUR))

    family = _run_and_kill(tmp_path, moment)
    builds = read_builds(lake)
    assert builds.cleanse == {old.hour: old}
    assert _pinned(lake) == before  # a reader goes by the pins, so it sees the old build whole
    assert stale_hours(lake, hours(HOUR), {}) == {old.hour: "cleansed"}
    assert (old.hour in builds.unfinished) == (moment in ("half committed", "without receipts"))
    [new] = cleanse(spark, lake, hours(HOUR))

    assert new.counts.records > old.counts.records
    assert read_builds(lake).unfinished == frozenset()
    assert _pinned(lake) == table_rows(lake)
    assert not psutil.wait_procs(family, timeout=60)[1], "the JVM or a worker outlived its process"


def _pinned(lake) -> dict[str, list[dict]]:
    """Rows of every table as readers see them."""
    found = {}
    for table in (*CLEANSED_EVENTS, QUARANTINE):
        with rows_of(lake, table, hours(HOUR), read_builds(lake).pins) as connection:
            rows = connection.execute("select * from rows order by event_hour, event_id").to_arrow_table().to_pylist()
        found[table.name] = sorted(rows, key=lambda row: (row["event_hour"], str(row["event_id"] or "")))
    return found


def _run_and_kill(root: Path, moment: str) -> list[psutil.Process]:
    command = [sys.executable, "-c", PROGRAM, str(root), moment, HOUR]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 240
        while not (root / "reached").exists():
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            assert time.monotonic() < deadline, "the run never got there"
            time.sleep(0.05)
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    return family
