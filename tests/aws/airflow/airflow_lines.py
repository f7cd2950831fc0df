"""The two lines of Airflow that Amazon MWAA offers, each in its own environment, running our DAG for real.

`airflow dags test` runs a whole DAG run in one process, retries included, without a scheduler.

Not here: what they talk to (dagster_servers.py).
"""

from __future__ import annotations

import json
import os
import re
import socket
import sqlite3
import subprocess
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil
import pytest
from dagster_servers import eventually

from socialsent_assets.settings import PROJECT_ROOT

LINES = ("2.11", "3.0")
DAGS = PROJECT_ROOT / "infra" / "mwaa" / "dags"
DAG_ID = "sentiment_analysis_dag"
WITHIN_S = 900.0
"""Most that a DAG run takes: the pipeline for two hours, one after the other, on a machine with other work."""
_GONE = {
    "SCHEDULER_ZOMBIE_TASK_THRESHOLD": "30",
    "ZOMBIE_DETECTION_INTERVAL": "2",
    "TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
    "TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
}
"""Seconds after which a task without a sign of life is given up, as 2.11 names them and as 3.0 does."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
Answer = TypeVar("Answer")


@dataclass
class DagRun:
    """A DAG run in a process of its own; as text it is all of its output so far."""

    line: str
    process: subprocess.Popen[bytes]
    output: Path

    def says(self, sentence: str) -> bool:
        """Whether its output contains this, however Airflow coloured and wrapped it."""
        return sentence in " ".join(_COLOUR.sub("", str(self)).split())

    def end(self) -> int:
        """Wait until it has ended; its exit code."""
        return self.process.wait(timeout=WITHIN_S)

    def __str__(self) -> str:
        return (
            f"Airflow {self.line} said in {self.output}: {self.output.read_text(encoding='utf-8', errors='replace')}"
        )


@dataclass(frozen=True)
class Airflow:
    """One line of Airflow with a database of its own."""

    line: str
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """Of every process of this Airflow; nothing of our own environment's Python or Dagster is in it."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return kept | {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "1",
        }

    def program(self, name: str) -> str:
        """Path of a program of this environment. Fails if there is no such environment."""
        path = PROJECT_ROOT / "build" / "airflow" / self.line / "bin" / name
        if not path.is_file():
            pytest.fail(f"there is no Airflow {self.line} in build/airflow: run make airflow")
        return str(path)

    def migrate(self) -> None:
        """Make the database."""
        done = subprocess.run([self.program("airflow"), "db", "migrate"], env=self.environment, capture_output=True,
                              text=True, check=False)  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    @contextmanager
    def running(self, at: str, settings: Mapping[str, str], hour: str = "") -> Iterator[DagRun]:
        """A DAG run of the logical date `at`, or for the parameter `hour`; killed at the end if it is still there.

        A setting `URL` is `SOCIALSENT_DAGSTER_URL` of the environment; names of Airflow's own are left as they are.
        """
        own = {
            name if name.startswith("AIRFLOW") else f"SOCIALSENT_DAGSTER_{name}": settings[name] for name in settings
        }
        output = self.home / f"{uuid.uuid4()}.log"
        with output.open("wb") as log:
            process = subprocess.Popen(
                [self.program("airflow"), "dags", "test", DAG_ID, at, "-c", json.dumps({"hour": hour})],
                env=self.environment | {"SOCIALSENT_DAGSTER_POLL_SECONDS": "0.5"} | own,
                stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            yield DagRun(self.line, process, output)
        finally:
            process.kill()
            process.wait()

    @contextmanager
    def scheduling(self, settings: Mapping[str, str]) -> Iterator[psutil.Process]:
        """A scheduler at work on the DAG, with what the line needs beside it; all of it is killed at the end.

        The executor is the one that each line runs on SQLite: sequential on 2.11, local on 3.0.
        """
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        environment = self.environment | settings | {
            "PATH": f"{Path(self.program('airflow')).parent}:{self.environment['PATH']}",  # 2.11 calls it by name
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor" if self.line == "3.0" else "SequentialExecutor",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__PARALLELISM": "2",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
            "AIRFLOW__API_AUTH__JWT_SECRET": "of this test, and of no other use",
            **{f"AIRFLOW__SCHEDULER__{name}": seconds for name, seconds in _GONE.items()},
            "SOCIALSENT_DAGSTER_POLL_SECONDS": "0.5",
        }  # fmt: skip
        started: list[psutil.Process] = []

        def start(*words: str) -> None:
            with (self.home / f"{words[0]}.log").open("wb") as log:
                command = [self.program("airflow"), *words]
                started.append(psutil.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT))

        try:
            if self.line == "3.0":
                start("api-server", "--host", "127.0.0.1", "--port", port, "--workers", "1")
                eventually(lambda: _answers(f"http://127.0.0.1:{port}/api/v2/version"), within_s=WITHIN_S)
                start("dag-processor")
            start("scheduler", "--skip-serve-logs")
            yield started[-1]
        finally:
            for process in started:
                end_tree(process)

    def dag_runs(self) -> list[tuple[str, str]]:
        """Type and state of every DAG run in the database, in order."""
        with sqlite3.connect(f"file:{self.home / 'airflow.db'}?mode=ro", uri=True) as database:
            return database.execute("select run_type, state from dag_run order by id").fetchall()

    def said(self) -> str:
        """The end of what the scheduler and its companions wrote."""
        return "\n".join(
            f"== {log.name}\n{log.read_text(errors='replace')[-3000:]}" for log in self.home.glob("*.log")
        )

    def run(self, at: str, settings: Mapping[str, str], hour: str = "") -> tuple[int, DagRun]:
        """A DAG run to its end: exit code and output."""
        with self.running(at, settings, hour) as run:
            return run.end(), run


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def end_tree(process: psutil.Process) -> None:
    """Kill a process and what it started."""
    with suppress(psutil.NoSuchProcess):
        for one in [*process.children(recursive=True), process]:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        process.wait()


def in_both(airflows: list[Airflow], scenario: Callable[[Airflow], Answer]) -> list[Answer]:
    """The scenario in both lines at the same time: nearly all of it is waiting. Fails with the first failure."""
    with ThreadPoolExecutor(len(airflows)) as pool:
        return list(pool.map(scenario, airflows))
