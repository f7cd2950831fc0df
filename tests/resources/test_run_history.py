"""Retention of runs: old ones go with everything that was theirs, and the graph still shows what is built."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from socialsent_assets.defs.partitions import run_tags
from socialsent_assets.resources.run_history import delete_old_runs
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
