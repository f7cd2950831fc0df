"""The alert sensor as the daemon calls it, on runs that really failed and checks that really did not pass."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from socialsent_assets.defs.monitoring import alert_sensor, ended_runs
from socialsent_assets.defs.partitions import run_tags
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.monitoring.checkpoint import Checkpoint
from socialsent_assets.lake.iceberg.catalog import CatalogConfig
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.file_lock import exclusive
from socialsent_assets.monitoring.state import MonitoringState, read_state
from socialsent_assets.resources.alerting import AlertingService
from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.resources.metrics import CloudWatchMetrics, Metrics, NullMetrics
from socialsent_assets.resources.notifications import LogNotifications, Notifications, SnsNotifications

NINE, TEN = EventHour.from_key("2026-11-22-09:00"), EventHour.from_key("2026-11-22-10:00")
BROKEN = {"step": False, "warn": False, "block": False}


@pytest.fixture(autouse=True)
def _all_is_well() -> Iterator[None]:
    BROKEN.update(dict.fromkeys(BROKEN, False))
    yield
    BROKEN.update(dict.fromkeys(BROKEN, False))


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as made:
        yield made


@dg.asset(key=["cleansed", "posts"])
def posts() -> None:
    if BROKEN["step"]:
        raise RuntimeError("no space left on device")


@dg.asset_check(asset=posts, name="key_is_unique", blocking=True)
def key_is_unique() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=not BROKEN["block"], description="3 rows share a key")


@dg.asset_check(asset=posts, name="drift")
def drift() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=not BROKEN["warn"], severity=dg.AssetCheckSeverity.WARN, description="index 0.31 (limit 0.2)"
    )


GRAPH = dg.Definitions(
    assets=[posts], asset_checks=[key_is_unique, drift], jobs=[dg.define_asset_job("refresh", selection="*")]
)


def run(instance: dg.DagsterInstance, hour: EventHour = NINE, **broken: bool) -> str:
    BROKEN.update({**dict.fromkeys(BROKEN, False), **broken})
    job = GRAPH.resolve_job_def("refresh")
    return job.execute_in_process(instance=instance, tags=run_tags([hour]), raise_on_error=False).run_id


def tick(
    root: Path,
    instance: dg.DagsterInstance,
    notifications: Notifications | None = None,
    metrics: Metrics | None = None,
) -> str:
    tiers = ("landing", "cleansed", "analytics", "artifacts")
    catalog = CatalogConfig.in_folder(root / "lake")
    resources = {
        "lake": LakeResource(
            **{tier: str(root / "lake" / tier) for tier in tiers},  # type: ignore[arg-type]
            catalog_kind=catalog.kind,
            catalog_uri=catalog.uri,
        ),
        "alerting": AlertingService(locks=str(root / "locks"), ui_url="https://dagster.example"),
        "notifications": notifications or LogNotifications(),
        "metrics": metrics or NullMetrics(),
    }
    with dg.build_sensor_context(instance=instance, resources=resources) as context:
        result = alert_sensor(context)
    assert isinstance(result, dg.SkipReason)
    return str(result.skip_message)


def state(lake: Lake) -> MonitoringState:
    found = read_state(lake)
    assert found is not None
    return found


def test_a_failed_run_is_told_with_its_error_its_hours_and_its_link(
    lake: Lake, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    """Prevents "a run failed"; a success over another hour does not close it, one over its own hour does."""
    run_id = run(instance, NINE, step=True)
    tick(tmp_path, instance)
    [message] = state(lake).alerts.messages
    assert (message.stage, message.severity, message.span) == ("open", "critical", NINE.key)
    assert "no space left on device" in message.text
    assert f"https://dagster.example/runs/{run_id}" in message.text
    assert f"socialsent materialize --hours {NINE.key}" in message.text
    run(instance, TEN)
    tick(tmp_path, instance)
    assert list(state(lake).alerts.alerts) == ["run:event hours"]
    run(instance, NINE)
    tick(tmp_path, instance)
    assert state(lake).alerts.alerts == {}
    assert [message.stage for message in state(lake).alerts.messages] == ["open", "recovery"]


def test_a_check_that_warns_is_told_and_recovers_when_it_passes(
    lake: Lake, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    """Prevents warnings that are visible in the UI only."""
    run(instance, warn=True)
    tick(tmp_path, instance)
    [message] = state(lake).alerts.messages
    assert (message.alert_id, message.severity) == ("check:cleansed/posts:drift", "warning")
    assert "index 0.31 (limit 0.2)" in message.text
    assert "/assets/cleansed/posts?view=checks&checkDetail=drift" in message.text
    run(instance)
    tick(tmp_path, instance)
    assert state(lake).alerts.alerts == {}


def test_a_blocking_check_is_told_once_by_the_run_that_it_stopped(
    lake: Lake, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    """Prevents two alerts for one cause, the second of which a run over other hours would close."""
    run(instance, block=True)
    tick(tmp_path, instance)
    [message] = state(lake).alerts.messages
    assert message.alert_id == "run:event hours"
    assert "cleansed/posts:key_is_unique: 3 rows share a key" in message.text


def test_a_run_is_looked_at_once(lake: Lake, tmp_path: Path, instance: dg.DagsterInstance) -> None:
    """Prevents a failure that is counted again by every tick, and one that is missed between two."""
    first = run(instance, step=True)
    seen = Checkpoint()
    now = datetime.now(UTC)
    assert [found.run_id for found in ended_runs(instance, seen, now)] == [first]
    tick(tmp_path, instance)
    second = run(instance, step=True)
    assert [found.run_id for found in ended_runs(instance, state(lake).checkpoint, now)] == [second]
    tick(tmp_path, instance)
    assert ended_runs(instance, state(lake).checkpoint, now) == []
    assert [message.stage for message in state(lake).alerts.messages] == ["open"]


def test_aws_that_cannot_be_reached_fails_no_tick(
    lake: Lake, tmp_path: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents a red sensor, or a lost alert, because SNS and CloudWatch are away."""
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_CONFIG_FILE": str(tmp_path / "none"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    run(instance, step=True)
    sns = SnsNotifications(topic_arn="arn:aws:sns:us-east-1:123456789012:alerts")
    assert "0 messages sent, 1 pending" in tick(tmp_path, instance, sns, CloudWatchMetrics(namespace="SocialSent"))
    assert "1 messages sent, 0 pending" in tick(tmp_path, instance)


def test_two_that_look_at_once_do_not_tell_twice(tmp_path: Path, instance: dg.DagsterInstance, lake: Lake) -> None:
    """Prevents a doubled message when `socialsent alerts --check` meets the sensor."""
    run(instance, step=True)
    with exclusive(tmp_path / "locks" / "alerts.lock"):
        assert "another tick is running" in tick(tmp_path, instance)
    assert read_state(lake) is None


def test_the_sensor_is_on_from_the_start_and_requests_no_run() -> None:
    """Prevents monitoring that is off by default."""
    assert alert_sensor.default_status == dg.DefaultSensorStatus.RUNNING
    assert not alert_sensor.targets
