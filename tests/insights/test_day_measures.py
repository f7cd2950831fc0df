"""Numbers that Dagster plots for each mart, day by day."""

import datetime as dt

import pytest
import sqlglot

from socialsent_assets.insights import day_measures as module
from socialsent_assets.insights.day_measures import day_measures, question
from socialsent_assets.settings import PROJECT_ROOT
from socialsent_assets.warehouse.duckdb.marts import duckdb_marts

DAYS = ["2026-11-22", "2026-11-23", "2026-11-30"]
MARTS = {file.stem for file in (PROJECT_ROOT / "dbt_project/models/marts").glob("*.yml")}


def test_every_mart_has_numbers_of_each_day_that_are_those_of_its_rows(marts, usual):
    """Prevents a plot that shows the same number for every day, and one mart without any."""
    likes = [{**like, "event_day": dt.date.fromisoformat(DAYS[0])} for like in usual["interactions"]]
    with duckdb_marts(marts(**(usual | {"interactions": likes}))) as sql:
        found = day_measures(sql, DAYS)
    assert set(found) == MARTS
    first, second = (found["fct_posts"][day] for day in DAYS[:2])
    assert (first["rows"], second["rows"], first["authors"]) == (27, 9, 3)
    assert found["fct_comments"]["2026-11-22"]["rows"] == 1
    daily = found["agg_sentiment_daily"]["2026-11-22"]
    assert (daily["texts"], daily["coverage"]) == (28, 1.0)
    assert -1 < daily["mean_polarity"] < 1
    assert found["fct_interactions"]["2026-11-22"]["like"] == 7
    assert found["lake_hours"]["2026-11-22"] == {
        "hours": 3, "records": 30, "accepted": 24, "duplicates": 3, "quarantined": 3, "scored": 15,
    }  # fmt: skip
    assert found["agg_topic_sentiment_daily"]["2026-11-22"]["topics"] == 3
    assert found["agg_user_engagement"]["2026-11-22"]["received"] == 7
    assert found["dim_users"]["2026-11-22"]["users"] == 3
    assert "2026-11-30" not in found["fct_posts"]
    assert all(
        type(value) in (int, float) for mart in found.values() for day in mart.values() for value in day.values()
    )


@pytest.mark.parametrize("dialect", ["redshift", "athena", "duckdb"])
def test_the_questions_are_sql_of_every_engine(dialect):
    """Prevents a build on AWS that succeeds and then fails on its plots."""
    for mart, measures in module._BY_DAY.items():
        sqlglot.parse_one(question(mart, measures, DAYS), read=dialect)


def test_a_day_is_a_day():
    """Prevents SQL that comes from the tag of a run."""
    with pytest.raises(ValueError, match="isoformat"):
        question("fct_posts", {"rows": "count(*)"}, ["2026-11-22') or (1=1"])
