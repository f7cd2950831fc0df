"""A Dagster job for one event hour: launched over GraphQL, found again after a crash, followed to its end.

Standard library only, as dagster_web_server.py.

Not here: HTTP (dagster_web_server.py), Airflow (sentiment_analysis_dag.py), what the jobs do (socialsent_assets/).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from dagster_web_server import FailedError, RefusedError, UnreachableError, WebServer, checked, first_line

Answer = TypeVar("Answer")

WAITING = ("QUEUED", "NOT_STARTED")
UNFINISHED = (*WAITING, "MANAGED", "STARTING", "STARTED")  # without CANCELING: such a run has no good end any more
# An Airflow 3 worker gives a task 5 seconds between "end" and SIGKILL.
TERMINATE_WITHIN_S = 4.0
_LONGEST_PAUSE_S = 30.0

_FIND = """query Find($filter: RunsFilter!) { runsOrError(filter: $filter, limit: 1) {
  __typename ... on Runs { results { runId status } } ... on Error { message } } }"""
_DAYS = """query Days($job: PipelineSelector!) { pipelineOrError(params: $job) {
  __typename ... on Error { message }
  ... on Pipeline { first: partitionKeysOrError(limit: 1) { partitionKeys }
                    last: partitionKeysOrError(limit: 1, reverse: true) { partitionKeys } } } }"""
_LOCATION = """query Location($name: String!) { workspaceLocationEntryOrError(name: $name) {
  __typename ... on WorkspaceLocationEntry { loadStatus
    locationOrLoadError { __typename ... on PythonError { message } } } } }"""
_LAUNCH = """mutation Launch($run: ExecutionParams!) { launchRun(executionParams: $run) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on Error { message }
  ... on RunConfigValidationInvalid { errors { message } } } }"""
_STATUS = """query Status($id: ID!) { runOrError(runId: $id) {
  __typename ... on Run { status } ... on Error { message } } }"""
_EVENTS = """query Events($id: ID!, $after: String) { runOrError(runId: $id) {
  __typename ... on Error { message }
  ... on Run { eventConnection(afterCursor: $after) { cursor hasMore events { __typename
    ... on ExecutionStepFailureEvent { stepKey error { message causes { message } } }
    ... on RunFailureEvent { message } } } } } }"""
_TERMINATE = """mutation Terminate($id: String!) { terminateRun(runId: $id, terminatePolicy: SAFE_TERMINATE) {
  __typename ... on TerminateRunFailure { message } ... on Error { message } } }"""
_QUEUE = """query Queue { instance { daemonHealth { daemonStatus(daemonType: "QUEUED_RUN_COORDINATOR") {
  healthy } } } }"""


@dataclass(frozen=True)
class Patience:
    """How long to wait for what, in seconds.

    Attributes:
        poll_s: between two looks at a run.
        queued_s: a run may wait in Dagster's queue; then it is cancelled.
        deadline_s: a run may take in all, the queue included; then it is cancelled.
        unreachable_s: the web server may be away; the run goes on meanwhile.
        pause_s: before asking again the first time; each further pause is twice as long, up to 30 s.
    """

    poll_s: float = 10.0
    queued_s: float = 1800.0
    deadline_s: float = 7200.0
    unreachable_s: float = 300.0
    pause_s: float = 1.0


@dataclass(frozen=True)
class HourRun:
    """What to run: a partitioned `job` for one `hour` (`YYYY-MM-DD-HH:00`, UTC).

    `marks` are tags by which the run of an earlier attempt is found again: the same for every attempt at the same
    piece of work, and for nothing else.
    """

    job: str
    hour: str
    marks: Mapping[str, str] = field(default_factory=dict)

    @property
    def tags(self) -> dict[str, str]:
        """All tags of the run; socialsent_assets/defs/partitions.py reads the day and, of it, the hour."""
        hours = {
            "dagster/asset_partition_range_start": self.day,
            "dagster/asset_partition_range_end": self.day,
            "socialsent/hours": f"{self.day}T{self.hour[11:13]}",
        }
        return {**self.marks, **hours}

    @property
    def day(self) -> str:
        """Dagster's partition: the day of the hour, `YYYY-MM-DD`."""
        return self.hour[:10]


def hour_key(time: datetime) -> str:
    """Key of the event hour that an aware time falls in. Raises ValueError for a naive time.

    >>> hour_key(datetime(2026, 11, 22, 9, 40, tzinfo=UTC))
    '2026-11-22-09:00'
    """
    if time.tzinfo is None:
        raise ValueError(f"time without an offset: {time!r}")
    return f"{time.astimezone(UTC):%Y-%m-%d-%H}:00"


class Dagster:
    """The jobs of one code location of a Dagster web server; `say` takes a line for the log of the task."""

    def __init__(
        self,
        server: WebServer,
        location: str = "socialsent",
        patience: Patience | None = None,
        say: Callable[[str], None] = print,
    ) -> None:
        self._server = server
        self._location = location
        self._patience = patience or Patience()
        self._say = say

    def launch_or_attach(self, run: HourRun, is_retry: bool) -> str:
        """The id of a run that does this work: one that is at it already, or a new one.

        A retry also takes a run that has succeeded since the attempt before lost sight of it. A first attempt does
        not: a task may have been cleared in order to repeat its work.

        Raises:
            RefusedError: no such job or hour, or Dagster will not have it.
            FailedError: Dagster cannot run it now.
        """
        launched = False

        def attempt() -> str:
            # A launch without an answer may have been carried out, and be over: look before the next one.
            nonlocal launched
            found = self._find(run, (*UNFINISHED, "SUCCESS") if is_retry or launched else UNFINISHED)
            if found:
                self._say(f"attached to the run of an earlier attempt: {self.link(found)}")
                return found
            self._check_hour(run)
            launched = True
            run_id = self._launch(run)
            self._say(f"launched {run.job} for {run.hour}: {self.link(run_id)}")
            return run_id

        return self._patiently(attempt, f"{run.job} for {run.hour} could not be launched")

    def follow(self, run_id: str) -> None:
        """Wait until the run has succeeded.

        Raises:
            FailedError: it failed, waited or took too long, or the web server was away for too long.
            RefusedError: it was canceled.
        """
        began, seen = time.monotonic(), ""
        while True:
            status = self._patiently(lambda: self._status(run_id), f"run {run_id} goes on unwatched")
            if status != seen:
                self._say(f"run {run_id} is {status}")
                seen = status
            if status == "SUCCESS":
                return
            if status == "FAILURE":
                raise FailedError(f"the run failed: {self._reasons(run_id)}; see {self.link(run_id)}")
            if status == "CANCELED":
                raise RefusedError(f"the run was cancelled; clear this task to run it again; see {self.link(run_id)}")
            self._give_up_in_time(run_id, status, time.monotonic() - began)
            time.sleep(self._patience.poll_s)

    def terminate(self, run_id: str) -> str:
        """Request cancellation of a run; returns the outcome as a sentence, never raises."""
        try:
            answer = self._server.ask(_TERMINATE, within_s=TERMINATE_WITHIN_S, id=run_id)["terminateRun"]
        except (FailedError, RefusedError) as error:
            return f"it could not be cancelled: {error}"
        if answer["__typename"] == "TerminateRunSuccess":
            return "it was cancelled"
        return f"it could not be cancelled: {answer.get('message', answer['__typename'])}"

    def link(self, run_id: str) -> str:
        """The run's page."""
        return f"{self._server.url}/runs/{run_id}"

    def _give_up_in_time(self, run_id: str, status: str, waited_s: float) -> None:
        limits = self._patience
        if status in WAITING and waited_s >= limits.queued_s:
            why = self._why_queued()
            ended = self.terminate(run_id)
            raise FailedError(f"the run was still queued after {waited_s:.0f} s, {ended}: {why}")
        if waited_s >= limits.deadline_s:
            ended = self.terminate(run_id)
            raise FailedError(f"the run was still {status} after {waited_s:.0f} s, {ended}; see {self.link(run_id)}")

    def _find(self, run: HourRun, statuses: tuple[str, ...]) -> str | None:
        wanted = {"tags": _pairs(run.marks), "statuses": list(statuses)}
        found = checked(self._server.ask(_FIND, filter=wanted)["runsOrError"], "Runs")["results"]
        return found[0]["runId"] if found else None

    def _check_hour(self, run: HourRun) -> None:
        """Dagster launches a run for an hour that does not exist, and lets it fail: a retry for nothing."""
        job = self._server.ask(_DAYS, job=self._selector(run.job))["pipelineOrError"]
        if job["__typename"] == "PipelineNotFoundError":
            raise self._why_unknown(run.job)
        checked(job, "Pipeline")
        first, last = (job[end].get("partitionKeys", []) for end in ("first", "last"))
        if not first or not first[0] <= run.day <= last[0]:  # keys sort like time
            there_are = f"{first[0]} to {last[0]}" if first else "none"
            raise RefusedError(f"{run.job} has no hour {run.hour}; its days are {there_are} (SOCIALSENT_START)")

    def _why_unknown(self, job: str) -> FailedError | RefusedError:
        entry = self._server.ask(_LOCATION, name=self._location)["workspaceLocationEntryOrError"]
        loaded = (entry.get("locationOrLoadError") or {}) if entry["__typename"] == "WorkspaceLocationEntry" else None
        if loaded is None:
            return RefusedError(f"Dagster has no code location {self._location}: set SOCIALSENT_DAGSTER_LOCATION")
        if loaded.get("__typename") == "PythonError" or entry["loadStatus"] == "LOADING":
            why = first_line(loaded.get("message", "it is being loaded"))
            return FailedError(f"Dagster could not load its code location {self._location}: {why}")
        return RefusedError(f"the code location {self._location} has no job {job}")

    def _launch(self, run: HourRun) -> str:
        params = {"selector": self._selector(run.job), "executionMetadata": {"tags": _pairs(run.tags)}}
        answer = self._server.ask(_LAUNCH, run=params)["launchRun"]
        return str(checked(answer, "LaunchRunSuccess")["run"]["runId"])

    def _status(self, run_id: str) -> str:
        return str(checked(self._server.ask(_STATUS, id=run_id)["runOrError"], "Run")["status"])

    def _reasons(self, run_id: str) -> str:
        """Every failed step with the innermost message of its error."""
        events: list[dict[str, Any]] = []
        page: dict[str, Any] = {"hasMore": True, "cursor": None}
        try:
            while page["hasMore"]:
                answer = self._server.ask(_EVENTS, id=run_id, after=page["cursor"])["runOrError"]
                page = checked(answer, "Run")["eventConnection"]
                events += page["events"]
        except (FailedError, RefusedError) as error:
            return f"(its log cannot be read: {error})"
        steps = [_step_failure(event) for event in events if event["__typename"] == "ExecutionStepFailureEvent"]
        runs = [first_line(event["message"]) for event in events if event["__typename"] == "RunFailureEvent"]
        return "; ".join(steps or runs) or "(its log has no reason)"

    def _why_queued(self) -> str:
        try:
            healthy = self._server.ask(_QUEUE)["instance"]["daemonHealth"]["daemonStatus"]["healthy"]
        except (FailedError, RefusedError) as error:
            return f"Dagster does not answer ({error})"
        if healthy:
            return (
                "other runs hold its place; look at the queue in Dagster, or raise SOCIALSENT_DAGSTER_QUEUED_SECONDS"
            )
        return "dagster-daemon, which starts queued runs, is not running; start it, then clear this task"

    def _selector(self, job: str) -> dict[str, str]:
        return {
            "repositoryLocationName": self._location,
            "repositoryName": "__repository__",
            "pipelineName": job,
        }

    def _patiently(self, step: Callable[[], Answer], otherwise: str) -> Answer:
        """Repeat a step while the web server is away, with growing pauses, for as long as patience lasts."""
        began, pause = time.monotonic(), self._patience.pause_s
        while True:
            try:
                return step()
            except UnreachableError as error:
                away_s = time.monotonic() - began
                if away_s + pause > self._patience.unreachable_s:
                    raise UnreachableError(f"{error}, for {away_s:.0f} s now; {otherwise}") from error
                self._say(f"{error}; asking again in {pause:.0f} s")
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)


def _step_failure(event: dict[str, Any]) -> str:
    error = event["error"] or {"message": "no message", "causes": []}
    innermost = [error, *error["causes"]][-1]["message"]
    return f"step {event['stepKey']}: {first_line(innermost)}"


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]
