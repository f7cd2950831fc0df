"""The hourly DAG of old, `sentiment_analysis_dag`, for those who have it in Amazon MWAA: it steers Dagster.

`begin_exec >> clense_data >> run_ml_model >> end_exec`: ids and order are what dashboards and alerts know. Each work
task runs a Dagster job for the hour of its DAG run and ends as that ends. Runs on Airflow 2.11 and 3.0.

Not here: how a run is launched and followed (dagster_runs.py), the work itself (socialsent_assets/).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.configuration import conf
from airflow.exceptions import AirflowException, AirflowFailException
from airflow.timetables.interval import CronDataIntervalTimetable

# Workers have the folder of DAGs on their path, but `airflow dags test` of Airflow 3.0 has not.
sys.path.append(str(Path(__file__).parent))
from dagster_runs import Dagster, HourRun, Patience, hour_key
from dagster_web_server import FailedError, RefusedError, WebServer

try:
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.sdk import DAG, BaseOperator, Param, Variable

    NO_VARIABLE = {"default": ""}
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.models import BaseOperator, Param, Variable
    from airflow.operators.empty import EmptyOperator

    NO_VARIABLE = {"default_var": ""}


def setting(name: str, default: str = "") -> str:
    """`SOCIALSENT_DAGSTER_<name>` of the environment, or MWAA's configuration option `socialsent.dagster_<name>`."""
    option = conf.get("socialsent", f"dagster_{name.lower()}", fallback="")
    return os.environ.get(f"SOCIALSENT_DAGSTER_{name}") or option or default


def variable(name: str) -> str:
    """An Airflow Variable, "" without it. Read in tasks only: this file is parsed every few seconds."""
    return str(Variable.get(name, **NO_VARIABLE))


def seconds(name: str, default: float) -> float:
    """A positive number of seconds. Raises RefusedError for anything else."""
    given = setting(f"{name}_SECONDS", str(default))
    if not given.replace(".", "", 1).isdigit() or float(given) <= 0:
        raise RefusedError(f"SOCIALSENT_DAGSTER_{name}_SECONDS={given} is no positive number")
    return float(given)


def hour_of(context: Mapping[str, Any]) -> str:
    """The event hour of a DAG run: the `hour` parameter, else its data interval, else the last full hour."""
    if asked := context["params"]["hour"]:
        return str(asked)
    # Airflow 3 knows no interval of a run that was triggered by hand without a date.
    start = context.get("data_interval_start") or context["dag_run"].run_after - timedelta(hours=1)
    return str(hour_key(start))


def marks_of(context: Mapping[str, Any]) -> dict[str, str]:
    """Tags shared by all attempts of a task. Clearing it changes them, because Airflow then raises `max_tries`."""
    attempt = context["ti"]
    return {
        "airflow/dag_id": attempt.dag_id,
        "airflow/run_id": attempt.run_id,
        "airflow/task_id": attempt.task_id,
        "airflow/first_try": str(first_try(attempt)),
    }


def first_try(attempt: Any) -> int:
    """Number of the first attempt since the task was last cleared."""
    return int(attempt.max_tries - attempt.task.retries + 1)


class DagsterHour(BaseOperator):  # type: ignore[misc]  # Airflow is not installed where types are checked
    """Runs `job` in Dagster for the hour of the DAG run; a killed task cancels its run."""

    def __init__(self, *, job: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.job = job
        self.dagster: Dagster | None = None
        self.run_id = ""

    def execute(self, context: Any) -> str:
        """The id of the Dagster run that succeeded."""
        run = HourRun(self.job, hour_of(context), marks_of(context))
        try:
            self.dagster = self._connect()
            self.run_id = self.dagster.launch_or_attach(run, context["ti"].try_number > first_try(context["ti"]))
            self.dagster.follow(self.run_id)
        except RefusedError as error:
            raise AirflowFailException(str(error)) from None
        except FailedError as error:
            raise AirflowException(str(error)) from None
        return self.run_id

    def on_kill(self) -> None:
        """Cancel the run; one that is not launched yet has no id to cancel it by."""
        if self.dagster and self.run_id:
            self.log.warning("killed; run %s: %s", self.run_id, self.dagster.terminate(self.run_id))

    def _connect(self) -> Dagster:
        url = setting("URL") or variable("SOCIALSENT_DAGSTER_URL")
        secret = setting("AUTHORIZATION_VARIABLE")
        if not url:
            raise RefusedError("SOCIALSENT_DAGSTER_URL is missing: set it to the address of Dagster (infra/mwaa)")
        patience = Patience(
            poll_s=seconds("POLL", Patience.poll_s),
            queued_s=seconds("QUEUED", Patience.queued_s),
            deadline_s=seconds("DEADLINE", Patience.deadline_s),
            unreachable_s=seconds("UNREACHABLE", Patience.unreachable_s),
        )
        server = WebServer(url, variable(secret) if secret else "")
        return Dagster(server, setting("LOCATION", "socialsent"), patience, self.log.info)


with DAG(
    dag_id="sentiment_analysis_dag",
    description="Cleanse and score an hour of events, in Dagster.",
    # Named, because the meaning of "@hourly" differs: in Airflow 3 it has no data interval.
    schedule=CronDataIntervalTimetable("0 * * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),  # fixed: a date that moves leaves backfills undefined
    catchup=False,
    max_active_runs=1,  # Dagster writes one hour at a time, and would count the rest as queued too long
    default_args={"owner": "socialsent", "retries": 2},
    params={
        "hour": Param(
            "",
            type="string",
            pattern=r"^(\d{4}-\d\d-\d\d-\d\d:00)?$",
            description="Event hour to run instead, like 2026-11-22-09:00 (UTC)",
        )
    },
    tags=["socialsent"],
) as dag:
    begin_exec = EmptyOperator(task_id="begin_exec")
    clense_data = DagsterHour(task_id="clense_data", job="cleanse_hours")
    run_ml_model = DagsterHour(task_id="run_ml_model", job="score_hours")
    end_exec = EmptyOperator(task_id="end_exec")

    begin_exec >> clense_data >> run_ml_model >> end_exec
