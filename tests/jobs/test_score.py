"""Scoring: what is written per hour, what marts can trust, and that freshness believes the receipts."""

from __future__ import annotations

from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.language.polarity import score_text
from socialsent_assets.domain.language.text import tokens
from socialsent_assets.domain.tables import LAKE_HOURS, SENTIMENT, TABLES
from socialsent_assets.jobs.cleanse import cleanse
from socialsent_assets.jobs.score import score
from socialsent_assets.lake.iceberg.scan import files_of
from socialsent_assets.lake.staleness import stale_hours
from tests.built_lake import rows_of_table
from tests.conftest import lake_at
from tests.jobs.events import HOUR, comment, interaction, post, random_lines, user
from tests.jobs.test_cleanse import hours

pytestmark = pytest.mark.spark

NEXT = "2026-11-22-10:00"


def rows(lake, table: str, hour: str) -> list[dict]:
    wanted = SENTIMENT if table == "sentiment" else LAKE_HOURS
    start = EventHour.from_key(hour).start
    return [row for row in rows_of_table(lake, wanted) if row["event_hour"] == start]


def stale_tier(lake, hour: EventHour, warehouse: dict[str, str]) -> str | None:
    return stale_hours(lake, [hour], warehouse).get(hour)


def test_every_version_of_a_post_and_comment_is_scored_as_a_single_text_is(spark, lake, landing):
    """Prevents a batch that scores differently from `socialsent score`, and rows of another hour."""
    landing.add(HOUR, [post(text="This is NOT good!! 😡"), post(text="I love it :)", topic="tram"), user()])
    landing.add(HOUR, [comment(text="awful &amp; sad"), comment(text="großartig :)", lang="de")])
    landing.add(HOUR, [post(text=None, author_id=None, deleted=True)])
    landing.add(NEXT, [interaction(NEXT), "broken"])
    both = hours(HOUR, NEXT)
    cleansed = cleanse(spark, lake, both)
    first, second = score(spark, lake, both)

    found = rows(lake, "sentiment", HOUR)
    assert len(found) == 5
    for row in found:
        wanted = (None,) * 5 if row["lang"] == "de" else score_text(row["clean_text"])
        assert (row["polarity"], row["pos"], row["neu"], row["neg"], row["sentiment"]) == wanted
        assert row["tokens"] == tokens(row["clean_text"])
        assert row["unscored_reason"] == ("language_not_supported" if row["lang"] == "de" else None)
    assert {row["text_id"] for row in found} == {"p-1", "c-1"}
    assert first.measures["rows_by_sentiment"] == {"positive": 1, "neutral": 1, "negative": 2}
    assert first.measures["unscored_by_reason"] == {"language_not_supported": 1}
    assert first.measures["scored_share"] == 4 / 5
    assert first.measures["mean_polarity"] == pytest.approx(sum(row["polarity"] or 0 for row in found) / 4)
    assert first.measures["moods_by_topic"] == {"tram": {"texts": 1, "negative": 0, "predicted_negative": 0}}

    assert rows(lake, "sentiment", NEXT) == []
    assert second.measures["mean_polarity"] is None
    for hour, clean, scored in zip(both, cleansed, (first, second), strict=True):
        [row] = rows(lake, "lake_hours", hour.key)
        assert row["event_hour"] == hour.start
        assert (row["records"], row["quarantined"]) == (clean.counts.records, clean.counts.quarantined)
        assert row["scored"] == scored.rows["sentiment"]
        assert row["lake_version"] == scored.lake_version
        assert stale_tier(lake, hour, {}) == "warehouse"
        assert stale_tier(lake, hour, {hour.key: row["lake_version"]}) is None


def test_written_columns_are_exactly_the_contract(spark, lake, landing):
    landing.add(HOUR, [post()])
    cleanse(spark, lake, hours(HOUR))
    score(spark, lake, hours(HOUR))
    for table in (SENTIMENT, LAKE_HOURS):
        path = files_of(lake.table(table))[0].path
        assert pq.ParquetFile(path).schema_arrow.names == [column.name for column in table.columns]


def test_building_everything_again_gives_the_same_rows(spark, lake, landing, tmp_path):
    """Prevents a deleted tier from coming back as different data, and hours that depend on their company."""
    keys = [HOUR, NEXT, "2026-11-22-12:00"]
    for seed, hour in enumerate(keys):
        landing.add(hour, random_lines(seed, 60, hour))
    cleanse(spark, lake, hours(*keys))
    score(spark, lake, hours(*keys))
    again = lake_at(tmp_path / "again")
    again = replace(again, landing=lake.landing)
    for hour in reversed(keys):
        cleanse(spark, again, hours(hour))
        score(spark, again, hours(hour))
    for table in TABLES:
        assert rows_of_table(lake, table) == rows_of_table(again, table)


def test_an_emptied_hour_says_so_to_the_marts(spark, lake, landing):
    """Prevents marts that keep the rows of an hour whose landing was deleted."""
    key = landing.add(HOUR, [post()])
    cleanse(spark, lake, hours(HOUR))
    score(spark, lake, hours(HOUR))
    before = rows(lake, "lake_hours", HOUR)[0]["lake_version"]
    landing.remove(key)
    assert stale_tier(lake, hours(HOUR)[0], {}) == "cleansed"
    cleanse(spark, lake, hours(HOUR))
    assert stale_tier(lake, hours(HOUR)[0], {}) == "analytics"
    score(spark, lake, hours(HOUR))
    assert rows(lake, "sentiment", HOUR) == []
    [row] = rows(lake, "lake_hours", HOUR)
    assert (row["records"], row["scored"]) == (0, 0)
    assert row["lake_version"] != before


def test_an_hour_that_was_never_cleansed_is_not_scored(spark, lake):
    """Prevents an empty sentiment table that looks like a quiet hour."""
    with pytest.raises(FileNotFoundError, match="never cleansed"):
        score(spark, lake, hours(HOUR))


def test_the_moods_of_a_topic_count_current_scored_texts_of_the_frequent_topics(
    spark, lake, landing, monkeypatch: pytest.MonkeyPatch
):
    """Prevents an alert about a topic from texts that were not scored, and receipts as big as their hour."""
    monkeypatch.setattr("socialsent_assets.jobs.sentiment_rows._TOPICS", 1)
    told = [("I hate it", "en", False), ("I love it", "en", False), ("so sad", "de", False), (None, "en", True)]
    posts = [
        post(post_id=f"p-{number}", text=text, lang=lang, deleted=gone, topic="tram a/b")
        for number, (text, lang, gone) in enumerate(told)
    ]
    landing.add(HOUR, [*posts, post(post_id="rare", topic="rare")])
    cleanse(spark, lake, hours(HOUR))
    [receipt] = score(spark, lake, hours(HOUR))
    assert receipt.measures["moods_by_topic"] == {"tram a/b": {"texts": 2, "negative": 1, "predicted_negative": 0}}
