"""The real web server and daemon, once: the sensor's run is seen through GraphQL, and Ctrl-C ends all of it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from homes import PROGRAM, Home

from socialsent_assets.settings import PROJECT_ROOT

RUNS = "{ runsOrError { ... on Runs { results { jobName status tags { key value } } } } }"

pytestmark = [pytest.mark.slow, pytest.mark.spark, pytest.mark.xdist_group("whole_graph")]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(look: Callable[[], Any], within_s: float, alive: Callable[[], bool]) -> Any:
    """The first true answer; fails after the deadline, or when the process has ended."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline and alive():
        answer = look()
        if answer:
            return answer
        time.sleep(0.5)
    pytest.fail(f"did not happen within {within_s:.0f} s")


def graphql(port: int, query: str) -> dict[str, Any] | None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        data=json.dumps({"query": query}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)["data"]
    except (urllib.error.URLError, OSError):
        return None


def refresh_status(port: int) -> list[str]:
    answer = graphql(port, RUNS)
    runs = answer["runsOrError"]["results"] if answer else []
    return [run["status"] for run in runs if run["jobName"] == "refresh"]


def test_the_daemon_builds_what_landed_and_ctrl_c_leaves_no_process(tmp_path: Path) -> None:
    """Prevents a sensor that is off, a run that stays queued, and servers that outlive their terminal."""
    home = Home(tmp_path / "home")
    home.must("simulate", "--events", "200", "--hours", "2", "--seed", "3", "--until", "2026-11-20T12:00Z")
    port = free_port()
    ui = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, "ui", "--port", str(port), "--no-feed"],
        cwd=PROJECT_ROOT, env=home.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        # As a script in the background starts it: SIGINT ignored. Dagster would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )  # fmt: skip
    family: list[psutil.Process] = []
    try:
        eventually(lambda: graphql(port, "{ version }"), 240, lambda: ui.poll() is None)
        eventually(lambda: "SUCCESS" in refresh_status(port), 400, lambda: ui.poll() is None)
        family = psutil.Process(ui.pid).children(recursive=True)
        assert home.status()["stale_hours"] == []
        ui.send_signal(signal.SIGTERM)
        assert ui.wait(timeout=60) == 0
    finally:
        ui.kill()
        ui.wait()
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []
