"""`socialsent simulate` as a person meets it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from socialsent_assets.cli.main import exit_code

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["simulate", "--events", "400", "--hours", "2"]
AT_NINE = ["--until", "2026-11-22T09:00Z"]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOCIALSENT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def landing(home: Path) -> dict[str, bytes]:
    root = home / "lake" / "landing"
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_the_summary_adds_up_and_says_what_to_do_next(capsys):
    assert exit_code([*SMALL, *AT_NINE]) == 0
    said = capsys.readouterr().out
    sent, landed, duplicates, quarantined = map(
        int, re.search(r"sent (\d+) = landed (\d+) \+ duplicates (\d+) \+ quarantined (\d+)", said).groups()
    )
    assert sent == landed + duplicates + quarantined == 400
    assert "until 2026-11-22T09:00Z, seed 7" in said
    assert said.endswith("next: socialsent materialize\n")


def test_the_same_seed_and_until_give_the_same_landing_in_two_homes(home, tmp_path, monkeypatch):
    assert exit_code([*SMALL, *AT_NINE]) == 0
    monkeypatch.setenv("SOCIALSENT_HOME", str(tmp_path / "other"))
    assert exit_code([*SMALL, *AT_NINE]) == 0
    assert landing(home) == landing(tmp_path / "other")
    assert len(landing(home)) > 4


def test_a_second_run_says_that_nothing_is_to_do(home, capsys):
    assert exit_code(SMALL) == 0
    before = landing(home)
    capsys.readouterr()
    assert exit_code(SMALL) == 0
    assert capsys.readouterr().out.startswith("nothing to do")
    assert landing(home) == before


def test_programs_get_the_summary_as_json(capsys):
    assert exit_code([*SMALL, *AT_NINE, "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["sent"] == said["landed"] + said["duplicates"] + said["quarantined"] == 400
    assert said["until"] == "2026-11-22T09:00:00Z"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--events", "0"], "--events 0: write a number from 1 to 10,000,000"),
        (["--events", "10000001"], "--events 10000001"),
        (["--hours", "0"], "--hours 0"),
        (["--hours", "8761"], "--hours 8761"),
        (["--until", "tomorrow"], "--until tomorrow is not a time; write it like"),
        (["--until", "0001-01-01T00:00+14:00"], "outside the calendar"),
        (["--until", "2025-06-01T00:00Z"], "SOCIALSENT_START"),
        (["--until", "2999-01-01T00:00Z"], "24 hours ahead"),
        (["--follow", "--fresh"], "leave out --until and --fresh"),
        (["--follow", "--every", "0"], "--every 0"),
        (["--follow", "--per-minute", "0"], "--per-minute 0"),
    ],
)
def test_a_wish_that_cannot_be_met_is_one_line_and_exit_code_2(arguments, complaint, capsys, home):
    assert exit_code(["simulate", *arguments]) == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert said.count("\n") == 1
    assert landing(home) == {}


def test_help_shows_examples(capsys):
    assert exit_code(["simulate", "--help"]) == 0
    assert "socialsent simulate --events 200000 --hours 72" in capsys.readouterr().out


def socialsent(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from socialsent_assets.cli.main import run; run()", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A script in the background runs its tests with SIGINT ignored, and the child would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_continuous_feed_sends_at_once_and_stops_when_told(stop, home):
    """Prevents a child of `make ui` that outlives it, or that dies in the middle of a minute."""
    process = socialsent("simulate", "--follow", "--per-minute", "30")
    try:
        assert process.stdout.readline().startswith("following the clock with 30 records a minute")
        assert "sent 30 = landed" in process.stdout.readline()
        process.send_signal(stop)
        said, complained = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, complained) == (0, "")
    assert said.startswith("stopped: sent 30")
    assert any(name.startswith("events/") for name in landing(home))


def test_ctrl_c_leaves_whole_objects_and_the_next_run_finishes_the_feed(home):
    big = ["simulate", "--events", "40000", "--hours", "40"]
    process = socialsent(*big)
    try:
        events = home / "lake" / "landing" / "events"
        while process.poll() is None and not list(events.rglob("*.gz")):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, complained = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert complained == "socialsent: stopped; nothing is left half written\n"
    assert list(home.rglob(".writing-*")) == []
    receipts = list((home / "feeds").glob("*.json"))
    assert [json.loads(path.read_text())["state"] for path in receipts] == ["begun"]
