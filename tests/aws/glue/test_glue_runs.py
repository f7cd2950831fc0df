"""Every way in which a Glue run can end, or not end: the message and the action."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from socialsent_assets.aws.client import AwsCallError
from socialsent_assets.aws.glue_runs import GlueRunError, GlueRuns, NoRoomError
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.jobs.glue_request import GlueOrder
from socialsent_assets.lake.iceberg.catalog import CatalogConfig
from socialsent_assets.resources.glue import stopped_with_its_step
from socialsent_assets.settings import UserError
from tests.aws.glue.local_glue import refused

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TIERS = {tier: f"s3://lake/{tier}" for tier in ("landing", "cleansed", "analytics", "artifacts")}
ORDER = GlueOrder.of("cleanse", [EventHour.of(NOON)], TIERS, CatalogConfig("glue"))


class FakeGlue:
    """Returns one state per poll, then repeats the last; a stop leads to `after_stop`."""

    def __init__(self, *states: str, after_stop: tuple[str, ...] = ("STOPPING", "STOPPED"), **run: Any) -> None:
        self.states = list(states)
        self.after_stop = after_stop
        self.run = {"Id": "jr_1", "StartedOn": NOON, **run}
        self.stopped: list[str] = []
        self.errors: list[Any] = []

    def get_job_run(self, JobName: str, RunId: str) -> dict[str, Any]:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {"JobRun": {**self.run, "JobRunState": state}}

    def get_job_runs(self, JobName: str, MaxResults: int) -> dict[str, Any]:
        given = {"Arguments": self.run.get("Arguments", {})}
        return {"JobRuns": [{"Id": f"jr_{n}", "JobRunState": state, **given} for n, state in enumerate(self.states)]}

    def batch_stop_job_run(self, JobName: str, JobRunIds: list[str]) -> dict[str, Any]:
        self.stopped += JobRunIds
        self.states = list(self.after_stop)
        return {"SuccessfulSubmissions": [], "Errors": self.errors}


class Clock:
    """Time that passes by sleeping alone."""

    def __init__(self) -> None:
        self.now = NOON

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def runs(client: Any, said: list[str] | None = None, minutes: float = 10) -> GlueRuns:
    clock = Clock()
    tell = (said if said is not None else []).append
    return GlueRuns(client, "cleanse", timedelta(minutes=minutes), 10.0, tell, lambda: clock.now, clock.sleep)


def test_a_run_is_followed_to_its_success_and_every_state_is_told_once() -> None:
    """Prevents a log that repeats itself every ten seconds, and one that is silent while a run waits."""
    said: list[str] = []
    glue = FakeGlue("WAITING", "WAITING", "STARTING", "RUNNING", "RUNNING", "STOPPING", "SUCCEEDED")
    assert runs(glue, said).follow("jr_1")["JobRunState"] == "SUCCEEDED"
    assert [line.rpartition(" ")[2] for line in said] == ["WAITING", "STARTING", "RUNNING", "STOPPING"]
    assert glue.stopped == []


@pytest.mark.parametrize(
    ("state", "advice"),
    [
        ("FAILED", "see the log"),
        ("ERROR", "Glue itself failed"),
        ("STOPPED", "it was stopped by hand"),
        ("TIMEOUT", "longer timeout or more workers"),
        ("EXPIRED", "queue"),
        ("A_STATE_OF_TOMORROW", "see the log"),
    ],
)
def test_every_other_end_names_run_state_reason_and_log_in_one_line(state: str, advice: str) -> None:
    """Prevents a wait that never ends (EXPIRED), and an error without a link to the log."""
    glue = FakeGlue("RUNNING", state, ErrorMessage="ValueError: bad\nhour", LogGroupName="/aws-glue/socialsent")
    with pytest.raises(GlueRunError) as raised:
        runs(glue).follow("jr_1")
    message = str(raised.value)
    assert f"Glue run jr_1 of job cleanse ended {state}: ValueError: bad hour; " in message
    assert advice in message
    assert "/aws-glue/socialsent/error" in message
    assert "stream jr_1" in message
    assert "\n" not in message


def test_a_run_that_takes_too_long_is_stopped_and_its_end_awaited() -> None:
    """Prevents a run that is paid for, and writes, long after its step gave up."""
    glue = FakeGlue("RUNNING", after_stop=("STOPPING", "STOPPING", "STOPPED"))
    with pytest.raises(GlueRunError, match=r"RUNNING for 10 minutes and was stopped \(it is STOPPED\)") as raised:
        runs(glue).follow("jr_1")
    assert glue.stopped == ["jr_1"]
    assert "SOCIALSENT_GLUE_DEADLINE_MINUTES" in str(raised.value)


def test_the_deadline_counts_from_the_runs_start_not_from_the_first_look() -> None:
    """Prevents a step that, tried again and again, never lets its run reach the deadline."""
    glue = FakeGlue("RUNNING", "RUNNING", "SUCCEEDED", StartedOn=NOON - timedelta(minutes=11))
    with pytest.raises(GlueRunError, match="was stopped"):
        runs(glue).follow("jr_1")


def test_time_in_the_queue_counts() -> None:
    """Prevents a run that waits for capacity without a limit."""
    with pytest.raises(GlueRunError, match="WAITING for 10 minutes"):
        runs(FakeGlue("WAITING")).follow("jr_1")


def test_a_run_that_does_not_stop_is_not_waited_for_for_ever() -> None:
    """Prevents a deadline that has none itself."""
    said: list[str] = []
    glue = FakeGlue("RUNNING", after_stop=("STOPPING",))
    glue.errors = [{"JobRunId": "jr_1", "ErrorDetail": {"ErrorMessage": "cannot be stopped now"}}]
    with pytest.raises(GlueRunError, match="it is STOPPING"):
        runs(glue, said).follow("jr_1")
    assert "Glue run jr_1 was not stopped: cannot be stopped now" in said


def test_somebody_elses_run_is_never_stopped() -> None:
    """Prevents an impatient step that kills the backfill of another."""
    glue = FakeGlue("RUNNING")
    with pytest.raises(GlueRunError, match="is left alone"):
        runs(glue).follow("jr_1", is_ours=False)
    assert glue.stopped == []


@pytest.mark.parametrize("signal", [dg.DagsterExecutionInterruptedError, KeyboardInterrupt])
def test_a_cancelled_step_stops_its_run(signal: type[BaseException]) -> None:
    """Prevents a run that goes on after Terminate, also while Glue still processes its start."""
    glue = FakeGlue("RUNNING", Arguments=ORDER.arguments())
    followed = runs(glue)
    with pytest.raises(signal), stopped_with_its_step(followed, ORDER):
        raise signal
    assert glue.stopped == ["jr_0"]


def test_a_cancelled_step_leaves_the_runs_of_other_orders_alone() -> None:
    """Prevents a Terminate that ends another user's backfill."""
    glue = FakeGlue("RUNNING", Arguments={**ORDER.arguments(), "--order": "another"})
    with pytest.raises(KeyboardInterrupt), stopped_with_its_step(runs(glue), ORDER):
        raise KeyboardInterrupt
    assert glue.stopped == []


def test_an_error_in_between_leaves_the_run_alone() -> None:
    """Prevents an hour's work thrown away for a moment's network: the next try follows the run."""
    glue = FakeGlue("RUNNING", Arguments=ORDER.arguments())
    with pytest.raises(AwsCallError), stopped_with_its_step(runs(glue), ORDER):
        raise AwsCallError("glue cannot be reached")
    assert glue.stopped == []


def test_alive_is_what_has_not_ended() -> None:
    """Prevents a step that waits for a run of last week."""
    states = ("STARTING", "WAITING", "RUNNING", "STOPPING", "SUCCEEDED", "FAILED", "EXPIRED", "TIMEOUT")
    assert [run["JobRunState"] for run in runs(FakeGlue(*states)).alive()] == list(states[:4])


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (refused("EntityNotFoundException", "StartJobRun"), UserError, "there is no Glue job cleanse: deploy"),
        (refused("AccessDeniedException", "StartJobRun"), UserError, "glue:StartJobRun is not allowed"),
        (refused("ExpiredTokenException", "GetJobRun"), UserError, "credentials have expired"),
        (refused("ThrottlingException", "GetJobRun"), AwsCallError, "throttled"),
        (refused("InternalServiceException", "GetJobRun", 500), AwsCallError, "failed for good"),
        (refused("ConcurrentRunsExceededException", "StartJobRun"), NoRoomError, "ConcurrentRunsExceeded"),
        (refused("ResourceNumberLimitExceededException", "StartJobRun"), NoRoomError, "ResourceNumberLimit"),
    ],
)
def test_what_glue_refuses_is_said_in_one_line(error: Exception, kind: type[Exception], said: str) -> None:
    """Prevents a stack of botocore where a sentence would do."""
    with pytest.raises(kind) as raised, runs(FakeGlue("RUNNING")).asked():
        raise error
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_errors_of_other_services_are_not_taken_for_glues() -> None:
    """Prevents "glue:PutObject is not allowed" and the wrong permission given for it."""
    error = refused("AccessDenied", "PutObject")
    with pytest.raises(type(error)) as raised, runs(FakeGlue("RUNNING")).asked():
        raise error
    assert raised.value is error


@pytest.fixture(autouse=True)
def no_real_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that sleeps for real would hide a clock that is not the given one."""
    monkeypatch.setattr("socialsent_assets.aws.glue_runs.time.sleep", lambda _: pytest.fail("slept"))
