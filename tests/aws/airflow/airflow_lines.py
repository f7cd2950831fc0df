"""The two lines of Airflow that Amazon MWAA offers, each in its own environment, running our DAG for real.

`airflow dags test` runs a whole DAG run in one process, retries included, without a scheduler.

Not here: what they talk to (dagster_servers.py).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from socialsent_assets.settings import PROJECT_ROOT

LINES = ("2.11", "3.0")
DAGS = PROJECT_ROOT / "infra" / "mwaa" / "dags"
DAG_ID = "sentiment_analysis_dag"
WITHIN_S = 900.0
"""Most that a DAG run takes: the pipeline for two hours, one after the other, on a machine with other work."""
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

    def run(self, at: str, settings: Mapping[str, str], hour: str = "") -> tuple[int, DagRun]:
        """A DAG run to its end: exit code and output."""
        with self.running(at, settings, hour) as run:
            return run.end(), run


def in_both(airflows: list[Airflow], scenario: Callable[[Airflow], Answer]) -> list[Answer]:
    """The scenario in both lines at the same time: nearly all of it is waiting. Fails with the first failure."""
    with ThreadPoolExecutor(len(airflows)) as pool:
        return list(pool.map(scenario, airflows))
