"""Redshift before and around a connection: which one, as whom, and what AWS's rejections become.

Not here: anything that takes a server (tests/aws/redshift).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from redshift_connector.error import InterfaceError, OperationalError, ProgrammingError

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.lake.storage.local import FolderStorage
from socialsent_assets.resources.build import resources_for
from socialsent_assets.resources.redshift import RedshiftWarehouse
from socialsent_assets.resources.warehouse import DuckDbWarehouse
from socialsent_assets.settings import RedshiftSettings, Settings
from socialsent_assets.warehouse import version_cache
from socialsent_assets.warehouse.dbt.manifest import DBT_PROJECT, parse_environment, target_folder
from socialsent_assets.warehouse.errors import WarehouseUnreachableError
from socialsent_assets.warehouse.redshift import connection_arguments, in_words

SERVERLESS = "socialsent.123456789012.eu-west-1.redshift-serverless.amazonaws.com"
CLUSTER = "socialsent.abc.eu-west-1.redshift.amazonaws.com"
BASE = {"SOCIALSENT_DBT_TARGET": "redshift", "SOCIALSENT_REDSHIFT_HOST": SERVERLESS, "AWS_REGION": "eu-west-1"}
PASSWORD = {"SOCIALSENT_REDSHIFT_METHOD": "database", "SOCIALSENT_REDSHIFT_PASSWORD": "s3cret-word"}
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def redshift(**more: str) -> RedshiftSettings:
    found = Settings.from_env({**BASE, **more}).redshift
    assert found is not None
    return found


class _Project:
    project_dir = profiles_dir = DBT_PROJECT
    target = "redshift"


def warehouse(settings: Settings) -> Any:
    return resources_for(settings, _Project())["warehouse"]  # type: ignore[arg-type]


def test_the_settings_choose_the_warehouse(tmp_path: Path) -> None:
    """Prevents a deployment that builds in Redshift and queries a DuckDB file."""
    home = {"SOCIALSENT_HOME": str(tmp_path)}
    assert isinstance(warehouse(Settings.from_env({**BASE, **home})), RedshiftWarehouse)
    assert isinstance(warehouse(Settings.from_env(home)), DuckDbWarehouse)


def test_a_role_connects_to_a_workgroup_or_a_cluster_and_a_password_to_either() -> None:
    """Prevents a driver that requests a cluster's password where there is a workgroup."""
    serverless = connection_arguments(redshift())
    assert (serverless["iam"], serverless["is_serverless"], serverless["password"]) == (True, True, "")
    assert serverless["sslmode"] == "verify-full"
    cluster = connection_arguments(
        redshift(SOCIALSENT_REDSHIFT_HOST=CLUSTER, SOCIALSENT_REDSHIFT_CLUSTER="one", SOCIALSENT_REDSHIFT_USER="dbt")
    )
    assert (cluster["cluster_identifier"], cluster["db_user"]) == ("one", "dbt")
    assert "is_serverless" not in cluster
    database = connection_arguments(redshift(**PASSWORD))
    assert (database["password"], "iam" in database) == ("s3cret-word", False)


def test_what_the_driver_would_refuse_is_refused_at_once() -> None:
    """Prevents a run that fails at its last step with the driver's words."""
    with pytest.raises(UserError, match="SOCIALSENT_REDSHIFT_CLUSTER is missing"):
        redshift(SOCIALSENT_REDSHIFT_HOST=CLUSTER)
    with pytest.raises(UserError, match="needs TLS"):
        redshift(SOCIALSENT_REDSHIFT_SSLMODE="disable")


def test_no_password_stands_in_what_dagster_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a password on the page of the resource, in a log or in a traceback."""
    settings = Settings.from_env({**BASE, **PASSWORD, "SOCIALSENT_HOME": str(tmp_path)})
    made = warehouse(settings)
    assert "s3cret" not in repr(settings) + repr(made) + made.model_dump_json()
    monkeypatch.setenv("SOCIALSENT_REDSHIFT_PASSWORD", "s3cret-word")
    assert made.settings() == settings.redshift
    assert made.environment()["SOCIALSENT_REDSHIFT_PASSWORD"] == "s3cret-word"


def test_dbt_parses_with_what_it_runs_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a project that is parsed anew by every build, and a manifest that names another target's schemas."""
    settings = Settings.from_env({**BASE, "SOCIALSENT_HOME": str(tmp_path)})
    parsing = parse_environment(DBT_PROJECT, settings)
    assert warehouse(settings).environment().items() <= parsing.items()
    assert target_folder(settings) != target_folder(Settings.from_env({}))
    assert parsing["DBT_TARGET_PATH"] == str(DBT_PROJECT / target_folder(settings))


def refused(operation: str, code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


@pytest.mark.parametrize(
    ("raised", "kind", "words"),
    [
        (refused("GetCredentials", "ExpiredTokenException"), UserError, "expired"),
        (refused("GetCredentials", "AccessDeniedException"), UserError, "not allowed"),
        (refused("GetCredentials", "ThrottlingException"), WarehouseUnreachableError, "throttled"),
        (NoCredentialsError(), UserError, "AWS_PROFILE"),
        (EndpointConnectionError(endpoint_url="https://x"), WarehouseUnreachableError, "cannot be reached"),
        (ProgrammingError({"C": "28000", "M": "no"}), UserError, "get-caller-identity"),
        (ProgrammingError({"C": "53300", "M": "too many"}), WarehouseUnreachableError, "too many"),
        (ProgrammingError({"C": "57P01", "M": "going"}), WarehouseUnreachableError, "going"),
        (ProgrammingError({"C": "42501", "M": "denied"}), UserError, "grant it to"),
        (InterfaceError("BrokenPipe: server socket closed"), WarehouseUnreachableError, "closed"),
        (OperationalError("connection time out"), WarehouseUnreachableError, "time out"),
        (TimeoutError(), WarehouseUnreachableError, "TimeoutError"),
        (OSError(-2, "Name or service not known"), WarehouseUnreachableError, "security group"),
    ],
)
def test_whatever_is_wrong_is_one_line_that_says_what_to_do(
    raised: Exception, kind: type[Exception], words: str
) -> None:
    """Prevents a traceback of a driver, and a wrong password that is tried for two minutes."""
    with pytest.raises(kind, match=words) as shown, in_words(redshift()):
        raise raised
    assert "\n" not in str(shown.value)


def test_a_memory_knows_when_the_hours_changed_and_forgets_whole(tmp_path: Path) -> None:
    """Prevents a report for every look at the same marts, and a memory that outlives a build that was killed."""
    artifacts = FolderStorage(tmp_path)
    assert version_cache.remembered(artifacts, "marts") is None
    first = version_cache.remember(artifacts, "marts", {"2026-11-22-03:00": "a"}, NOW, None)
    same = version_cache.remember(artifacts, "marts", first.versions, NOW + timedelta(hours=1), first)
    assert (same.changed_at, same.seen_at) == (NOW, NOW + timedelta(hours=1))
    assert version_cache.remembered(artifacts, "marts") == same
    other = version_cache.remember(artifacts, "marts", {}, NOW + timedelta(hours=2), same)
    assert other.changed_at == NOW + timedelta(hours=2)
    assert version_cache.remembered(artifacts, "elsewhere") is None
    version_cache.forget(artifacts, "marts")
    assert version_cache.remembered(artifacts, "marts") is None


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"versions": 1}', b'{"versions": {}, "seen_at": "x"}', b"\xff"]
)
def test_a_damaged_memory_is_a_missing_one(tmp_path: Path, content: bytes) -> None:
    """Prevents a sensor that fails indefinitely because of a file that it could do without."""
    artifacts = FolderStorage(tmp_path)
    version_cache.remember(artifacts, "marts", {}, NOW, None)
    [key] = list(tmp_path.rglob("*.json"))
    key.write_bytes(content)
    assert version_cache.remembered(artifacts, "marts") is None
