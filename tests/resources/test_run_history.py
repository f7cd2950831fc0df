"""Retention of runs: old ones go with everything that was theirs, and the graph still shows what is built."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from socialsent_assets.defs.partitions import run_tags
from socialsent_assets.defs.run_history import definitions
from socialsent_assets.resources.run_history import delete_old_runs
from socialsent_assets.resources.run_leftovers import REPOSITORY, delete_leftovers, delete_tick_logs
from socialsent_assets.settings import Settings
from tests.resources.test_dagster_storage import KEY, SPARSE, instance, run

__all__ = ["instance"]

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ONE, OTHER = SPARSE[:1], SPARSE[1:]


def test_runs_beyond_the_newest_are_deleted_and_every_partition_stays_built(instance: dg.DagsterInstance) -> None:
    """Prevents a disk that a year of minutes fills, and a lineage that forgets what it built."""
    for hours in (ONE, OTHER, OTHER, OTHER):
        run(instance, run_tags(hours))
    first, *middle, last = [record.dagster_run.run_id for record in instance.get_run_records(ascending=True)]

    assert delete_old_runs(instance, LONG_AGO, most=1) == 2

    kept = [record.dagster_run.run_id for record in instance.get_run_records(ascending=True)]
    assert kept == [first, last]
    assert instance.get_materialized_partitions(KEY) == {"2024-01-03", "2026-05-16"}
    left = [str(path) for path in Path(instance.root_directory).rglob("*")]
    assert not [path for path in left if any(run_id in path for run_id in middle)]
    assert [path for path in left if last in path]
    assert delete_old_runs(instance, LONG_AGO, most=1) == 0


@pytest.mark.parametrize(("age", "deleted"), [(-1, 1), (1, 0)])
def test_age_alone_deletes_too(instance: dg.DagsterInstance, age: int, deleted: int) -> None:
    """Prevents runs of last year in the history of a home that is used once a month."""
    run(instance, run_tags(ONE))
    run(instance, run_tags(ONE))
    assert delete_old_runs(instance, datetime.now(UTC) - timedelta(days=age), most=100) == deleted


def test_a_run_under_way_is_never_deleted(instance: dg.DagsterInstance) -> None:
    """Prevents a run that loses its record, and so its pool and its hours, in the middle."""

    @dg.job
    def waiting() -> None: ...

    instance.create_run_for_job(waiting, status=dg.DagsterRunStatus.STARTED)
    assert delete_old_runs(instance, datetime.now(UTC) + timedelta(days=1), most=1) == 0


def test_evaluations_and_tags_go_with_their_run_and_the_newest_of_a_check_stays(instance: dg.DagsterInstance) -> None:
    """Prevents 300 MB of check evaluations a day that no setting ever deletes."""
    for _ in range(3):
        run(instance, run_tags(ONE))
    runs = [record.dagster_run.run_id for record in instance.get_run_records(ascending=True)]
    for run_id in runs:
        instance.delete_run(run_id)
    run(instance, run_tags(OTHER))
    (living,) = (record.dagster_run.run_id for record in instance.get_run_records())
    assert {run_id for run_id, _ in rows_of(instance)} == {*runs, living}

    assert delete_leftovers(instance) == 3

    assert {run_id for run_id, _ in rows_of(instance)} == {living}
    assert delete_leftovers(instance) == 0


def test_the_newest_evaluation_stays_when_its_run_is_gone(instance: dg.DagsterInstance) -> None:
    """Prevents a check that the UI shows as never evaluated because the run of its last evaluation was deleted."""
    for _ in range(2):
        run(instance, run_tags(ONE))
    for record in instance.get_run_records():
        instance.delete_run(record.dagster_run.run_id)

    assert delete_leftovers(instance) == 1

    assert [table for _, table in rows_of(instance)] == ["asset_check_executions"]


def rows_of(instance: dg.DagsterInstance) -> list[tuple[str, str]]:
    """(run id, table) of every tag and check evaluation."""
    history = Path(instance.root_directory) / "history"
    found = []
    for file, table in (("runs.db", "run_tags"), ("runs/index.db", "asset_check_executions")):
        with sqlite3.connect(history / file) as connection:
            found += [(run_id, table) for (run_id,) in connection.execute(f"select run_id from {table}")]
    return found


def test_logs_of_ticks_are_deleted_by_age_and_by_number(instance: dg.DagsterInstance) -> None:
    """Prevents a file for every tick of a sensor that logs, half a million a year."""
    folder = Path(instance.storage_directory()) / REPOSITORY / "landing_sensor"
    folder.mkdir(parents=True)
    for tick in (8, 9, 10, 11):
        (folder / f"{tick}.err").touch()
        (folder / f"{tick}.complete").touch()
    os.utime(folder / "11.err", (0, 0))
    os.utime(folder / "11.complete", (0, 0))

    assert delete_tick_logs(instance, LONG_AGO, most=3) == 2

    assert sorted(path.name for path in folder.iterdir()) == ["10.complete", "10.err", "9.complete", "9.err"]
    assert delete_tick_logs(instance, LONG_AGO, most=3) == 0


def test_the_hourly_job_deletes_all_of_it(instance: dg.DagsterInstance) -> None:
    """Prevents a retention that is tested and never called."""
    for _ in range(3):
        run(instance, run_tags(ONE))
    folder = Path(instance.storage_directory()) / REPOSITORY / "landing_sensor"
    folder.mkdir(parents=True)
    for tick in (1, 2):
        (folder / f"{tick}.err").touch()
    settings = replace(Settings.from_env({}), run_history_runs=1)

    job, _schedule = definitions(settings)
    done = job.execute_in_process(instance=instance)

    assert done.success
    runs = {record.dagster_run.run_id for record in instance.get_run_records()}
    assert len(runs) == 2  # the last refresh, and the job's own
    assert {run_id for run_id, _ in rows_of(instance)} <= runs
    assert [path.name for path in folder.iterdir()] == ["2.err"]
