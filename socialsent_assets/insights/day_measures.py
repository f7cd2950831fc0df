"""Measures of each mart by day: a few numbers that mean something when Dagster's UI plots them day by day.

Counts are of rows of the day (UTC), shares are of scored texts, means are of their polarity (−1 to +1).

Not here: writing them into Dagster (defs/marts.py), the definition of a mart's columns (dbt_project/).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from socialsent_assets.warehouse.engine import SqlEngine

DayMeasures = dict[str, dict[str, dict[str, int | float]]]
"""Mart -> day, as in `2026-11-22` -> name of the measure -> value."""

_SCORES = {
    "texts": "text_count",
    "coverage": "scored_share",
    "positive_share": "positive_share",
    "negative_share": "negative_share",
    "mean_polarity": "mean_polarity",
    "mean_predicted_polarity": "mean_predicted_polarity",
}
_TEXTS = {
    "rows": "count(*)",
    "authors": "count(distinct author_id)",
    "edited": "sum(case when is_edited then 1 else 0 end)",
    "not_scored": "count(unscored_reason)",
    "mean_polarity": "avg(case when unscored_reason is null then polarity end)",
}
_ACTIONS = {action: f"sum(case when action = '{action}' then 1 else 0 end)" for action in ("like", "share", "follow")}
_BY_DAY: dict[str, dict[str, str]] = {
    "agg_sentiment_daily": {name: f"max({column})" for name, column in _SCORES.items()},
    "agg_sentiment_hourly": {
        "hours": "count(*)",
        "texts": "sum(text_count)",
        "texts_in_the_busiest_hour": "max(text_count)",
        "mean_polarity_of_the_lowest_hour": "min(mean_polarity)",
        "mean_polarity_of_the_highest_hour": "max(mean_polarity)",
    },
    "agg_topic_sentiment_daily": {
        "topics": "count(*)",
        "texts_of_the_largest_topic": "max(text_count)",
        "mean_polarity_of_the_lowest_topic": "min(mean_polarity)",
        "mean_polarity_of_the_highest_topic": "max(mean_polarity)",
    },
    "fct_posts": _TEXTS,
    "fct_comments": _TEXTS,
    "fct_interactions": {"rows": "count(*)", "actors": "count(distinct actor_id)", **_ACTIONS},
    "lake_hours": {
        "hours": "count(*)",
        **{name: f"sum({name})" for name in ("records", "accepted", "duplicates", "quarantined", "scored")},
    },
    "dim_users": {"profiles_changed": "count(*)"},
}
_DAY_OF = dict.fromkeys(("agg_sentiment_hourly", "lake_hours", "dim_users"), "cast(event_hour as date)")
_OVER_ALL = {
    "dim_users": {"users": "count(*)"},
    "user_profile_history": {"profile_versions": "count(*)", "users": "count(distinct user_id)"},
    "agg_user_engagement": {
        "users": "count(*)",
        "authors": "sum(case when post_count > 0 then 1 else 0 end)",
        "received": "sum(engagement_received)",
        "most_received_by_one": "max(engagement_received)",
        "mean_received_per_post": "avg(engagement_per_post)",
    },
}
"""Of marts that say how things are now, whatever the day: the same for every day of a build."""


def day_measures(sql: SqlEngine, days: Sequence[str]) -> DayMeasures:
    """Measures of every mart for these days; a day or mart without rows has none."""
    found: DayMeasures = {}
    for mart, measures in _BY_DAY.items():
        for day, *values in sql.run(question(mart, measures, days)).rows:
            found.setdefault(mart, {})[_iso(day)] = _numbers(measures, values)
    for mart, measures in _OVER_ALL.items():
        [over_all] = sql.run(f"select {_columns(measures)} from {mart}").rows  # noqa: S608
        for day in days:
            found.setdefault(mart, {}).setdefault(day, {}).update(_numbers(measures, over_all))
    return found


def question(mart: str, measures: dict[str, str], days: Sequence[str]) -> str:
    """SQL for the measures of a mart by day, in the dialect that all engines share."""
    day = _DAY_OF.get(mart, "event_day")
    listed = ", ".join(f"date '{date.fromisoformat(each).isoformat()}'" for each in days)
    return f"select {day} as day, {_columns(measures)} from {mart} where {day} in ({listed}) group by {day}"  # noqa: S608


def _columns(measures: dict[str, str]) -> str:
    return ", ".join(f"{sql} as {name}" for name, sql in measures.items())


def _numbers(names: dict[str, str], values: Sequence[Any]) -> dict[str, int | float]:
    # A sum is a Decimal or a HUGEINT, depending on the engine; Dagster plots int and float.
    return {
        name: value if isinstance(value, float) else int(value)
        for name, value in zip(names, values, strict=True)
        if value is not None
    }


def _iso(day: date | datetime) -> str:
    return day.isoformat()[:10]
