"""Calls of Dagster's runs with nothing but the task's role; Glue's jobs are in test_glue_jobs.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from socialsent_assets.aws.client import AwsCallError
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.monitoring.alerts import Message
from socialsent_assets.domain.monitoring.metrics import MetricDatum
from socialsent_assets.domain.monitoring.metrics_catalog import OPEN_ALERTS
from socialsent_assets.domain.tables import POSTS
from socialsent_assets.ingest.label_file import import_label_file
from socialsent_assets.lake.builds import read_builds
from socialsent_assets.lake.lake import Lake, hours_under
from socialsent_assets.ml.registry import ModelRegistry
from socialsent_assets.monitoring.delivery import NotificationError
from socialsent_assets.resources.metrics import CloudWatchMetrics
from socialsent_assets.resources.model_endpoint import HostingError, SageMakerHosting
from socialsent_assets.resources.notifications import SnsNotifications
from socialsent_assets.settings import Settings, UserError
from socialsent_assets.warehouse.athena.engine import athena_sql
from tests.aws.least_privilege.account import Account
from tests.aws.least_privilege.calls import CLEANSED
from tests.resources.conftest import promote

pytestmark = pytest.mark.aws

TASK = "orchestration/TaskRole"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = EventHour.from_key("2026-11-22-09:00")
MESSAGE = Message(
    id="m", alert_id="a", stage="open", kind="lag", subject="lag", severity="critical", span="1 h",
    since=NOW.isoformat(), made_at=NOW.isoformat(), title="title", text="text", sms="sms",
)  # fmt: skip


@pytest.fixture
def settings(account: Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Those of the containers; this process is the task. At the end nothing may have been rejected."""
    task = account.assembly.one("orchestration", "AWS::ECS::TaskDefinition")
    (code,) = (container for container in task["ContainerDefinitions"] if container["Name"] == "code")
    given = {item["Name"]: str(item["Value"]) for item in code["Environment"]}
    given["SOCIALSENT_REDSHIFT_HOST"] = "socialsent-warehouse.1.eu-central-1.redshift-serverless.amazonaws.com"
    account.become(monkeypatch, TASK)
    before = len(account.decisions)
    yield Settings.from_env(given)
    made = account.decisions[before:]
    assert made, "nothing was asked of AWS"
    assert {role for role, _, _ in made} == {TASK}


def refused(account: Account, before: int) -> list[str]:
    return [str(need) for _, need, is_given in account.decisions[before:] if not is_given]


def test_the_lake_is_read_and_its_artifacts_are_written(account: Account, settings: Settings, tmp_path: Path) -> None:
    """Prevents a sensor that sees no hour, a model that cannot be kept, labels that cannot be imported."""
    before = len(account.decisions)
    lake = Lake.of(settings)
    assert HOUR in hours_under(lake.landing, "events")
    lake.landing_fingerprint(HOUR)
    assert lake.cleansed.read(CLEANSED[1]) == b""
    with pytest.raises(FileNotFoundError):
        lake.analytics.read("sentiment/none")
    promote(lake)
    lake.artifacts.write("reports/insights.html", b"report")
    lake.artifacts.delete("reports/insights.html")
    lake.artifacts.remove("reports")
    labels = tmp_path / "labels.csv"
    labels.write_text("text,label\nwhat a day,positive\n")
    import_label_file(lake.landing, labels, {})
    assert refused(account, before) == []


def test_runs_log_where_dagster_looks_for_it(account: Account, settings: Settings) -> None:
    """Dagster's own manager of compute logs, as infra/dagster/dagster.yaml sets it."""
    from dagster._core.storage.compute_log_manager import ComputeIOType
    from dagster_aws.s3.compute_log_manager import S3ComputeLogManager

    before = len(account.decisions)
    bucket = f"{settings.artifacts.removeprefix('s3://')}"
    manager = S3ComputeLogManager(bucket=bucket, prefix="dagster", skip_empty_files=True)
    with manager.open_log_stream(["run", "step"], ComputeIOType.STDOUT) as stream:
        assert stream is not None
        stream.write("said")
    manager.upload_to_cloud_storage(["run", "step"], ComputeIOType.STDOUT)
    assert manager.cloud_storage_has_logs(["run", "step"], ComputeIOType.STDOUT)
    assert refused(account, before) == []


def test_tables_are_opened_and_made_where_they_are_missing(account: Account, settings: Settings) -> None:
    """Prevents a sensor that fails on its first tick: the first to open a table creates it."""
    before, lake = len(account.decisions), Lake.of(settings)
    assert read_builds(lake).cleanse == {}
    looked = {need.action for _, need, _ in account.decisions[before:]}
    assert "glue:GetTable" in looked
    assert not looked & {"glue:CreateTable", "glue:UpdateTable", "s3:PutObject"}, "a look at the lake made something"
    assert lake.table(POSTS).current_snapshot() is None
    assert refused(account, before) == []
    used = {need.action for _, need, _ in account.decisions[before:]}
    assert {"glue:GetTable", "glue:CreateTable", "s3:PutObject"} <= used


def test_alerts_and_metrics_are_sent(account: Account, settings: Settings) -> None:
    """Prevents alarms that reach no one: SNS rejects a topic with a key that the sender may not use."""
    before = len(account.decisions)
    assert settings.alerts.topic_arn
    assert settings.alerts.metrics_namespace
    SnsNotifications(topic_arn=settings.alerts.topic_arn).send(MESSAGE)
    CloudWatchMetrics(namespace=settings.alerts.metrics_namespace).send([MetricDatum(OPEN_ALERTS, 1.0, NOW)])
    assert refused(account, before) == []
    with pytest.raises(NotificationError):
        SnsNotifications(topic_arn=f"{settings.alerts.topic_arn}-2").send(MESSAGE)


def test_the_champion_is_hosted_with_the_endpoints_role_and_no_other(account: Account, settings: Settings) -> None:
    """Prevents PassRole for any role: the right to host a model would become every right."""
    assert settings.sagemaker is not None
    before, lake = len(account.decisions), Lake.of(settings)
    promote(lake)
    hosting = SageMakerHosting(**asdict(settings.sagemaker), poll_seconds=0.1)
    assert hosting.host(ModelRegistry(lake.artifacts), print).is_changed
    assert refused(account, before) == []
    used = {need.action for _, need, _ in account.decisions[before:]}
    assert {"iam:PassRole", "sagemaker:CreateEndpoint", "sagemaker:CreateModelPackage"} <= used
    other = hosting.model_copy(update={"role_arn": "arn:aws:iam::123456789012:role/another"})
    with pytest.raises(HostingError, match="does not allow CreateModel"):
        other.host(ModelRegistry(lake.artifacts), print)


def test_questions_go_to_athena_in_the_one_workgroup(account: Account, settings: Settings) -> None:
    """Prevents questions without the workgroup's limit on what a query may read."""
    before = len(account.decisions)
    engine = athena_sql(settings)
    engine.run("select 1")
    assert refused(account, before) == []
    for used in ("athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults"):
        assert used in {need.action for _, need, _ in account.decisions[before:]}
    assert settings.athena is not None
    with pytest.raises((UserError, AwsCallError), match="athena:StartQueryExecution"):
        athena_sql(replace(settings, athena=replace(settings.athena, workgroup="primary"))).run("select 1")
