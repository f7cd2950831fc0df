"""Runs of one Glue job: which are alive, following one to its end, stopping one.

States: https://docs.aws.amazon.com/glue/latest/dg/job-run-statuses.html

Not here: the request of a run (jobs/glue_request.py), starting one with Dagster Pipes (resources/glue.py).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from socialsent_assets.settings import UserError

Run = Mapping[str, Any]
"""A JobRun as Glue describes it."""

# Every other state is an end, one that Glue may add included: never to wait indefinitely is worth more than a guess.
ALIVE = frozenset({"STARTING", "RUNNING", "STOPPING", "WAITING"})
SUCCEEDED = "SUCCEEDED"
_NEWEST_RUNS = 200  # of one page, newest first: older ones are not alive
_STOPPING_TAKES = timedelta(minutes=5)

_WHAT_TO_DO = {
    "TIMEOUT": "give the job a longer timeout or more workers (infra/sizes.toml)",
    "STOPPED": "it was stopped by hand; materialize the hours again if that was a mistake",
    "EXPIRED": "it waited too long in Glue's queue: run fewer jobs in parallel, or raise the account's DPU quota",
    "ERROR": "Glue itself failed: materialize the hours again",
}
_SEE_THE_LOG = "see the log"


class GlueRunError(Exception):
    """A run did not do its work; the message is one line that names it, its end and its log."""


class NoRoomError(Exception):
    """The job, or the account, runs as much at a time as it may."""


@dataclass(frozen=True)
class GlueRuns:
    """The runs of one job.

    Attributes:
        client: of boto3, for Glue.
        job: name of the Glue job.
        deadline: how long a run may take, its time in the queue included.
        poll_seconds: pause between two looks.
        tell: receives progress lines.
        clock, sleep: aware now; waits that many seconds.
    """

    client: Any
    job: str
    deadline: timedelta
    poll_seconds: float
    tell: Callable[[str], object]
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    sleep: Callable[[float], None] = time.sleep

    def alive(self) -> list[Run]:
        """Runs that have not ended, newest first."""
        with self.asked():
            runs = self.client.get_job_runs(JobName=self.job, MaxResults=_NEWEST_RUNS)["JobRuns"]
        return [run for run in runs if run["JobRunState"] in ALIVE]

    def follow(self, run_id: str, *, is_ours: bool = True) -> Run:
        """Wait for the end of a run; one of `ours` is stopped at its deadline, another owner's is left alone.

        Raises:
            GlueRunError: it ended otherwise than SUCCEEDED, or not by its deadline.
        """
        first_look, told = self.clock(), ""
        while True:
            run = self._look(run_id)
            state = run["JobRunState"]
            if state == SUCCEEDED:
                return run
            if state not in ALIVE:
                raise GlueRunError(self._in_words(run))
            if state != told:
                self.tell(f"Glue run {run_id} of job {self.job}: {state}")
                told = state
            if self.clock() - min(first_look, run.get("StartedOn", first_look)) > self.deadline:
                raise GlueRunError(self._overdue(run, is_ours))
            self.sleep(self.poll_seconds)

    def stop(self, run_id: str) -> str:
        """Stop a run and wait until it has ended, for some minutes; the state that it is in then.

        Until then it may still write; what it writes is whole hours, so nothing has to be undone.
        """
        with self.asked():
            answer = self.client.batch_stop_job_run(JobName=self.job, JobRunIds=[run_id])
        for error in answer.get("Errors", ()):
            self.tell(f"Glue run {run_id} was not stopped: {error.get('ErrorDetail', {}).get('ErrorMessage')}")
        until = self.clock() + _STOPPING_TAKES
        state: str = self._look(run_id)["JobRunState"]
        while state in ALIVE and self.clock() < until:
            self.sleep(self.poll_seconds)
            state = self._look(run_id)["JobRunState"]
        self.tell(f"Glue run {run_id} of job {self.job}: {state}")
        return state

    @contextlib.contextmanager
    def asked(self) -> Iterator[None]:
        """Translate Glue's errors to one line; errors of other services pass.

        Raises:
            NoRoomError: too much runs already.
            UserError: names, permissions or credentials are not as they should be.
            AwsCallError: anything else, after the retries.
        """
        from botocore.exceptions import ClientError

        from socialsent_assets.aws.client import explained

        try:
            yield
        except ClientError as error:
            if "JobRun" not in error.operation_name:
                raise
            code = error.response["Error"]["Code"]
            if code in ("ConcurrentRunsExceededException", "ResourceNumberLimitExceededException"):
                raise NoRoomError(code) from error
            if code == "EntityNotFoundException":
                raise UserError(
                    f"there is no Glue job {self.job}: deploy the compute stack (docs/deploy-aws.md), or correct "
                    "SOCIALSENT_GLUE_JOB_CLEANSE, SOCIALSENT_GLUE_JOB_SCORE or SOCIALSENT_GLUE_JOB_UPKEEP"
                ) from error
            with explained("glue", f"Glue job {self.job}"):
                raise

    def _look(self, run_id: str) -> Run:
        with self.asked():
            run: Run = self.client.get_job_run(JobName=self.job, RunId=run_id)["JobRun"]
            return run

    def _overdue(self, run: Run, is_ours: bool) -> str:
        minutes = self.deadline.total_seconds() / 60
        state = self.stop(run["Id"]) if is_ours else run["JobRunState"]
        became = f"was stopped (it is {state})" if is_ours else "is left alone, because another order started it"
        return (
            f"Glue run {run['Id']} of job {self.job} was {run['JobRunState']} for {minutes:g} minutes and {became}; "
            "raise SOCIALSENT_GLUE_DEADLINE_MINUTES or give the job more workers; hours that it finished are kept; "
            f"{_log_of(run)}"
        )

    def _in_words(self, run: Run) -> str:
        state = run["JobRunState"]
        reason = " ".join(str(run.get("ErrorMessage") or run.get("StateDetail") or "no message").split())
        advice = _WHAT_TO_DO.get(state, _SEE_THE_LOG)
        return f"Glue run {run['Id']} of job {self.job} ended {state}: {reason}; {advice}; {_log_of(run)}"


def _log_of(run: Run) -> str:
    group = run.get("LogGroupName") or "/aws-glue/jobs"
    return f"log: CloudWatch groups {group}/error and {group}/output, stream {run['Id']}"
