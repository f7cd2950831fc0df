"""What is written after a look into the ledger, while an erasure begins."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from typer.testing import CliRunner

from socialsent_assets.cli.main import app
from socialsent_assets.domain.events.erasure import ErasedIds
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.ingest.landing_writer import LandingZone
from socialsent_assets.jobs.cleanse import cleanse
from socialsent_assets.jobs.engines.process import ProcessEngine
from socialsent_assets.jobs.score import score
from socialsent_assets.lake import upkeep
from socialsent_assets.lake.erasure_ledger import add_to_ledger, consulted_ledger, ledger_folder, wait_for_writers
from socialsent_assets.lake.storage.file_lock import BusyError, exclusive
from socialsent_assets.local_aws import feed
from tests.conftest import Landing, canonical, lake_at
from tests.jobs import events

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)


def test_an_erasure_waits_for_a_writer_that_looked_before_it(tmp_path: Path) -> None:
    """Prevents an erased text that a consumer, held up between look and write, lands after the erasure."""
    folder, landed = tmp_path / "lake" / "erasures", tmp_path / "landed"
    looked, go_on = Event(), Event()

    def write() -> None:
        with consulted_ledger(folder) as erased:
            looked.set()
            go_on.wait(30)
            if not erased.has_user("u-1"):
                landed.touch()

    writer = Thread(target=write)
    writer.start()
    assert looked.wait(30)
    add_to_ledger(folder, ErasedIds(frozenset(("u-1",))), NOW, "")
    wait_for_writers(folder, on_wait=lambda _: go_on.set())
    was_there = landed.exists()
    writer.join()
    assert was_there, "what it wrote came after the erasure had searched"
    with consulted_ledger(folder) as erased:
        assert erased.has_user("u-1")


def held_during(monkeypatch: pytest.MonkeyPatch, landing: str, owner: Any, name: str) -> list[bool]:
    """Whether the writers' lock of a lake is held, at each call of a function."""
    real: Callable[..., Any] = getattr(owner, name)
    folder, found = ledger_folder(landing), list[bool]()
    assert folder is not None

    def watched(*given: Any, **named: Any) -> Any:
        try:
            with exclusive(folder.with_name("erasures.lock")):
                found.append(False)
        except BusyError:
            found.append(True)
        return real(*given, **named)

    monkeypatch.setattr(owner, name, watched)
    return found


def test_cleansing_holds_the_ledger_while_it_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents files of a slow cleansing, read before an erasure, that are written after its search."""
    lake = lake_at(tmp_path)
    Landing(lake).add(events.HOUR, events.random_lines(1, 5, events.HOUR))
    found = held_during(monkeypatch, lake.landing.uri, ProcessEngine, "cleanse")
    cleanse(ProcessEngine(), lake, [EventHour.from_key(events.HOUR)])
    assert found == [True]


def test_scoring_holds_the_ledger_while_it_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents scores of an erased text in a file that a slow scoring writes after the erasure's search."""
    lake = lake_at(tmp_path)
    Landing(lake).add(events.HOUR, events.random_lines(1, 5, events.HOUR))
    hours = [EventHour.from_key(events.HOUR)]
    cleanse(ProcessEngine(), lake, hours)
    found = held_during(monkeypatch, lake.landing.uri, ProcessEngine, "score")
    score(ProcessEngine(), lake, hours)
    assert found == [True]


def test_an_hour_that_the_ledger_made_smaller_is_another_version(tmp_path: Path) -> None:
    """Prevents marts that join the texts of a build from before an erasure with the scores of one from after it."""
    lake, hours, post = lake_at(tmp_path), [EventHour.from_key(events.HOUR)], events.post(events.HOUR)
    Landing(lake).add(events.HOUR, [post])
    [before] = cleanse(ProcessEngine(), lake, hours)
    folder = ledger_folder(lake.landing.uri)
    assert folder is not None
    add_to_ledger(folder, ErasedIds(frozenset((post["data"]["author_id"],))), NOW, "")
    [after] = cleanse(ProcessEngine(), lake, hours)
    assert (before.counts.erased, after.counts.erased) == (0, 1)
    assert after.input_version == before.input_version
    assert after.output_version != before.output_version


def test_compaction_holds_the_ledger_while_it_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a compacted file with an erased text that is written after the erasure's search."""
    lake = lake_at(tmp_path)
    Landing(lake).add(events.HOUR, events.random_lines(1, 5, events.HOUR))
    cleanse(ProcessEngine(), lake, [EventHour.from_key(events.HOUR)])
    found = held_during(monkeypatch, lake.landing.uri, upkeep, "_compact")
    upkeep.keep_up(lake, NOW)
    assert found
    assert all(found)


def test_the_feed_holds_the_ledger_while_it_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a consumer that lands what was erased after its look into the ledger."""
    landing = str(tmp_path / "lake" / "landing")
    found = held_during(monkeypatch, landing, feed, "consume")
    feed.simulate(feed.FeedPlan(20, 1, 7, NOW + timedelta(minutes=30)), landing, START)
    assert found
    assert all(found)


@pytest.mark.parametrize("is_dry", [False, True])
def test_ingest_holds_the_ledger_while_it_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_dry: bool
) -> None:
    """Prevents a file that lands what was erased meanwhile, and a dry run that leaves a lock behind."""
    monkeypatch.setenv("SOCIALSENT_HOME", str(tmp_path))
    file = tmp_path / "events.jsonl"
    file.write_text("".join(f"{canonical(event)}\n" for event in [events.post(post_id="p-1")]))
    found = held_during(monkeypatch, str(tmp_path / "lake" / "landing"), LandingZone, "land")
    done = CliRunner().invoke(app, ["ingest", str(file), *(["--dry-run"] if is_dry else [])])
    assert done.exit_code == 0, done.output
    assert found == [not is_dry]


def test_a_lake_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """Prevents a bare errno where the lock cannot be made."""
    (tmp_path / "lake").write_text(json.dumps("a file in the folder's place"))
    with (
        pytest.raises(UserError, match=r"erasures\.lock cannot be written"),
        consulted_ledger(tmp_path / "lake" / "erasures"),
    ):
        pass
