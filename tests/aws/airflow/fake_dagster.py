"""A web server that answers the questions of the DAG from a script: for faults that a real one shows too seldom.

Whether its responses match Dagster's is tested by test_in_airflow.py, against a real one.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

DAYS = ("2026-01-01", "2026-11-23")
Answer = dict[str, Any]
LOADED: Answer = {
    "__typename": "WorkspaceLocationEntry",
    "loadStatus": "LOADED",
    "locationOrLoadError": {"__typename": "RepositoryLocation"},
}


@dataclass
class Run:
    """A run: its tags, and the statuses that it shows one after another; the last one stays."""

    tags: dict[str, str]
    statuses: list[str]

    def look(self) -> str:
        """The status now."""
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


@dataclass
class FakeDagster:
    """State of the server: runs, prepared responses and received requests.

    Attributes:
        statuses: what a launched run will show.
        script: the same for the runs to come, in the order of their launch; `statuses` for those after them.
        days: first and last partition.
        faults: what happens to the next questions of a name: an HTTP status, `drop` (no answer arrives), `lost` (the
            same, but the request is executed), `html`, or the answer itself.
    """

    url: str = ""
    runs: dict[str, Run] = field(default_factory=dict)
    statuses: list[str] = field(default_factory=lambda: ["QUEUED", "STARTED", "SUCCESS"])
    script: list[list[str]] = field(default_factory=list)
    days: tuple[str, str] = DAYS
    faults: dict[str, list[int | str | Answer]] = field(default_factory=dict)
    events: list[list[Answer]] = field(default_factory=lambda: [[]])
    is_daemon_healthy: bool = True
    location: Answer = field(default_factory=lambda: dict(LOADED))
    asked: Counter[str] = field(default_factory=Counter)
    headers: dict[str, str] = field(default_factory=dict)

    def answer(self, question: str, variables: Answer) -> Answer:
        """The data of an answer without faults."""
        return getattr(self, f"_{question.lower()}")(variables)

    def _find(self, variables: Answer) -> Answer:
        wanted = {pair["key"]: pair["value"] for pair in variables["filter"]["tags"]}
        found = [
            {"runId": run_id, "status": run.statuses[0]}
            for run_id, run in reversed(self.runs.items())
            if wanted.items() <= run.tags.items() and run.statuses[0] in variables["filter"]["statuses"]
        ]
        return {"runsOrError": {"__typename": "Runs", "results": found[:1]}}

    def _days(self, variables: Answer) -> Answer:
        if variables["job"]["pipelineName"] not in ("cleanse_hours", "score_hours"):
            return {"pipelineOrError": {"__typename": "PipelineNotFoundError", "message": "Could not find Pipeline"}}
        first, last = ({"partitionKeys": [day]} for day in self.days)
        return {"pipelineOrError": {"__typename": "Pipeline", "first": first, "last": last}}

    def _location(self, variables: Answer) -> Answer:
        return {"workspaceLocationEntryOrError": self.location}

    def _launch(self, variables: Answer) -> Answer:
        run_id = f"run-{len(self.runs) + 1}"
        tags = {pair["key"]: pair["value"] for pair in variables["run"]["executionMetadata"]["tags"]}
        self.runs[run_id] = Run(tags, self.script.pop(0) if self.script else list(self.statuses))
        return {"launchRun": {"__typename": "LaunchRunSuccess", "run": {"runId": run_id}}}

    def _status(self, variables: Answer) -> Answer:
        run = self.runs.get(variables["id"])
        if run is None:
            return {"runOrError": {"__typename": "RunNotFoundError", "message": "Run could not be found"}}
        return {"runOrError": {"__typename": "Run", "status": run.look()}}

    def _events(self, variables: Answer) -> Answer:
        page = int(variables["after"] or 0)
        connection = {"cursor": str(page + 1), "hasMore": page + 1 < len(self.events), "events": self.events[page]}
        return {"runOrError": {"__typename": "Run", "eventConnection": connection}}

    def _terminate(self, variables: Answer) -> Answer:
        self.runs[variables["id"]].statuses[:] = ["CANCELED"]
        return {"terminateRun": {"__typename": "TerminateRunSuccess"}}

    def _queue(self, variables: Answer) -> Answer:
        return {"instance": {"daemonHealth": {"daemonStatus": {"healthy": self.is_daemon_healthy}}}}


class _Handler(BaseHTTPRequestHandler):
    dagster: FakeDagster

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        found = re.match(r"\w+ (\w+)", asked["query"])
        assert found
        question = found[1]
        self.dagster.asked[question] += 1
        self.dagster.headers = dict(self.headers)
        faults = self.dagster.faults.get(question)
        fault = faults.pop(0) if faults else None
        if isinstance(fault, int):
            self._send(fault, b"{}")
        elif fault == "html":
            self._send(200, b"<html>please log in</html>")
        elif isinstance(fault, dict):
            self._send(200, json.dumps(fault).encode())
        elif fault != "drop":
            data = json.dumps({"data": self.dagster.answer(question, asked["variables"])}).encode()
            if fault != "lost":
                self._send(200, data)

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Log no requests: the tests assert on them."""


@contextmanager
def serving(dagster: FakeDagster) -> Iterator[FakeDagster]:
    """The fake on a free port of this machine."""
    handler = type("Handler", (_Handler,), {"dagster": dagster})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        dagster.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield dagster
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def fake() -> Iterator[FakeDagster]:
    """See `FakeDagster`."""
    with serving(FakeDagster()) as dagster:
        yield dagster
