"""Numbers as points of a metric: what CloudWatch draws, made of the counts that the Dagster UI plots.

Not here: the metrics (metrics_catalog.py), sending points (resources/metrics.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.layout import EventHour, hours_between
from socialsent_assets.domain.monitoring import metrics_catalog as names
from socialsent_assets.domain.monitoring.hour_stats import History
from socialsent_assets.domain.monitoring.metrics_catalog import Metric

OLDEST = timedelta(days=14)
AHEAD = timedelta(hours=2)
"""CloudWatch takes points of the last two weeks, and of the next two hours (PutMetricData)."""


@dataclass(frozen=True)
class Point:
    """One value of a metric.

    Raises:
        ValueError: not exactly the metric's dimensions, or a value that is no number.
    """

    metric: Metric
    value: float
    at: datetime
    dimensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.dimensions) != len(self.metric.dimensions) or not all(self.dimensions):
            raise ValueError(f"{self.metric.name} has the dimensions {self.metric.dimensions}, got {self.dimensions}")
        if not math.isfinite(self.value):
            raise ValueError(f"{self.metric.name} is {self.value}")


def timely(points: Iterable[Point], now: datetime) -> list[Point]:
    """Those that CloudWatch takes."""
    return [point for point in points if now - OLDEST < point.at < now + AHEAD]


def hour_points(
    hour: EventHour, tier: str, counts: Counts, rows: Mapping[str, int], measures: Mapping[str, Any]
) -> Iterator[Point]:
    """Points of one job's receipt of an hour; a measure that an empty hour does not have is left out."""
    yield Point(names.RECORDS, counts.records, hour.start, (tier,))
    yield Point(names.DUPLICATES, counts.duplicates, hour.start, (tier,))
    yield Point(names.QUARANTINED, counts.quarantined, hour.start, (tier,))
    for table, number in rows.items():
        yield Point(names.ROWS, number, hour.start, (tier, table))
    shares = measures.get("share_by_sentiment") or {}
    for metric, value in (
        (names.MEAN_POLARITY, measures.get("mean_polarity")),
        (names.SHARE_NEGATIVE, shares.get("negative")),
        (names.LEXICON_DISAGREEMENT, measures.get("disagreement")),
    ):
        if value is not None:
            yield Point(metric, float(value), hour.start, (tier,))


def heartbeat_points(history: History, newest: Mapping[str, EventHour], stale: int, now: datetime) -> Iterator[Point]:
    """Points of this moment; `newest` is the newest hour of every tier that has one."""
    for tier, hour in newest.items():
        yield Point(names.FRESHNESS_MINUTES, max(0.0, (now - hour.end).total_seconds() / 60), now, (tier,))
    last = EventHour.of(now)
    recent = hours_between(EventHour(last.start - timedelta(hours=names.RECENT_HOURS)), last)
    facts = [history[hour] for hour in recent if hour in history]
    refused = sum(one.refused for one in facts)
    records = refused + sum(one.records for one in facts)
    if records:
        quarantined = refused + sum(one.quarantined for one in facts)
        yield Point(names.QUARANTINE_RATE, quarantined / records, now)
    yield Point(names.STALE_HOURS, stale, now)
