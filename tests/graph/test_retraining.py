"""Requests of a training without a person."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from socialsent_assets.defs.ml import automation
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.quality import Verdict
from socialsent_assets.resources.lake import LakeResource

Tick = Callable[[str | None], dg.SensorResult]


@pytest.fixture
def tick(lake: Lake) -> Tick:
    tiers = {name: lake.tier(name).uri for name in ("landing", "cleansed", "analytics", "artifacts")}

    def ticked(cursor: str | None) -> dg.SensorResult:
        context = dg.build_sensor_context(cursor=cursor, resources={"lake": LakeResource(**tiers)})  # type: ignore[arg-type]
        result = automation.drift_sensor(context)
        assert isinstance(result, dg.SensorResult)
        return result

    return ticked


def verdict(monkeypatch: pytest.MonkeyPatch, passed: bool) -> None:
    monkeypatch.setattr(automation, "no_drift", lambda lake, hours: Verdict(passed, "measured"))


def test_drift_requests_one_training_and_then_waits_a_day(tick: Tick, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a training every quarter of an hour until a promotion."""
    verdict(monkeypatch, passed=False)
    first = tick(None)
    assert len(first.run_requests or []) == 1
    assert not tick(first.cursor).run_requests
    assert first.cursor is not None
    yesterday = datetime.fromisoformat(first.cursor) - automation.PAUSE - timedelta(minutes=1)
    assert len(tick(yesterday.isoformat()).run_requests or []) == 1


def test_no_drift_and_no_champion_request_nothing(tick: Tick, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not tick(None).run_requests  # an empty lake has no champion
    verdict(monkeypatch, passed=True)
    assert not tick(None).run_requests


def test_a_damaged_champion_is_a_reason_to_skip_not_a_failing_sensor(
    tick: Tick, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(lake: Lake, hours: object) -> Verdict:
        raise UserError("the card was changed")

    monkeypatch.setattr(automation, "no_drift", refused)
    result = tick(None)
    assert not result.run_requests
    assert "the card was changed" in json.dumps(result.skip_reason.skip_message if result.skip_reason else "")


def test_the_last_day_is_measured(tick: Tick, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a sensor whose cost grows with the history."""
    seen: list[int] = []

    def measured(lake: Lake, hours: list[object]) -> Verdict:
        seen.append(len(hours))
        return Verdict(True, "measured")

    monkeypatch.setattr(automation, "no_drift", measured)
    tick(None)
    assert seen == [25]


def test_a_training_is_scheduled_every_day() -> None:
    context = dg.build_schedule_context(scheduled_execution_time=datetime(2026, 11, 22, 3, 17, tzinfo=UTC))
    assert len(automation.daily.evaluate_tick(context).run_requests or []) == 1
    assert automation.daily.default_status is dg.DefaultScheduleStatus.RUNNING
