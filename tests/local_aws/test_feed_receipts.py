"""Receipts of feeds: found again while their objects exist, sent again otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from socialsent_assets.local_aws import feed_receipts
from socialsent_assets.local_aws.feed_receipts import FeedWish, bring_feed
from socialsent_assets.settings import Settings

NOW = datetime(2026, 11, 22, 9, 41, tzinfo=UTC)
WISH = FeedWish(events=300, hours=2, seed=7)


@pytest.fixture
def settings(tmp_path):
    return Settings.from_env({"SOCIALSENT_HOME": str(tmp_path)})


def landing_files(settings: Settings) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in Path(settings.landing).rglob("*.gz")}


def test_a_second_wish_finds_the_feed_and_sends_nothing(settings, monkeypatch):
    """Prevents a second `make run` that doubles the lake because an hour has passed."""
    first = bring_feed(WISH, settings, NOW)
    assert (first.was_there, first.plan.until) == (False, NOW.replace(minute=0))
    monkeypatch.setattr(feed_receipts, "simulate", lambda *_: pytest.fail("it was sent again"))
    second = bring_feed(WISH, settings, NOW + timedelta(hours=5))
    assert second == replace(first, was_there=True)


def test_a_lost_or_changed_object_brings_the_same_feed_back(settings):
    bring_feed(WISH, settings, NOW)
    before = landing_files(settings)
    hours = 0
    for damage in (lambda path: path.unlink(), lambda path: path.write_bytes(b"\x1f\x8b other")):
        for kind in ("events", "labels"):
            damage(next(path for path in sorted(before) if kind in path.parts))
            hours += 1
            assert bring_feed(WISH, settings, NOW + timedelta(hours=hours)).was_there is False
            assert landing_files(settings) == before


def test_an_interrupted_feed_is_taken_up_again_with_the_same_end(settings):
    """Prevents half a feed that stays beside a whole one with another end."""

    def interrupted(_plan, _result):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bring_feed(WISH, settings, NOW, interrupted)
    feed = bring_feed(WISH, settings, NOW + timedelta(hours=3))
    assert feed.plan.until == NOW.replace(minute=0)
    assert feed.counts.records == 300
    assert feed.objects == len(landing_files(settings))


@pytest.mark.parametrize(
    "other", [replace(WISH, seed=8), replace(WISH, events=301), replace(WISH, hours=1), replace(WISH, fresh=True)]
)
def test_another_wish_is_another_feed(settings, other):
    bring_feed(WISH, settings, NOW)
    feed = bring_feed(other, settings, NOW + timedelta(hours=1))
    assert feed.was_there is False
    assert feed.plan.until == NOW.replace(minute=0) + timedelta(hours=1)


def test_an_end_that_was_asked_for_is_kept_to_the_minute(settings):
    until = datetime.fromisoformat("2026-11-22T08:15:42+02:00")
    assert bring_feed(replace(WISH, until=until), settings, NOW).plan.until == datetime(
        2026, 11, 22, 6, 15, tzinfo=UTC
    )


def test_a_receipt_that_is_none_vouches_for_nothing(settings):
    folder = settings.home / "feeds"
    folder.mkdir(parents=True)
    for name, text in {
        "a.json": "{",
        "b.json": "[]",
        "c.json": '{"plan": {"until": "never"}}',
        "d.txt": "\x00",
    }.items():
        (folder / name).write_text(text)
    assert bring_feed(WISH, settings, NOW).was_there is False


def test_a_feed_in_another_landing_folder_is_no_feed_of_this_one(settings, tmp_path):
    bring_feed(WISH, settings, NOW)
    elsewhere = replace(settings, landing=str(tmp_path / "elsewhere"))
    assert bring_feed(WISH, elsewhere, NOW).was_there is False
