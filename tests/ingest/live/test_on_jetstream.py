"""`socialsent follow bluesky` on a real Jetstream: lines are cut, server and program killed, and nothing is missed.

What should be in the lake is counted from the server's own log, by code that shares nothing with the adapter.
"""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from socialsent_assets.ingest.live.checkpoint import Checkpoint
from socialsent_assets.lake.storage.local import FolderStorage
from tests.ingest.live.atproto_network import Network, Wire, network

MINUTES = float(os.environ.get("FOLLOW_MINUTES", "0.5"))
"""How long lines are cut and programs killed, round after round."""
BUILD_S = 600 + 180 * MINUTES
"""Limit of a command at the end: a build grows with the events of all minutes, and is slow on a busy machine."""
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900 + 60 * MINUTES + BUILD_S)]
_POST, _LIKE, _REPOST, _FOLLOW = (
    f"app.bsky.{name}" for name in ("feed.post", "feed.like", "feed.repost", "graph.follow")
)
_SETTLE_S = 300


@pytest.fixture
def bluesky(tmp_path: Path) -> Iterator[Network]:
    with network(tmp_path / "network") as running:
        yield running


class Following:
    """The command in a process of its own."""

    def __init__(self, home: Path, port: int) -> None:
        self._environment = {**os.environ, "SOCIALSENT_HOME": str(home), "SOCIALSENT_START": "2022-01-01T00:00Z"}
        self._server = f"ws://127.0.0.1:{port}/subscribe"
        self.output: list[str] = []
        self.start()

    def start(self) -> None:
        self._process = self._socialsent("follow", "bluesky", "--server", self._server)

    def kill(self) -> None:
        self._process.kill()
        self.output.append(self._process.communicate()[0])

    def stop(self) -> str:
        self._process.send_signal(signal.SIGINT)
        self.output.append(self._process.communicate(timeout=120)[0])
        assert self._process.returncode == 0, self.output[-1]
        return self.output[-1]

    def run(self, *arguments: str) -> str:
        process = self._socialsent(*arguments)
        output = process.communicate(timeout=BUILD_S)[0]
        assert process.returncode == 0, output
        return output

    def _socialsent(self, *arguments: str) -> subprocess.Popen[str]:
        program = "from socialsent_assets.cli.main import run; run()"
        return subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def checkpoint(home: Path) -> Checkpoint:
    return Checkpoint(FolderStorage(home / "lake" / "artifacts"), "bluesky")


def cursor_of(home: Path) -> int:
    return int(checkpoint(home).read() or 0)


def wait_until_it_has(home: Path, time_us: int) -> None:
    until = time.monotonic() + _SETTLE_S
    while cursor_of(home) < time_us:
        assert time.monotonic() < until, f"it stands at {cursor_of(home)}, the server at {time_us}"
        time.sleep(0.5)


def landed(home: Path) -> list[dict[str, Any]]:
    """The events of the landing tier, each once."""
    lines = {
        line
        for path in (home / "lake" / "landing" / "events").rglob("*.gz")
        for line in gzip.decompress(path.read_bytes()).splitlines()
    }
    return [json.loads(line) for line in lines]


def names(log: list[dict[str, Any]], operation: str, *collections: str) -> list[str]:
    return [
        f"at://{event['did']}/{event['commit']['collection']}/{event['commit']['rkey']}"
        for event in log
        if event["kind"] == "commit"
        and event["commit"]["operation"] == operation
        and event["commit"]["collection"] in collections
    ]


def current_posts(log: list[dict[str, Any]]) -> dict[str, str]:
    """Address -> text of the posts that are left, replies left out."""
    posts: dict[str, str] = {}
    for event in log:
        commit = event.get("commit", {})
        if commit.get("collection") == _POST and "reply" not in commit.get("record", {}):
            address = f"at://{event['did']}/{_POST}/{commit['rkey']}"
            if commit["operation"] == "delete":
                posts.pop(address, None)
            else:
                posts[address] = commit["record"]["text"]
    return posts


def test_what_the_relay_sent_is_in_the_lake_after_drops_and_restarts(bluesky: Network, tmp_path: Path) -> None:
    """Prevents records that are lost or doubled where a line is cut, a server dies or the program is killed."""
    home = tmp_path / "home"
    first = bluesky.log(wanted=1)[0]
    checkpoint(home).write(str(first["time_us"]), datetime.now(UTC))
    wire = Wire(bluesky.port)
    following = Following(home, wire.port)
    cuts = kills = 0
    until = time.monotonic() + 60 * MINUTES
    while not kills or time.monotonic() < until:
        wait_until_it_has(home, bluesky.log()[-1]["time_us"])
        cuts += wire.cut()
        time.sleep(5)
        following.kill()
        kills += 1
        following.start()
        wait_until_it_has(home, bluesky.log()[-1]["time_us"])
        bluesky.restart_jetstream()
        cuts += wire.cut()
    bluesky.kill_jetstream()  # reads again from the relay what it had not written: other cursors, the same records
    time.sleep(5)
    bluesky.stop_relay()
    log = bluesky.log()
    wait_until_it_has(home, log[-1]["time_us"])
    said = following.stop()
    wire.close()
    print(*following.output, sep="\n---\n")

    assert cuts >= kills
    assert "gap" not in "".join(following.output[:-1])
    assert "connected again" in said
    events = landed(home)
    by_type = {kind: [e for e in events if e["event_type"] == kind] for kind in ("post", "comment", "interaction")}
    texts = [e["data"] for e in by_type["post"] + by_type["comment"] if not e["data"].get("deleted")]
    assert len(texts) == len(names(log, "create", _POST)) + len(names(log, "update", _POST))
    written = names(log, "create", _LIKE, _REPOST, _FOLLOW)
    assert {e["data"]["interaction_id"] for e in by_type["interaction"]} >= set(written)
    assert not list((home / "lake" / "landing" / "quarantine").rglob("*.gz"))

    following.run("materialize")
    rows = json.loads(following.run("query", "--format", "json", "select post_id, text from fct_posts"))
    expected = current_posts(log)
    assert set(names(log, "delete", _POST)), "nothing was deleted: let it run longer"
    assert {row["post_id"]: row["text"] for row in rows} == expected
    print(
        f"{len(log):,} records of the server, {len(events):,} events, {len(rows):,} posts, {cuts} cuts, {kills} kills"
    )


def test_a_server_that_has_lost_its_disk_leaves_a_gap(bluesky: Network, tmp_path: Path) -> None:
    """Prevents a stretch that is missing in silence: a server with less than it had goes on with what it has."""
    home = tmp_path / "home"
    following = Following(home, bluesky.port)
    wait_until_it_has(home, 1)
    bluesky.kill_jetstream(and_its_data=True)
    wait_until_it_has(home, bluesky.log(wanted=1)[0]["time_us"])
    said = following.stop()
    (gap,) = (home / "lake" / "landing" / "gaps").iterdir()
    assert "no longer has" in json.loads(gap.read_text())["reason"]
    assert "1 gap," in said
