"""Corrections that a lake keeps: versioned, and reason enough to score again."""

import json
from datetime import UTC, datetime

import pytest

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.language.polarity import SCORER_VERSION, scorer_version
from socialsent_assets.jobs.cleanse import cleanse
from socialsent_assets.jobs.engines.process import ProcessEngine
from socialsent_assets.jobs.score import score
from socialsent_assets.lake.lexicon_corrections import KEY, change_corrections, corrections_history, read_corrections
from socialsent_assets.lake.staleness import stale_hours
from tests.jobs.events import HOUR, post
from tests.jobs.test_cleanse import hours
from tests.jobs.test_score import rows

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_correction_makes_what_was_scored_stale_and_its_removal_too(lake, landing):
    """Prevents a mart in which corrected and uncorrected scores are mixed."""
    engine = ProcessEngine(workers=1)
    landing.add(HOUR, [post(post_id="p1", text="that is sick")])
    cleanse(engine, lake, hours(HOUR))

    def scored():
        [receipt] = score(engine, lake, hours(HOUR))
        [row] = rows(lake, "sentiment", HOUR)
        return row, {receipt.hour.key: receipt.lake_version}

    row, held = scored()
    assert (row["sentiment"], row["scorer_version"]) == ("negative", SCORER_VERSION)
    own = change_corrections(lake.artifacts, NOW, put={"sick": 2.1})
    assert list(stale_hours(lake, hours(HOUR), held).values()) == ["analytics"]
    row, held = scored()
    assert (row["sentiment"], row["scorer_version"]) == ("positive", scorer_version(own))
    assert stale_hours(lake, hours(HOUR), held) == {}
    change_corrections(lake.artifacts, NOW, remove=["sick"])
    assert list(stale_hours(lake, hours(HOUR), held).values()) == ["analytics"]


def test_changes_are_remembered_newest_first(lake):
    """Prevents a score that cannot be traced back to a change and its author."""
    change_corrections(lake.artifacts, NOW, put={"sick": 2.1, "crude": 0.0})
    change_corrections(lake.artifacts, NOW, put={"sick": 2.1})
    change_corrections(lake.artifacts, NOW, remove=["crude"])
    assert read_corrections(lake.artifacts).words == (("sick", 2.1),)
    assert [entry["removed"] for entry in corrections_history(lake.artifacts)] == [["crude"], []]


def test_a_word_that_is_not_corrected_cannot_be_removed(lake):
    with pytest.raises(UserError, match="not corrected: sic"):
        change_corrections(lake.artifacts, NOW, remove=["sic"])


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b'{"format": 1}',
        json.dumps({"format": 1, "words": {"a": "b"}, "history": []}).encode(),
        json.dumps({"format": 1, "words": {"spill the tea": 1}, "history": []}).encode(),
        json.dumps({"format": 9, "words": {}, "history": []}).encode(),
    ],
)
def test_a_damaged_file_stops_scoring_with_a_way_out(lake, content):
    """Prevents texts that are scored without the corrections that were meant for them."""
    lake.artifacts.write(KEY, content)
    with pytest.raises(UserError, match=r"corrections\.json"):
        read_corrections(lake.artifacts)
