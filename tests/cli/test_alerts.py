"""`socialsent alerts`: what is open, on one machine and without AWS."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from socialsent_assets.cli.main import exit_code
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.lake.lake import Lake
from socialsent_assets.settings import Settings
from tests.watched_lake import add_hour, normal_hours

NOW = datetime.now(UTC)
LAST = EventHour.of(NOW - timedelta(hours=1, minutes=10))  # over, and settled


@pytest.fixture(autouse=True)
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setenv("SOCIALSENT_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for name in ("SOCIALSENT_ALERTS_TOPIC_ARN", "SOCIALSENT_METRICS_NAMESPACE", "SOCIALSENT_UI_URL"):
        monkeypatch.delenv(name, raising=False)
    return Lake.of(Settings.from_env())


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    capsys.readouterr()
    assert exit_code(["alerts", "--format", "json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def break_last_hour(lake: Lake) -> None:
    normal_hours(lake, 30, LAST.end)
    add_hour(lake, LAST, quarantined=60)


def test_before_the_first_evaluation_it_says_how_to_start(capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents "no alerts" where nothing was ever evaluated."""
    assert exit_code(["alerts"]) == 0
    assert "socialsent alerts --check" in capsys.readouterr().out
    assert listed(capsys)["evaluated_at"] is None


def test_a_check_opens_sends_and_lists_alerts(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents alerts that need a daemon, a browser or an account."""
    break_last_hour(lake)
    assert exit_code(["alerts", "--check"]) == 0
    shown = capsys.readouterr().out
    assert "critical, open for" in shown
    assert "30.0% of 200 records were quarantined while cleansing" in shown
    assert "socialsent query" in shown
    found = listed(capsys)
    assert [alert["id"] for alert in found["open"]] == ["quarantine:while cleansing"]
    assert found["open"][0]["age_seconds"] > 3600
    assert found["messages"] == []


def test_the_exit_code_is_optional(lake: Lake) -> None:
    """Prevents a script that cannot branch on alerts, and a listing that looks like a failure."""
    break_last_hour(lake)
    assert exit_code(["alerts", "--check"]) == 0
    assert exit_code(["alerts", "--exit-code"]) == 1
    assert exit_code(["alerts"]) == 0


def test_messages_are_listed_on_demand_from_a_time_on(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a history that cannot be listed."""
    break_last_hour(lake)
    exit_code(["alerts", "--check"])
    assert [message["stage"] for message in listed(capsys, "--all")["messages"]] == ["open"]
    assert [message["sent_to"] for message in listed(capsys, "--since", "1h")["messages"]] == ["log"]
    later = (NOW + timedelta(hours=1)).isoformat()
    assert listed(capsys, "--since", later)["messages"] == []
    assert exit_code(["alerts", "--all"]) == 0
    assert "sent to log" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--since", "yesterday"], ["--format", "yaml"]])
def test_an_invalid_value_is_named(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a silent default for a typing error."""
    assert exit_code(["alerts", *arguments]) == 2
    assert arguments[1] in capsys.readouterr().err
