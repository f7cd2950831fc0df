"""The dbt target athena, compiled once against a moto server.

dbt-athena lists the tables in Glue before it compiles anything. moto answers that there are none, and would run
no SQL: what is shown here is what dbt would send, never what Athena makes of it.

Not here: statements of users (tests/lake/test_athena*.py).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from socialsent_assets.local_aws.server import REGION, EmbeddedAws, embedded_aws

PROJECT = Path(__file__).resolve().parents[3] / "dbt_project"
DBT = str(Path(sys.executable).with_name("dbt"))
NAMES = {
    "SOCIALSENT_ATHENA_MARTS": "mood_marts",
    "SOCIALSENT_ATHENA_WORKGROUP": "primary",
    "SOCIALSENT_ATHENA_DATA": "s3://mood-artifacts/marts",
    "SOCIALSENT_SPECTRUM_CLEANSED": "mood_cleansed",
    "SOCIALSENT_SPECTRUM_ANALYTICS": "mood_analytics",
    "SOCIALSENT_WINDOW_START": "2026-11-22 03:00:00",
    "SOCIALSENT_WINDOW_END": "2026-11-23 02:00:00",
}


@pytest.fixture(scope="session")
def aws() -> Iterator[EmbeddedAws]:
    with embedded_aws() as running:
        yield running


def environment_of(aws: EmbeddedAws) -> dict[str, str]:
    """Of a process that finds this account by itself, and no other."""
    mine = ("AWS_", "SOCIALSENT_", "HTTP", "http", "ALL_PROXY", "all_proxy")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(mine)}
    keys = {"AWS_ACCESS_KEY_ID": "embedded", "AWS_SECRET_ACCESS_KEY": "embedded"}
    files = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    where = {"AWS_ENDPOINT_URL": aws.endpoint, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
    return {**kept, **keys, **files, **where, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}


@dataclass(frozen=True)
class Compiled:
    """SQL by name of the model, snapshot or test."""

    models: dict[str, str]
    tests: dict[str, str]


@pytest.fixture(scope="session")
def compiled(aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """Everything of the project, compiled for Athena and a window of two days."""
    target = tmp_path_factory.mktemp("athena")
    folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(target)]
    run = subprocess.run(
        [DBT, "compile", "--target", "athena", *folders, "--log-path", str(target)],
        env={**environment_of(aws), **NAMES},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    root = target / "compiled" / "socialsent"
    files = {path: path.read_text("utf-8") for path in root.rglob("*.sql")}
    is_test = {path: "tests" in path.relative_to(root).parts or ".yml" in str(path) for path in files}
    return Compiled(
        models={path.stem: sql for path, sql in files.items() if not is_test[path]},
        tests={path.stem: sql for path, sql in files.items() if is_test[path]},
    )
