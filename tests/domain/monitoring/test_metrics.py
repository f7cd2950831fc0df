"""Points of metrics: the right dimensions, finite, and none that CloudWatch would reject."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.monitoring import metrics_catalog as names
from socialsent_assets.domain.monitoring.hour_stats import HourStats
from socialsent_assets.domain.monitoring.metrics import (
    MetricDatum,
    accepted_by_cloudwatch,
    heartbeat_datums,
    hour_datums,
)

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
HOUR = EventHour.of(NOW)


def test_a_point_with_other_dimensions_or_no_number_cannot_be_made() -> None:
    """Prevents a second metric of the same name, which no alarm would watch."""
    with pytest.raises(ValueError, match="dimensions"):
        MetricDatum(names.QUARANTINE_RATE, 0.1, NOW, ("cleansed",))
    with pytest.raises(ValueError, match="is nan"):
        MetricDatum(names.QUARANTINE_RATE, float("nan"), NOW)


def test_names_are_unique() -> None:
    """Prevents two meanings under one name."""
    assert len({metric.name for metric in names.METRICS}) == len(names.METRICS)


def test_an_empty_hour_has_counts_but_no_mood() -> None:
    """Prevents a mean polarity of zero where there was no text."""
    points = list(hour_datums(HOUR, "analytics", Counts.none(), {"sentiment": 0}, {"mean_polarity": None}))
    assert {point.metric.name for point in points} == {"Records", "Rows", "Duplicates", "Quarantined"}
    assert {point.at for point in points} == {HOUR.start}


def test_points_that_cloudwatch_refuses_are_left_out() -> None:
    """Prevents one hour of last year from taking a whole call with it."""
    times = [NOW, NOW - timedelta(days=13), NOW - timedelta(days=14), NOW + timedelta(hours=3)]
    assert [
        point.at for point in accepted_by_cloudwatch([MetricDatum(names.OPEN_ALERTS, 0, at) for at in times], NOW)
    ] == times[:2]


def test_the_quarantine_rate_is_over_the_last_hours_and_absent_without_records() -> None:
    """Prevents an alarm on 0 of 0, and a rate that forgets what was quarantined_on_arrival on arrival."""
    old = EventHour(HOUR.start - timedelta(hours=names.RECENT_HOURS + 1))
    history = {
        HOUR: HourStats(HOUR, records=90, quarantined=1, quarantined_on_arrival=10),
        old: HourStats(old, records=1000, quarantined=1000),
    }

    def rate(of: dict[EventHour, HourStats]) -> list[float]:
        points = heartbeat_datums(of, {"landing": old}, 0, NOW)
        return [point.value for point in points if point.metric is names.QUARANTINE_RATE]

    assert rate(history) == [0.11]
    assert rate({}) == []
