"""The DAG launches, finds again, follows and gives up a Dagster run, with clear messages."""

from __future__ import annotations

import ast
import socket
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import dagster_runs
import pytest
from dagster_runs import Dagster, HourRun, Patience, hour_key
from dagster_web_server import FailedError, RefusedError, UnreachableError, WebServer
from fake_dagster import FakeDagster, Run

DAGS = Path(__file__).resolve().parents[3] / "infra" / "mwaa" / "dags"
WORK = HourRun("cleanse_hours", "2026-11-20-10:00", {"airflow/run_id": "manual__1", "airflow/task_id": "clense_data"})
QUICK = Patience(poll_s=0.01, queued_s=5.0, deadline_s=5.0, unreachable_s=0.3, pause_s=0.01)
PYTHON_ERROR = {"__typename": "PythonError", "message": "DagsterUserCodeUnreachableError: no server\n  at line 1"}


def dagster(fake: FakeDagster, **patience: float) -> Dagster:
    limits = Patience(**{**QUICK.__dict__, **patience})
    return Dagster(WebServer(fake.url), patience=limits, say=lambda line: None)


def test_a_run_is_launched_for_its_hour_with_its_marks_and_followed_to_success(fake: FakeDagster) -> None:
    """Prevents a task that starts something and does not wait, or that works on no hour."""
    ours = dagster(fake)
    run_id = ours.launch_or_attach(WORK, is_retry=False)
    ours.follow(run_id)
    assert fake.asked["Status"] == 3
    assert fake.runs[run_id].tags == {
        "airflow/run_id": "manual__1", "airflow/task_id": "clense_data",
        "dagster/asset_partition_range_start": "2026-11-20",
        "dagster/asset_partition_range_end": "2026-11-20",
        "socialsent/hours": "2026-11-20T10",
    }  # fmt: skip


def test_a_failed_run_fails_the_task_with_the_innermost_reason_of_each_step(fake: FakeDagster) -> None:
    """Prevents 'the run failed' as all that an operator reads; the reason is on the second page of events."""
    error = {"message": "DagsterExecutionStepExecutionError", "causes": [{"message": "OSError: disk full\n"}]}
    failure = {"__typename": "ExecutionStepFailureEvent", "stepKey": "cleanse", "error": error}
    fake.events = [[{"__typename": "StepStartEvent"}], [failure, {"__typename": "RunFailureEvent", "message": "x"}]]
    fake.statuses = ["STARTED", "FAILURE"]
    ours = dagster(fake)
    with pytest.raises(FailedError, match=r"step cleanse: OSError: disk full; see http.*/runs/run-1"):
        ours.follow(ours.launch_or_attach(WORK, is_retry=False))


def test_a_cancelled_run_is_not_tried_again(fake: FakeDagster) -> None:
    """Prevents Airflow from starting what someone just stopped."""
    fake.statuses = ["STARTED", "CANCELING", "CANCELED"]
    ours = dagster(fake)
    with pytest.raises(RefusedError, match="cancelled; clear this task"):
        ours.follow(ours.launch_or_attach(WORK, is_retry=False))


@pytest.mark.parametrize(("healthy", "why"), [(False, "dagster-daemon.*is not running"), (True, "other runs hold")])
def test_a_run_that_stays_queued_is_cancelled_with_the_reason(fake: FakeDagster, healthy: bool, why: str) -> None:
    """Prevents a task that waits without end when no daemon runs, and a run that starts after its task gave up."""
    fake.statuses, fake.is_daemon_healthy = ["QUEUED"], healthy
    ours = dagster(fake, queued_s=0.05)
    with pytest.raises(FailedError, match=f"still queued .* it was cancelled: .*{why}"):
        ours.follow(ours.launch_or_attach(WORK, is_retry=False))
    assert fake.runs["run-1"].statuses == ["CANCELED"]


def test_a_run_beyond_its_deadline_is_cancelled(fake: FakeDagster) -> None:
    """Prevents a hung run from holding the hour, and the hours after it, indefinitely."""
    fake.statuses = ["STARTED"]
    ours = dagster(fake, queued_s=0.01, deadline_s=0.05)
    with pytest.raises(FailedError, match="still STARTED after 0 s, it was cancelled"):
        ours.follow(ours.launch_or_attach(WORK, is_retry=False))
    assert fake.runs["run-1"].statuses == ["CANCELED"]


@pytest.mark.parametrize("fault", [503, 429, "drop", "html", {"errors": [{"message": "database is locked"}]}])
def test_a_web_server_that_comes_back_costs_no_attempt(fake: FakeDagster, fault: Any) -> None:
    """Prevents a red task, and a second run, for a restart of the web server."""
    ours = dagster(fake)
    run_id = ours.launch_or_attach(WORK, is_retry=False)
    fake.faults["Status"] = [fault, fault]
    ours.follow(run_id)
    assert fake.asked["Status"] == 5


def test_a_web_server_that_stays_away_ends_the_attempt_and_leaves_the_run_alone(fake: FakeDagster) -> None:
    """Prevents both an endless wait and the loss of work that goes on unseen."""
    ours = dagster(fake)
    run_id = ours.launch_or_attach(WORK, is_retry=False)
    fake.faults["Status"] = [503] * 1000
    with pytest.raises(UnreachableError, match=r"Service Unavailable.*run run-1 goes on unwatched"):
        ours.follow(run_id)
    assert fake.asked["Terminate"] == 0


def test_nobody_listening_is_said_with_the_address() -> None:
    """Prevents a traceback of the socket module as an answer to a wrong address."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        ours = Dagster(
            WebServer(f"http://127.0.0.1:{closed.getsockname()[1]}"), patience=QUICK, say=lambda line: None
        )
        with pytest.raises(
            UnreachableError, match=r"Dagster at http://127.* cannot be reached.*could not be launched"
        ):
            ours.launch_or_attach(WORK, is_retry=False)


@pytest.mark.parametrize("statuses", [["STARTED", "SUCCESS"], ["SUCCESS"]])
def test_a_launch_whose_answer_was_lost_is_not_repeated(fake: FakeDagster, statuses: list[str]) -> None:
    """Prevents two runs for one hour, because the first was launched a moment before the connection broke."""
    fake.faults["Launch"], fake.statuses = ["lost"], statuses
    assert dagster(fake).launch_or_attach(WORK, is_retry=False) == "run-1"
    assert len(fake.runs) == 1


@pytest.mark.parametrize(
    ("status", "is_retry", "attaches"),
    [
        ("QUEUED", True, True),
        ("STARTED", True, True),
        ("SUCCESS", True, True),  # it ended while no one looked
        ("FAILURE", True, False),
        ("CANCELED", True, False),
        ("CANCELING", True, False),
        ("STARTED", False, True),  # its worker was lost, and the task cleared
        ("SUCCESS", False, False),  # the task was cleared in order to run again
    ],
)
def test_an_attempt_takes_over_the_run_of_an_earlier_one_if_that_can_still_end_well(
    fake: FakeDagster, status: str, is_retry: bool, attaches: bool
) -> None:
    """Prevents two runs for one task, and a task that never runs again once it has succeeded."""
    fake.runs["earlier"] = Run(WORK.tags, [status])
    assert (dagster(fake).launch_or_attach(WORK, is_retry) == "earlier") is attaches


def test_the_run_of_another_task_or_dag_run_is_never_taken_over(fake: FakeDagster) -> None:
    """Prevents run_ml_model from waiting for the cleansing, or for another hour."""
    fake.runs["other task"] = Run({**WORK.tags, "airflow/task_id": "run_ml_model"}, ["STARTED"])
    fake.runs["other run"] = Run({**WORK.tags, "airflow/run_id": "manual__2"}, ["STARTED"])
    assert dagster(fake).launch_or_attach(WORK, is_retry=True) == "run-3"


@pytest.mark.parametrize("hour", ["2025-12-31-23:00", "2026-11-24-00:00"])
def test_an_hour_that_the_graph_does_not_have_is_refused_before_a_run_exists(fake: FakeDagster, hour: str) -> None:
    """Prevents three failed runs for an hour before SOCIALSENT_START: Dagster itself would launch them."""
    with pytest.raises(RefusedError, match=f"has no hour {hour}; its days are 2026-01-01 to"):
        dagster(fake).launch_or_attach(HourRun("cleanse_hours", hour), is_retry=False)
    assert fake.asked["Launch"] == 0


def test_an_unknown_job_or_location_is_refused(fake: FakeDagster) -> None:
    """Prevents retries of what no retry can mend."""
    nope = HourRun("nope", WORK.hour)
    with pytest.raises(RefusedError, match="location socialsent has no job nope"):
        dagster(fake).launch_or_attach(nope, is_retry=False)
    fake.location = {"__typename": "PythonError", "message": "no such location"}
    with pytest.raises(RefusedError, match="no code location socialsent"):
        dagster(fake).launch_or_attach(nope, is_retry=False)


@pytest.mark.parametrize(
    "location",
    [
        {"loadStatus": "LOADED", "locationOrLoadError": {"__typename": "PythonError", "message": "ImportError: x"}},
        {"loadStatus": "LOADING", "locationOrLoadError": None},
    ],
)
def test_a_code_location_that_is_not_loaded_is_worth_another_attempt(fake: FakeDagster, location: Any) -> None:
    """Prevents a deployment of the code location from failing every hour that falls into it for good."""
    fake.location = {"__typename": "WorkspaceLocationEntry", **location}
    with pytest.raises(FailedError, match="could not load its code location socialsent"):
        dagster(fake).launch_or_attach(HourRun("nope", WORK.hour), is_retry=False)


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        ({"__typename": "RunConfigValidationInvalid", "errors": [{"message": "no x"}]}, RefusedError, "no x"),
        ({"__typename": "UnauthorizedError", "message": "no permission"}, RefusedError, "no permission"),
        (PYTHON_ERROR, FailedError, "DagsterUserCodeUnreachableError: no server$"),
    ],
)
def test_dagsters_refusal_ends_the_task_and_its_own_trouble_the_attempt(
    fake: FakeDagster, answer: Any, error: type[Exception], message: str
) -> None:
    """Prevents retries of a rejection, and giving up at a passing failure."""
    fake.faults["Launch"] = [{"data": {"launchRun": answer}}]
    with pytest.raises(error, match=message):
        dagster(fake).launch_or_attach(WORK, is_retry=False)


@pytest.mark.parametrize(
    ("status", "setting"), [(401, "AUTHORIZATION_VARIABLE"), (403, "AUTHORIZATION_VARIABLE"), (404, "URL")]
)
def test_a_wrong_address_or_secret_is_refused_with_the_setting_to_look_at(
    fake: FakeDagster, status: int, setting: str
) -> None:
    """Prevents five minutes of asking a server that answers the same every time."""
    fake.faults["Find"] = [status]
    with pytest.raises(RefusedError, match=f"set SOCIALSENT_DAGSTER_{setting}"):
        dagster(fake).launch_or_attach(WORK, is_retry=False)


def test_the_authorization_is_sent_and_only_if_there_is_one(fake: FakeDagster) -> None:
    """Prevents an empty header, which some proxies reject."""
    for secret in ("", "Bearer abc"):
        server = WebServer(f"{fake.url}/graphql", authorization=secret)
        assert server.url == fake.url
        Dagster(server, patience=QUICK).terminate(Dagster(server, patience=QUICK).launch_or_attach(WORK, True))
        assert fake.headers.get("Authorization", "") == secret


def test_a_server_that_never_answers_costs_a_killed_task_four_seconds_and_no_exception() -> None:
    """Prevents a kill that is answered with SIGKILL while it waits, and an error that hides why the task ended."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ours = Dagster(WebServer(f"http://127.0.0.1:{silent.getsockname()[1]}"))
        began = time.monotonic()
        assert ours.terminate("run-1").startswith("it could not be cancelled")
        assert time.monotonic() - began < 5


def test_a_run_that_cannot_be_cancelled_is_said_in_words(fake: FakeDagster) -> None:
    """Prevents 'it was cancelled' about a run that goes on."""
    fake.faults["Terminate"] = [
        {"data": {"terminateRun": {"__typename": "TerminateRunFailure", "message": "it ended"}}}
    ]
    assert dagster(fake).terminate("run-1") == "it could not be cancelled: it ended"


@pytest.mark.parametrize("url", ["", "dagster:3000", "file:///etc/passwd"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """Prevents urllib from reading a file, or a traceback about an unknown url type."""
    with pytest.raises(RefusedError, match="write it as http://HOST:PORT"):
        WebServer(url)


def test_an_hour_is_named_in_utc_whatever_zone_airflow_shows() -> None:
    """Prevents an hour off, or five and a half."""
    assert (
        hour_key(datetime(2026, 11, 20, 15, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))))
        == "2026-11-20-10:00"
    )
    with pytest.raises(ValueError, match="without an offset"):
        hour_key(datetime(2026, 11, 20, 10))  # noqa: DTZ001


def test_every_question_fits_the_schema_of_the_dagster_that_we_pin() -> None:
    """Prevents an upgrade of Dagster that breaks a DAG in another environment."""
    from dagster_graphql.schema import create_schema
    from graphql import parse, validate

    schema = create_schema().graphql_schema
    questions = [
        value
        for value in vars(dagster_runs).values()
        if isinstance(value, str) and value.startswith(("query ", "mutation "))
    ]
    assert len(questions) == 8
    assert [error.message for question in questions for error in validate(schema, parse(question))] == []


@pytest.mark.parametrize("name", ["dagster_runs.py", "dagster_web_server.py", "sentiment_analysis_dag.py"])
def test_the_dag_imports_airflow_and_the_standard_library_alone(name: str) -> None:
    """Prevents a DAG that requires packages that the constraints of MWAA exclude."""
    import sys

    allowed = {*sys.stdlib_module_names, "dagster_runs", "dagster_web_server"}
    allowed |= {"airflow"} if name == "sentiment_analysis_dag.py" else set()
    imported = set()
    for node in ast.walk(ast.parse((DAGS / name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert imported - allowed == set()
