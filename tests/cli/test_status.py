"""`socialsent status`: the current state of the tiers."""

from __future__ import annotations

import gzip
import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from socialsent_assets.cli.main import exit_code
from socialsent_assets.cli.status_table import _duration
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import POSTS
from socialsent_assets.lake.lake import Lake
from tests.built_lake import build_table


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOCIALSENT_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def land(home: Path, key: str, lines: list[str]) -> None:
    path = home / "lake" / "landing" / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))


def test_an_empty_home_has_a_status_too(capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents an error from the command that one types first."""
    assert exit_code(["status", "--format", "json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert set(status) == {"tiers", "stale_hours", "deletions", "models"}
    assert set(status["tiers"]) == {"landing", "cleansed", "analytics", "marts"}
    for tier in status["tiers"].values():
        assert {"hours", "rows", "duplicates", "quarantined", "newest_event", "lag_seconds"} <= set(tier)
        assert (tier["rows"], tier["newest_event"]) == (0, None)
    assert exit_code(["status"]) == 0
    assert "Nothing has landed yet" in capsys.readouterr().out


def test_landing_is_counted_by_names_and_its_hours_are_stale(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a landing tier whose three numbers do not add up to what was sent."""
    times = ("2026-11-22T09:10:00.000000Z", "2026-11-22T09:05:00.000000Z")
    land(home, "events/dt=2026-11-22/hr=09/a.2r1d.jsonl.gz", [f'{{"event_time":"{time}"}}' for time in times])
    land(home, "quarantine/dt=2026-11-22/hr=10/a.3r0d.jsonl.gz", ["{}"] * 3)
    assert exit_code(["status", "--format", "json"]) == 0
    status = json.loads(capsys.readouterr().out)
    landing = status["tiers"]["landing"]
    assert (landing["records"], landing["rows"], landing["duplicates"], landing["quarantined"]) == (6, 2, 1, 3)
    assert landing["newest_event"] == "2026-11-22T09:10:00Z"
    assert landing["lag_seconds"] > 0
    assert status["stale_hours"] == ["2026-11-22-09:00"]


def test_a_damaged_object_does_not_hide_the_status(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents one truncated gzip from taking the overview away when it is needed most."""
    land(home, "events/dt=2026-11-22/hr=09/a.2r0d.jsonl.gz", ["{}"] * 2)
    broken = home / "lake/landing/events/dt=2026-11-22/hr=09/b.1r0d.jsonl.gz"
    broken.write_bytes(b"\x1f\x8b\x08 cut")
    assert exit_code(["status", "--format", "json"]) == 0
    landing = json.loads(capsys.readouterr().out)["tiers"]["landing"]
    assert (landing["rows"], landing["newest_event"]) == (3, "2026-11-22T09:00:00Z")


def test_a_damaged_data_file_is_told_and_does_not_hide_the_status(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Prevents an overview that ends with DuckDB's words about magic bytes, without what heals them."""
    lake, hour = Lake.in_folder(home / "lake"), EventHour.from_key("2026-11-22-09:00")
    build_table(lake, POSTS, hour, [{"event_id": "a", "event_time": hour.start}])
    [path] = Path(lake.cleansed.path("posts/data")).rglob("*.parquet")
    os.truncate(path, 100)
    assert exit_code(["status"]) == 0
    assert "Data files of 1 hours are missing or damaged; materialize builds them again." in capsys.readouterr().out


def test_the_newest_event_of_a_built_tier_is_read_from_its_manifests(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Prevents half a second of Parquet reading per tier on S3, and a time of another hour of the same file."""
    lake, hour = Lake.in_folder(home / "lake"), EventHour.from_key("2026-11-22-09:00")
    times = [hour.start + timedelta(minutes=minute) for minute in (3, 41, 7)]
    build_table(lake, POSTS, hour, [{"event_id": str(time), "event_time": time} for time in times])
    for path in Path(lake.cleansed.path("posts/data")).rglob("*.parquet"):
        path.unlink()
    assert exit_code(["status", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["tiers"]["cleansed"]["newest_event"] == "2026-11-22T09:41:00Z"


def test_an_unknown_format_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a table where a script expects JSON."""
    assert exit_code(["status", "--format", "yaml"]) == 2
    assert "table or json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7260, "2 h 01 m"), (200_000, "2 d 7 h"), (None, "–")],
)
def test_a_lag_is_shown_in_words(seconds: float | None, words: str) -> None:
    """Prevents 172800 as an answer to "how far behind are we?"."""
    assert _duration(seconds) == words
