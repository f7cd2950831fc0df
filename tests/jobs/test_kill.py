"""kill -9 in the middle: readers see the old hour or the new one, and the next run heals."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from socialsent_assets.lake.commit import STAGING
from socialsent_assets.lake.receipts import read_receipt

from socialsent_assets.jobs.cleanse import cleanse
from tests.conftest import Landing, lake_at
from tests.jobs.events import HOUR, random_lines
from tests.jobs.test_cleanse import hours, parquet_bytes

pytestmark = pytest.mark.spark

# Stops at a named moment of a run, says so by a file, and waits there to be killed.
PROGRAM = """
import sys, time
from pathlib import Path
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.jobs import cleanse as job
from socialsent_assets.jobs.engines.spark import SparkEngine
from socialsent_assets.jobs.spark_session import spark_session
from tests.conftest import lake_at

root, moment, hour = Path(sys.argv[1]), sys.argv[2], EventHour.from_key(sys.argv[3])

def stop_here(*_):
    (root / "reached").write_text(moment)
    time.sleep(600)

if moment == "staged":
    job._publish = stop_here
elif moment == "half promoted":
    promote, calls = job.promote, []
    def promote_one(*arguments):
        if calls: stop_here()
        calls.append(1)
        return promote(*arguments)
    job.promote = promote_one
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
        "half promoted",
        pytest.param("writing", marks=pytest.mark.slow),
        pytest.param("staged", marks=pytest.mark.slow),
    ],
)
def test_a_kill_leaves_whole_files_and_the_next_run_heals(spark, tmp_path, moment):
    """Prevents empty, partial or doubled hours after the power went, and JVMs that live on."""
    lake, landing = lake_at(tmp_path), Landing(lake_at(tmp_path))
    landing.add(HOUR, random_lines(1, 40, HOUR))
    [old] = cleanse(spark, lake, hours(HOUR))
    before = _tables(lake)
    landing.add(HOUR, random_lines(2, 40, HOUR))

    family = _run_and_kill(tmp_path, moment)
    after = _tables(lake)
    receipt = read_receipt(lake.cleansed, "cleanse", hours(HOUR)[0])
    [new] = cleanse(spark, lake, hours(HOUR))
    healed = _tables(lake)

    assert all(after[key] in (before[key], healed[key]) for key in before)
    if moment == "half promoted":
        assert receipt is None  # so the hour is stale, and is built again
        assert after not in (before, healed)
    else:
        assert (receipt, after) == (old, before)
    assert new.counts.records > old.counts.records
    assert not psutil.wait_procs(family, timeout=60)[1], "the JVM or a worker outlived its process"


def _tables(lake) -> dict[str, bytes]:
    found = parquet_bytes(lake.cleansed.path(""))
    return {key: value for key, value in found.items() if key.endswith(".parquet") and not key.startswith(STAGING)}


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
