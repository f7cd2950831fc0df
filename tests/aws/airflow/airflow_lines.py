"""The two lines of Airflow that Amazon MWAA offers, each in its own environment, running our DAG for real.

`airflow dags test` runs a whole DAG run in one process, retries included, without a scheduler.

Not here: what they talk to (dagster_servers.py).
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from socialsent_assets.settings import PROJECT_ROOT

LINES = ("2.11", "3.0")
DAGS = PROJECT_ROOT / "infra" / "mwaa" / "dags"
DAG_ID = "sentiment_analysis_dag"
Answer = TypeVar("Answer")


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
            "NO_COLOR": "1",
            "COLUMNS": "300",
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

    def start(self, at: str, settings: Mapping[str, str], hour: str = "") -> subprocess.Popen[str]:
        """Start a DAG run of the logical date `at`; its output is one stream."""
        own = {f"SOCIALSENT_DAGSTER_{name}": value for name, value in settings.items()}
        command = [self.program("airflow"), "dags", "test", DAG_ID, at, "-c", json.dumps({"hour": hour})]
        return subprocess.Popen(
            command, env=self.environment | {"SOCIALSENT_DAGSTER_POLL_SECONDS": "0.5"} | own,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip

    def run(self, at: str, settings: Mapping[str, str], hour: str = "") -> tuple[int, str]:
        """A DAG run to its end: exit code and output."""
        with self.start(at, settings, hour) as process:
            output, _ = process.communicate(timeout=240)
        return process.returncode, f"Airflow {self.line}: {output}"


def in_both(airflows: list[Airflow], scenario: Callable[[Airflow], Answer]) -> list[Answer]:
    """The scenario in both lines at the same time: nearly all of it is waiting. Fails with the first failure."""
    with ThreadPoolExecutor(len(airflows)) as pool:
        return list(pool.map(scenario, airflows))
