"""Metric data for CloudWatch, made of the counts that the Dagster UI plots.

Not here: the catalog of metrics (metrics_catalog.py), delivery (resources/metrics.py).
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
"""CloudWatch accepts timestamps of the last two weeks and the next two hours (PutMetricData)."""


@dataclass(frozen=True)
class MetricDatum:
    """One value of a metric.

    Raises:
        ValueError: other dimensions than the metric's, or a value that is not finite.
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


def accepted_by_cloudwatch(points: Iterable[MetricDatum], now: datetime) -> list[MetricDatum]:
    """Drop data with timestamps outside of the accepted range."""
    return [point for point in points if now - OLDEST < point.at < now + AHEAD]


def hour_datums(
    hour: EventHour, tier: str, counts: Counts, rows: Mapping[str, int], measures: Mapping[str, Any]
) -> Iterator[MetricDatum]:
    """Metrics of one job's receipt of an hour; measures that an empty hour does not have are left out."""
    yield MetricDatum(names.RECORDS, counts.records, hour.start, (tier,))
    yield MetricDatum(names.DUPLICATES, counts.duplicates, hour.start, (tier,))
    yield MetricDatum(names.QUARANTINED, counts.quarantined, hour.start, (tier,))
    for table, number in rows.items():
        yield MetricDatum(names.ROWS, number, hour.start, (tier, table))
    shares = measures.get("share_by_sentiment") or {}
    for metric, value in (
        (names.MEAN_POLARITY, measures.get("mean_polarity")),
        (names.SHARE_NEGATIVE, shares.get("negative")),
        (names.LEXICON_DISAGREEMENT, measures.get("disagreement")),
    ):
        if value is not None:
            yield MetricDatum(metric, float(value), hour.start, (tier,))


def heartbeat_datums(
    history: History, newest: Mapping[str, EventHour], stale: int, now: datetime
) -> Iterator[MetricDatum]:
    """Metrics of the present moment; `newest` maps each tier that has data to its newest hour."""
    for tier, hour in newest.items():
        yield MetricDatum(names.FRESHNESS_MINUTES, max(0.0, (now - hour.end).total_seconds() / 60), now, (tier,))
    last = EventHour.of(now)
    recent = hours_between(EventHour(last.start - timedelta(hours=names.RECENT_HOURS)), last)
    stats = [history[hour] for hour in recent if hour in history]
    on_arrival = sum(one.quarantined_on_arrival for one in stats)
    records = on_arrival + sum(one.records for one in stats)
    if records:
        quarantined = on_arrival + sum(one.quarantined for one in stats)
        yield MetricDatum(names.QUARANTINE_RATE, quarantined / records, now)
    yield MetricDatum(names.STALE_HOURS, stale, now)
