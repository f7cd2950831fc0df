"""A real Dagster in processes of its own: web server, daemon, and what a test wants to know of them.

Not here: the jobs that it runs (rehearsal.py, the project itself), Airflow (airflow_lines.py).
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from socialsent_assets.settings import PROJECT_ROOT

HERE = Path(__file__).parent
HOURS_TAG = "socialsent/hours"
_RUNS = "{ runsOrError { ... on Runs { results { runId jobName status tags { key value } } } } }"
_PROJECT = '{repositoryLocationName: "socialsent", repositoryName: "__repository__"}'
_AUTOMATIC = f"""{{ repositoryOrError(repositorySelector: {_PROJECT})
  {{ ... on Error {{ message }} ... on Repository {{ sensors {{ id }} schedules {{ id }} }} }} }}"""


@dataclass
class DagsterServers:
    """A Dagster instance on `home`, with the code locations `rehearsal`, `bare` and, `with_project`, `socialsent`."""

    home: Path
    with_project: bool
    port: int = 0
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Of the web server."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Of every process that works on this instance."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SOCIALSENT_", "DAGSTER_"))}
        own = {"SOCIALSENT_HOME": self.home, "DAGSTER_HOME": self.home / "dagster", "REHEARSAL": self.rehearsal}
        return kept | {name: str(path) for name, path in own.items()}

    @property
    def rehearsal(self) -> Path:
        """Folder of what shall happen to an hour (rehearsal.py)."""
        return self.home / "rehearsal"

    def prepare(self) -> None:
        """Write the instance's settings and the workspace."""
        self.rehearsal.mkdir(parents=True)
        (self.home / "dagster").mkdir()
        instance = yaml.safe_load((PROJECT_ROOT / "dagster.yaml").read_text())
        instance["run_coordinator"] = {  # the default one, but looking every second instead of every five
            "module": "dagster", "class": "QueuedRunCoordinator", "config": {"dequeue_interval_seconds": 1},
        }  # fmt: skip
        (self.home / "dagster" / "dagster.yaml").write_text(yaml.safe_dump(instance))
        rehearsals = [
            {
                "python_file": {
                    "relative_path": str(HERE / "rehearsal.py"),
                    "attribute": name,
                    "location_name": location,
                }
            }
            for name, location in (("defs", "rehearsal"), ("bare", "bare"))
        ]
        project = (
            yaml.safe_load((PROJECT_ROOT / "workspace.yaml").read_text())["load_from"] if self.with_project else []
        )
        (self.home / "workspace.yaml").write_text(yaml.safe_dump({"load_from": [*project, *rehearsals]}))

    def start(self, program: str, *arguments: str) -> None:
        """Start a program of Dagster on the workspace."""
        command = [str(Path(sys.executable).parent / program), *arguments, "-w", str(self.home / "workspace.yaml")]
        with (self.home / f"{program}.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=PROJECT_ROOT, env=self.environment, stdout=log, stderr=subprocess.STDOUT,
                # pytest-xdist's workers may ignore SIGINT, and Dagster would inherit that.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )  # fmt: skip
        self.processes.append(process)

    def start_web_server(self) -> None:
        """Start it, and wait until it answers."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.start("dagster-webserver", "-h", "127.0.0.1", "-p", str(self.port))
        eventually(lambda: self._answers("{ version }"), within_s=120)

    def stop_automation(self) -> None:
        """Switch every sensor and schedule off: what runs then was launched by a test."""
        found = self.ask(_AUTOMATIC)["repositoryOrError"]
        assert "sensors" in found, f"the project does not load: {found} {self.log('dagster-webserver')}"
        for kind, mutation in (("sensors", "stopSensor(id: $id)"), ("schedules", "stopRunningSchedule(id: $id)")):
            for automatic in found[kind]:
                self.ask(f"mutation ($id: String!) {{ {mutation} {{ __typename }} }}", id=automatic["id"])

    def stop(self) -> None:
        """End every process, and everything that they started."""
        family = [
            child for process in self.processes for child in psutil.Process(process.pid).children(recursive=True)
        ]
        for process in self.processes:
            process.send_signal(signal.SIGINT)
        for process in self.processes:
            try:
                process.wait(timeout=8)  # the daemon takes half a minute over its code servers
            except subprocess.TimeoutExpired:
                process.kill()
        for left in psutil.wait_procs(family, timeout=5)[1]:
            left.kill()

    def runs(self, hour: str) -> list[tuple[str, str]]:
        """Job and status of every run of an hour, oldest first."""
        found = reversed(self.ask(_RUNS)["runsOrError"]["results"])
        return [
            (run["jobName"], run["status"])
            for run in found
            if {"key": HOURS_TAG, "value": f"{hour[:10]}T{hour[11:13]}"} in run["tags"]
        ]

    def log(self, program: str) -> str:
        """The last lines of a program's output."""
        return (self.home / f"{program}.log").read_text(encoding="utf-8", errors="replace")[-3000:]

    def ask(self, query: str, **variables: str) -> dict[str, Any]:
        """The data of one GraphQL question."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["data"]

    def _answers(self, query: str) -> bool:
        try:
            return bool(self.ask(query))
        except (urllib.error.URLError, OSError):
            return False


@contextmanager
def dagster_servers(home: Path, *, with_project: bool, with_daemon: bool) -> Iterator[DagsterServers]:
    """Running servers; all of them are stopped at the end."""
    servers = DagsterServers(home, with_project)
    servers.prepare()
    with ExitStack() as end:
        end.callback(servers.stop)
        servers.start_web_server()
        if with_project:
            servers.stop_automation()
        if with_daemon:
            servers.start("dagster-daemon", "run")
        yield servers


def eventually(look: Callable[[], Any], within_s: float) -> Any:
    """The first true answer; fails after the deadline."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if answer := look():
            return answer
        time.sleep(0.2)
    pytest.fail(f"did not happen within {within_s:.0f} s")
