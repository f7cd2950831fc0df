"""Runs that build an hour while another run builds it too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import BUILDS, COMMENTS, POSTS, SENTIMENT
from socialsent_assets.jobs.cleanse import cleanse
from socialsent_assets.jobs.engines.process import ProcessEngine
from socialsent_assets.jobs.partition_writer import Written
from socialsent_assets.jobs.score import score
from socialsent_assets.lake import builds as builds_of_lake
from socialsent_assets.lake.builds import read_builds, table_name
from socialsent_assets.lake.iceberg.scan import files_of
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.staleness import stale_hours
from socialsent_assets.lake.undo import undo_run
from socialsent_assets.warehouse.lake_files import write_lake_files
from tests.built_lake import rows_of_table, write_hours
from tests.conftest import Landing, lake_at
from tests.jobs.events import HOUR, comment, random_lines

AT = EventHour.from_key(HOUR)


class Slow(ProcessEngine):
    """Lets something happen once, between its files and its commits."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self._meanwhile: list[Callable[[], object]] = [meanwhile]

    def cleanse(self, *arguments: Any) -> Written:
        written = super().cleanse(*arguments)
        while self._meanwhile:
            self._meanwhile.pop()()
        return written

    def score(self, *arguments: Any) -> Written:
        written = super().score(*arguments)
        while self._meanwhile:
            self._meanwhile.pop()()
        return written


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setattr("socialsent_assets.jobs.publish._LONGEST_PAUSE_S", 0.0)
    lake = lake_at(tmp_path)
    Landing(lake).add(HOUR, random_lines(1, 40, HOUR))
    return lake


def forget(lake: Lake) -> None:
    """What this process remembers of the lake."""
    builds_of_lake._states.pop(lake.catalog, None)


def more(lake: Lake) -> None:
    """Land more, and cleanse it in another run."""
    Landing(lake).add(HOUR, random_lines(2, 40, HOUR), "second")
    cleanse(ProcessEngine(), lake, [AT])


def test_an_older_look_at_landing_does_not_replace_a_newer_one(lake: Lake) -> None:
    """Prevents rows that vanish again because the slower of two runs read less."""
    [receipt] = cleanse(Slow(lambda: more(lake)), lake, [AT])
    assert receipt.measures["landing_objects"] == 2
    assert read_builds(lake).cleanse[AT] == receipt
    assert stale_hours(lake, [AT], {}) == {AT: "analytics"}


def test_scores_are_those_of_the_rows_beside_them(lake: Lake) -> None:
    """Prevents marts that join the scores of one run with the posts of another."""
    cleanse(ProcessEngine(), lake, [AT])
    score(Slow(lambda: more(lake)), lake, [AT])
    builds = read_builds(lake)
    texts = [row for table in (POSTS, COMMENTS) for row in rows_of_table(lake, table)]
    assert len(rows_of_table(lake, SENTIMENT)) == len(texts) == builds.score[AT].rows["sentiment"]
    assert builds.scored_pins["cleansed.posts"] == builds.pins["cleansed.posts"]
    assert files_of(lake.table(POSTS), snapshot_id=builds.scored_pins["cleansed.posts"])


def test_an_hour_that_waits_for_its_scores_is_left_alone_by_readers(lake: Lake, tmp_path: Path) -> None:
    """Prevents marts that join an hour's new texts with its old scores, because another hour was scored."""
    other = AT.next()
    Landing(lake).add(other.key, random_lines(3, 5, other.key))
    for job in (cleanse, score):
        job(ProcessEngine(), lake, [AT, other])
    assert read_builds(lake).unscored == frozenset()
    more(lake)
    score(ProcessEngine(), lake, [other])
    builds = read_builds(lake)
    assert builds.unscored == {AT}
    assert write_lake_files(lake, tmp_path / "files.json") == {AT}
    forget(lake)
    assert read_builds(lake) == builds, "the cache of the state has it too"
    score(ProcessEngine(), lake, [AT])
    assert read_builds(lake).unscored == frozenset()


def test_an_undone_run_leaves_no_hour_to_wait_for(lake: Lake) -> None:
    """Prevents marts that keep an undone run's rows, because its hour is never scored again."""
    for job in (cleanse, score):
        job(ProcessEngine(), lake, [AT], "first")
    Landing(lake).add(HOUR, random_lines(2, 40, HOUR), "second")
    for job in (cleanse, score):
        job(ProcessEngine(), lake, [AT], "second")
    undo_run(lake, "second")
    assert read_builds(lake).unscored == frozenset()
    other = AT.next()
    Landing(lake).add(other.key, random_lines(3, 5, other.key))
    for job in (cleanse, score):
        job(ProcessEngine(), lake, [other], "third")
    assert read_builds(lake).unscored == frozenset()


def test_a_lake_whose_pinned_receipts_have_expired_is_still_read(lake: Lake) -> None:
    """Prevents a lake that nothing can open any more: all decisions begin with the state of its builds."""
    for job in (cleanse, score):
        job(ProcessEngine(), lake, [AT])
    pinned = read_builds(lake).scored_pins[table_name(BUILDS)]
    more(lake)
    lake.table(BUILDS).maintenance.expire_snapshots().by_ids([pinned]).commit()
    forget(lake)
    assert read_builds(lake).unscored == {AT}


def test_rows_of_a_table_without_a_finished_build_are_not_scored(lake: Lake) -> None:
    """Prevents scores of posts that another run is writing: the marts, which read by pins, have no such posts."""
    other = AT.next()
    Landing(lake).add(other.key, [comment(other.key)])
    cleanse(ProcessEngine(), lake, [other])
    assert table_name(POSTS) not in read_builds(lake).pins
    half_way = {"event_id": "p", "event_time": other.start, "source": "test", "post_id": "p", "clean_text": "fine"}
    write_hours(lake, POSTS, {other: [{**half_way, "author_id": "a", "text": "fine", "deleted": False}]})
    score(ProcessEngine(), lake, [other])
    assert {row["text_kind"] for row in rows_of_table(lake, SENTIMENT)} == {"comment"}
