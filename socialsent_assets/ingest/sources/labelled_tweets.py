"""Labelled sets of tweets in the columns that they are passed around in; their labels land as human labels.

A set without times lands as labels alone, unless its ids contain the time.

Not here: other label files (`socialsent labels import`), reviews with stars (reviews.py).
"""

from __future__ import annotations

from datetime import UTC

from socialsent_assets.ingest.source import TableSource
from socialsent_assets.ingest.times import TimeReading, spelled

_WORDS = {"negative": "negative", "neutral": "neutral", "objective": "neutral", "positive": "positive"}
_FIVE = {"0": "negative", "2": "neutral", "4": "positive"}


def _is_sentiment140(rows: list[list[str]]) -> bool:
    return all(len(row) == 6 and row[0] in _FIVE and row[1].isdecimal() and _is_time(row[2]) for row in rows[:20])


def _is_semeval(rows: list[list[str]]) -> bool:
    return all(len(row) == 3 and row[0].isdecimal() and row[1].lower() in _WORDS for row in rows[:20])


def _is_time(text: str) -> bool:
    try:
        spelled(text, TimeReading(UTC))
    except ValueError:
        return False
    return True


SOURCES = (
    TableSource(
        "sentiment140",
        "Sentiment140",
        columns=("target", "ids", "date", "flag", "user", "text"),
        headerless=("target", "ids", "date", "flag", "user", "text"),
        fits_headerless=_is_sentiment140,
        fields={"post_id": "ids", "event_time": "date", "author_id": "user", "text": "text"},
        label="target",
        meanings=_FIVE,
        drop=("flag",),
    ),
    TableSource(
        "airline-tweets",
        "US airline tweets",
        columns=("tweet_id", "airline_sentiment", "airline", "name", "text", "tweet_created"),
        fields={
            "post_id": "tweet_id",
            "event_time": "tweet_created",
            "author_id": "name",
            "text": "text",
            "topic": "airline",
            "place": "tweet_location",
        },
        label="airline_sentiment",
        meanings=_WORDS,
    ),
    TableSource(
        "sts-gold",
        "STS-Gold",
        columns=("id", "polarity", "tweet"),
        fields={"post_id": "id", "text": "tweet"},
        label="polarity",
        meanings=_FIVE,
        snowflake="id",
    ),
    TableSource(
        "semeval",
        "SemEval tweets",
        columns=(),
        headerless=("id", "label", "text"),
        fits_headerless=_is_semeval,
        fields={"post_id": "id", "text": "text"},
        label="label",
        meanings=_WORDS,
        snowflake="id",
    ),
)
