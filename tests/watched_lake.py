"""A lake as the alerts see it: receipts with counts and the landing that they were built from, made without Spark."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.layout import (
    LANDING_EVENTS,
    LANDING_QUARANTINE,
    EventHour,
    landing_key,
    landing_name,
)
from socialsent_assets.lake.builds import Receipt, output_version
from socialsent_assets.lake.lake import Lake
from tests.built_lake import keep_receipts

TOPICS = {"tram": (40, 8), "football": (3, 0)}


def add_hour(
    lake: Lake,
    hour: EventHour,
    records: int = 200,
    quarantined: int = 2,
    topics: Mapping[str, tuple[int, int]] = TOPICS,
    quarantined_on_arrival: int = 0,
    *,
    built: bool = True,
) -> None:
    """One hour: landed, and built by default. An hour that was there is replaced."""
    _land(lake, hour, records, quarantined_on_arrival)
    if built:
        build_hour(lake, hour, records, quarantined, topics)


def _land(lake: Lake, hour: EventHour, records: int, quarantined_on_arrival: int = 0) -> None:
    name = landing_name("test", records, 0)
    for info in lake.landed(hour):
        lake.landing.delete(info.key)
    lake.landing.write(landing_key(LANDING_EVENTS, hour, name), gzip.compress(f"{records}".encode(), mtime=0))
    if quarantined_on_arrival:
        lake.landing.write(
            landing_key(LANDING_QUARANTINE, hour, landing_name("test", quarantined_on_arrival, 0)), b""
        )


def build_hour(
    lake: Lake, hour: EventHour, records: int, quarantined: int, topics: Mapping[str, tuple[int, int]] = TOPICS
) -> None:
    """The receipts of both jobs."""
    for receipt in _receipts(lake, hour, records, quarantined, topics):
        keep_receipts(lake, [receipt])


def _receipts(
    lake: Lake, hour: EventHour, records: int, quarantined: int, topics: Mapping[str, tuple[int, int]] = TOPICS
) -> tuple[Receipt, Receipt]:
    """Receipts of cleansing and scoring an hour that has landed."""
    accepted = records - quarantined
    version = output_version(f"{hour} {records} {quarantined} {sorted(topics.items())}")
    counts = Counts(records, accepted, 0, quarantined)
    rows = {"posts": accepted, "quarantine": quarantined}
    landed = lake.landing_fingerprint(hour)
    cleanse = Receipt("cleanse", hour, landed, version, "1", counts, rows)
    negative = sum(bad for _, bad in topics.values())
    texts = max(accepted, 1)
    measures: dict[str, Any] = {
        "rows_by_sentiment": {"positive": accepted - negative, "neutral": 0, "negative": negative},
        "share_by_sentiment": {"negative": negative / texts},
        "mean_polarity": 0.1,
        "disagreement": None,
        "moods_by_topic": {topic: {"texts": n, "negative": bad} for topic, (n, bad) in topics.items()},
    }
    score = Receipt(
        "score", hour, version, version, "1", Counts(accepted, accepted, 0, 0),
        {"sentiment": accepted, "lake_hours": 1}, measures, lake_version=version,
    )  # fmt: skip
    return cleanse, score


def normal_hours(lake: Lake, count: int, until: datetime) -> list[EventHour]:
    """`count` hours that differ no more than chance would have them differ; the last one ends at `until`."""
    hours = [EventHour.of(until - timedelta(hours=back)) for back in range(count, 0, -1)]
    records = [200 + 7 * (number % 5) - 14 for number in range(count)]
    for hour, landed in zip(hours, records, strict=True):
        _land(lake, hour, landed)
    receipts = [_receipts(lake, hour, records[number], 1 + number % 3) for number, hour in enumerate(hours)]
    for of_one_job in zip(*receipts, strict=True):  # one commit of each job: one an hour takes seconds
        keep_receipts(lake, of_one_job)
    return hours
