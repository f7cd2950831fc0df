"""The DAG under the scheduler and an executor of Airflow 2.11 and 3.0; Dagster's web server is a scripted one.

Shown here and not by `airflow dags test`: what the clock alone starts, and what becomes of a worker that is killed.
MWAA's executor is Celery, whose workers this does not run.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from airflow_lines import LINES, Airflow
from dagster_servers import HOURS_TAG, eventually
from fake_dagster import FakeDagster, serving

pytestmark = [
    pytest.mark.aws,
    pytest.mark.xdist_group("airflow"),
    pytest.mark.timeout(1200),
]

WITHIN_S = 360.0
"""For one step, on a machine with other work: each attempt is a new process that imports Airflow."""


def last_full_hour() -> str:
    return f"{datetime.now(UTC) - timedelta(hours=1):%Y-%m-%dT%H}"


def kill_worker(airflow: Airflow, scheduler: psutil.Process) -> None:
    """SIGKILL for the worker at a task, and for the task: on 2.11 a command, on 3.0 a process of the executor."""
    children = scheduler.children(recursive=True)
    if airflow.line == "2.11":
        doomed = [child for child in children if "clense_data" in child.cmdline()]
    else:  # without its worker, which would say "failed" for it, and 3.0.6 does not try that again
        doomed = [worker for worker in scheduler.children() if worker.children()]
        doomed += [child for child in children if child not in scheduler.children()]
    assert doomed, airflow.said()
    for process in doomed:
        with suppress(psutil.NoSuchProcess):
            process.kill()


@pytest.mark.parametrize("line", LINES)
def test_the_clock_starts_one_run_that_survives_a_killed_worker_and_a_failure(line: str, tmp_path: Path) -> None:
    """Prevents months of runs at once after a deployment, a second Dagster run beside one under way, and a task that
    gives up after one failure.
    """
    airflow = Airflow(line, tmp_path)
    airflow.migrate()
    hours = {last_full_hour()}
    dagster = FakeDagster(statuses=["SUCCESS"], script=[["STARTED"], ["FAILURE"]], days=("2026-01-01", "2999-12-31"))
    with serving(dagster), airflow.scheduling({"SOCIALSENT_DAGSTER_URL": dagster.url}) as scheduler:
        eventually(lambda: dagster.asked["Status"], WITHIN_S)
        kill_worker(airflow, scheduler)
        looks = dagster.asked["Find"]
        eventually(lambda: dagster.asked["Find"] > looks, WITHIN_S)
        assert len(dagster.runs) == 1, "the second attempt launched a run beside the first"

        dagster.runs["run-1"].statuses[:] = ["SUCCESS"]
        eventually(lambda: ("scheduled", "success") in airflow.dag_runs(), WITHIN_S)
    hours.add(last_full_hour())
    assert len(airflow.dag_runs()) <= len(hours), "catch-up started runs of the past"
    first, failed, again = list(dagster.runs.values())[:3]
    assert {run.tags[HOURS_TAG] for run in (first, failed, again)} <= hours
    assert [run.tags["airflow/task_id"] for run in (first, failed, again)] == ["clense_data", *["run_ml_model"] * 2]
    assert first.tags["airflow/run_id"].startswith("scheduled__")
