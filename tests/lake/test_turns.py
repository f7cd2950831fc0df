"""Turns at publishing, and what a killed or slow run leaves to the next one."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import POSTS
from socialsent_assets.lake import turns
from socialsent_assets.lake.builds import Receipt, read_builds, table_name, write_receipts
from socialsent_assets.lake.iceberg.commit import OvertakenError
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.table_rows import rows_of
from socialsent_assets.lake.turns import Turn, publishing
from tests.built_lake import rows_of_table, write_table
from tests.conftest import lake_at

NINE, TEN = EventHour.from_key("2026-11-22-09:00"), EventHour.from_key("2026-11-22-10:00")

# Commits rows, and is killed before it could write a receipt.
KILLED = """
import os, signal, sys
from pathlib import Path
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import POSTS
from socialsent_assets.lake.turns import publishing
from tests.built_lake import write_table
from tests.conftest import lake_at

lake = lake_at(Path(sys.argv[1]))
with publishing(lake, "cleanse", "killed"):
    write_table(lake, POSTS, EventHour.from_key(sys.argv[2]), [{"event_id": "half"}])
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return lake_at(tmp_path)


def publish(lake: Lake, turn: Turn, hour: EventHour, ids: Sequence[str]) -> None:
    """Rows and receipt of an hour."""
    write_table(lake, POSTS, hour, [{"event_id": one} for one in ids])
    receive(lake, turn, hour, len(ids))


def receive(lake: Lake, turn: Turn, hour: EventHour, rows: int) -> None:
    """The receipt of an hour, for the posts as they are now."""
    snapshot = lake.table(POSTS).current_snapshot()
    assert snapshot is not None
    receipt = Receipt("cleanse", hour, "in", "out", "1", Counts(rows, rows, 0, 0), {"posts": rows})
    pins = {table_name(POSTS): snapshot.snapshot_id}
    write_receipts(lake, "cleanse", [receipt], pins, turn.run, follows=turn.snapshot)


def seen(lake: Lake) -> list[str]:
    """Posts that a reader sees."""
    with rows_of(lake, POSTS, {NINE, TEN}, read_builds(lake).pins) as connection:
        return [one for (one,) in connection.execute("select event_id from rows order by 1").fetchall()]


@pytest.mark.parametrize("before", [["old"], []], ids=["an hour that was built", "a first build"])
def test_rows_of_a_killed_run_are_never_published_by_the_next(lake: Lake, before: list[str]) -> None:
    """Prevents half of a killed build that becomes visible with another hour's receipt."""
    if before:
        with publishing(lake, "cleanse", "first") as turn:
            publish(lake, turn, NINE, before)
    killed = subprocess.run([sys.executable, "-c", KILLED, lake.landing.uri.removesuffix("/landing"), NINE.key])
    assert killed.returncode == -9
    assert [row["event_id"] for row in rows_of_table(lake, POSTS)] == ["half"], "it committed"
    assert NINE in read_builds(lake).unfinished
    with publishing(lake, "cleanse", "next") as turn:  # at once: its process is gone
        publish(lake, turn, TEN, ["new"])
    assert seen(lake) == sorted([*before, "new"])
    assert NINE not in read_builds(lake).unfinished


def test_a_run_that_was_passed_over_cannot_publish(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents receipts of a run that was suspended, over tables that another run has changed since."""
    monkeypatch.setattr(turns, "LEASE_S", 0.0)
    with publishing(lake, "cleanse", "slow") as slow:
        with publishing(lake, "cleanse", "other") as turn:
            publish(lake, turn, TEN, ["new"])
        with pytest.raises(OvertakenError, match="took its turn"):
            receive(lake, slow, NINE, 0)
    assert seen(lake) == ["new"]


def test_a_run_notices_commits_of_the_one_that_it_passed_over(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents pins that hold rows of a run which goes on after its turn."""
    monkeypatch.setattr(turns, "LEASE_S", 0.0)
    with publishing(lake, "cleanse", "slow"), publishing(lake, "cleanse", "other") as turn:
        write_table(lake, POSTS, NINE, [{"event_id": "late"}])
        with pytest.raises(OvertakenError, match=f"rebuilt {NINE}"):
            turn.check(lake)


def test_a_failed_run_ends_its_turn_and_readers_keep_their_tables(lake: Lake) -> None:
    """Prevents a lake that waits minutes after each error, and one whose tables vanish while a run publishes."""
    with publishing(lake, "cleanse", "first") as turn:
        publish(lake, turn, NINE, ["old"])
    with pytest.raises(RuntimeError, match=r"disk full, \['old'\]"), publishing(lake, "cleanse", "failed"):
        raise RuntimeError(f"disk full, {seen(lake)}")
    with publishing(lake, "cleanse", "next") as turn:
        publish(lake, turn, TEN, ["new"])
    assert seen(lake) == ["new", "old"]


def test_a_second_run_waits_for_the_first(lake: Lake) -> None:
    """Prevents two runs that publish at the same time."""
    order = []

    def second() -> None:
        with publishing(lake, "cleanse", "second") as turn:
            order.append("second")
            publish(lake, turn, TEN, ["b"])

    with publishing(lake, "cleanse", "first") as turn:
        other = threading.Thread(target=second)
        other.start()
        write_table(lake, POSTS, NINE, [{"event_id": "a"}])
        order.append("first")
        receive(lake, turn, NINE, 1)
    other.join()
    assert order == ["first", "second"]
    assert seen(lake) == ["a", "b"]
