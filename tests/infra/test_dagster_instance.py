"""dagster.yaml of AWS is what Dagster accepts, and differs from the one of one machine only where it must."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infra.synthesized import ROOT

pytestmark = pytest.mark.aws

FOLDER = ROOT / "infra" / "dagster"
VALUES = {
    "DAGSTER_PG_HOST": "db.example.org",
    "DAGSTER_PG_PORT": "5433",
    "DAGSTER_PG_USER": "dagster",
    "DAGSTER_PG_PASSWORD": "p",
    "DAGSTER_PG_DATABASE": "dagster",
    "DAGSTER_LOGS_BUCKET": "artifacts",
}


def written(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VALUES.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("environment")
def test_dagster_accepts_the_file() -> None:
    """Prevents a misspelt key, which Dagster only reports when the first task starts."""
    from dagster._core.instance.config import dagster_instance_config

    config, custom = dagster_instance_config(str(FOLDER), "dagster.yaml")
    assert custom is None
    assert config["concurrency"]["pools"] == {"granularity": "run", "default_limit": 1}


@pytest.mark.usefixtures("environment")
def test_runs_are_kept_in_postgres_over_a_verified_connection() -> None:
    """`sslmode=require` would encrypt, and send the password to any server."""
    from dagster._core.instance import InstanceRef
    from dagster_postgres import DagsterPostgresStorage
    from dagster_postgres.utils import pg_url_from_config

    data = InstanceRef.from_dir(str(FOLDER)).storage_data
    assert (data.module_name, data.class_name) == ("dagster_postgres", "DagsterPostgresStorage")
    url = pg_url_from_config(_resolved(DagsterPostgresStorage.config_type(), data.config_dict))
    assert url.startswith("postgresql://dagster:p@db.example.org:5433/dagster?")
    assert "sslmode=verify-full" in url
    assert "sslrootcert=/etc/ssl/certs/rds.pem" in url.replace("%2F", "/")


@pytest.mark.usefixtures("environment")
def test_what_runs_print_goes_to_the_lake() -> None:
    from dagster._core.instance import InstanceRef
    from dagster_aws.s3 import S3ComputeLogManager

    data = InstanceRef.from_dir(str(FOLDER)).compute_logs_data
    resolved = _resolved(S3ComputeLogManager.config_type(), data.config_dict)
    assert (data.class_name, resolved["bucket"]) == ("S3ComputeLogManager", "artifacts")


def test_the_certificate_is_where_the_image_puts_it() -> None:
    params = written(FOLDER / "dagster.yaml")["storage"]["postgres"]["postgres_db"]["params"]
    assert params["sslrootcert"] in (ROOT / "infra" / "container" / "Dockerfile").read_text(encoding="utf-8")


def test_both_machines_run_by_the_same_rules() -> None:
    """Prevents a pool that is one place wide here and wide open there."""
    here, there = written(ROOT / "dagster.yaml"), written(FOLDER / "dagster.yaml")
    here.pop("storage")  # SQLite's files; there PostgreSQL
    own = {"storage", "compute_logs", "run_launcher"}
    assert {key: value for key, value in there.items() if key not in own} == here


def _resolved(schema: Any, config: Any) -> Any:
    """The config of a class, checked against its schema, with values for `env:`."""
    from dagster._config import process_config, resolve_to_config_type

    result = process_config(resolve_to_config_type(schema), config)
    assert result.success, result.errors
    return result.value


def test_migrate_makes_the_tables_of_an_empty_database_and_can_be_repeated(tmp_path: Path) -> None:
    """The first container of every task: the other three wait for its end. Runs on a real PostgreSQL 16."""
    import pgserver

    server = pgserver.get_server(tmp_path / "postgres")  # type: ignore[attr-defined]
    try:
        config = written(FOLDER / "dagster.yaml")
        # The test's PostgreSQL listens on a socket of this machine, without TLS and password.
        config["storage"] = {"postgres": {"postgres_url": server.get_uri().replace("postgres:@", "postgres:none@")}}
        del config["compute_logs"]
        (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        for _ in range(2):
            done = subprocess.run(
                [str(Path(sys.executable).with_name("dagster")), "instance", "migrate"],
                env={**os.environ, "DAGSTER_HOME": str(tmp_path)},
                capture_output=True,
                text=True,
                timeout=120,
            )
            assert done.returncode == 0, done.stdout + done.stderr
        assert "event_logs" in server.psql("select table_name from information_schema.tables")
    finally:
        server.cleanup()
