"""Two processes build one lake at the same time while a third one reads; they share nothing but the lake."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import COMMENTS, POSTS, SENTIMENT
from socialsent_assets.jobs.cleanse import cleanse
from socialsent_assets.jobs.engines.process import ProcessEngine
from socialsent_assets.jobs.score import score
from socialsent_assets.lake.builds import read_builds
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.staleness import stale_hours
from socialsent_assets.lake.table_rows import rows_of
from tests.built_lake import rows_of_table
from tests.conftest import Landing, lake_at
from tests.jobs.events import random_lines

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ROUNDS = 20
HOURS = [EventHour.from_key(key) for key in ("2026-11-22-03:00", "2026-11-22-04:00", "2026-11-22-05:00")]

# Builds what its arguments name each time that it gets a line; both writers share the middle hour.
PROGRAM = """
import sys
from pathlib import Path
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.jobs.cleanse import cleanse
from socialsent_assets.jobs.engines.process import ProcessEngine
from socialsent_assets.jobs.score import score
from tests.conftest import lake_at

lake, hours = lake_at(Path(sys.argv[1])), [EventHour.from_key(key) for key in sys.argv[2:]]
print("ready", flush=True)
for line in sys.stdin:
    for job in (cleanse, score):
        job(ProcessEngine(), lake, hours)
    print("built", flush=True)
"""


def test_two_builds_at_once_lose_nothing(tmp_path: Path) -> None:
    """Prevents an hour that has the rows of neither run, and a reader that sees half of one."""
    lake = lake_at(tmp_path / "lake")
    landing = Landing(lake)
    with ExitStack() as running:
        writers = [writer(running, tmp_path / "lake", hours) for hours in (HOURS[:2], HOURS[1:])]
        for round_ in range(ROUNDS):
            for number, hour in enumerate(HOURS):
                landing.add(hour.key, random_lines(100 * round_ + number, 12, hour.key))
            for process in writers:
                send(process)
            built = [threading.Thread(target=receive, args=(process, "built")) for process in writers]
            for thread in built:
                thread.start()
            looks = 0
            while looks == 0 or any(thread.is_alive() for thread in built):
                assert torn(lake) == {}, f"round {round_}"
                looks += 1
            assert all(process.poll() is None for process in writers), "a writer ended with an error"
            assert set(stale_hours(lake, HOURS, {}).values()) <= {"warehouse"}, f"an hour was lost in round {round_}"
            assert torn(lake) == {}
    assert set(read_builds(lake).cleanse) == set(read_builds(lake).score) == set(HOURS)

    alone = lake_at(tmp_path / "alone")
    for info in lake.landing.walk(""):
        alone.landing.write(info.key, lake.landing.read(info.key))
    for job in (cleanse, score):
        job(ProcessEngine(), alone, HOURS)
    for table in (POSTS, COMMENTS, SENTIMENT):
        assert rows_of_table(lake, table) == rows_of_table(alone, table)


def torn(lake: Lake) -> dict[str, tuple[int, int]]:
    """Hours, by table, whose pinned rows are not as many as the pinned receipt counted: (rows, counted)."""
    builds = read_builds(lake)
    found = {}
    for receipts, pins, tables in (
        (builds.cleanse, builds.pins, (POSTS, COMMENTS)),
        (builds.score, builds.scored_pins, (SENTIMENT,)),
    ):
        for table in tables:
            for hour, receipt in receipts.items():
                with rows_of(lake, table, {hour}, pins) as connection:
                    rows = connection.execute("select count(*) from rows").fetchall()[0][0]
                if rows != receipt.rows[table.name]:
                    found[f"{table.name} {hour}"] = (rows, receipt.rows[table.name])
    return found


def writer(running: ExitStack, root: Path, hours: Sequence[EventHour]) -> subprocess.Popen[str]:
    """A process that has opened the lake; it ends with the test."""
    command = [sys.executable, "-c", PROGRAM, str(root), *(hour.key for hour in hours)]
    process = running.enter_context(
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    )
    running.callback(process.terminate)
    receive(process, "ready")
    return process


def send(process: subprocess.Popen[str]) -> None:
    """Let a writer build."""
    assert process.stdin is not None
    process.stdin.write("build\n")
    process.stdin.flush()


def receive(process: subprocess.Popen[str], word: str) -> None:
    """Await a writer's answer."""
    assert process.stdout is not None
    assert process.stdout.readline().strip() == word
