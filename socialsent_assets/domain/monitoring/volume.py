"""Volume rule: records of an hour against the same time of day on earlier days.

Until there are enough days, an hour is compared with all hours of the last three days; their daily swing then
widens the expected range, so that a quiet night raises no alert.

A robust score alone would raise an alert on every weekend, and on a new level for the length of the history. So a
level seen on two earlier days is not new: the rank of an hour in its history has to be extreme as well (as in
conformal prediction: Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World", 2005).

Not here: hours after the newest one with data (freshness.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.monitoring.findings import Finding, Verdict
from socialsent_assets.domain.monitoring.hour_stats import History
from socialsent_assets.domain.monitoring.robust import Score, score_count

DAYS = 21
"""Days of history."""

LIMIT = 4.0
"""Distance in scales that is a breach; tests/domain/monitoring/test_alarm_rates.py measures the false alarm rate."""

_CLEARED = 3.0  # distance in scales that closes an alert; in between it is inconclusive
_FACTOR = 2.0  # smallest ratio to the expected count, either way, that is worth an alert
_MIN_DAYS = 5
_MIN_HOURS = 24
_LAST_HOURS = 72


def volume(history: History, hour: EventHour) -> Finding | None:
    """Compare the record count of an hour with its history; None while there is too little.

    An hour without statistics, between hours that have them, had no record.
    """
    earlier = [known for known in history if known < hour]
    if not earlier:
        return None
    first = max(min(earlier), EventHour(hour.start - timedelta(days=DAYS)))
    days = _same_time_of_day(history, hour, first)
    fewest, seen_on = 2 * _MIN_DAYS, days
    new_on = 2
    if len(days) < _MIN_DAYS:
        days = _half_days(history, hour, first)
        fewest, seen_on = _MIN_HOURS, days[1:]  # the last 12 hours may be one incident
        new_on = 1
    reference = [count for day in days for count in day]
    if len(reference) < fewest:
        return None
    count = _records(history, hour)
    score = score_count(count, reference, LIMIT)
    is_new = sum(1 for day in seen_on if _as_extreme(count, day, score)) < new_on
    return Finding(
        "volume",
        "records per hour",
        _verdict(count, score, is_new),
        at=hour.start,
        span=hour.key,
        observed=count,
        expected=score.expected,
        low=score.low,
        high=score.high,
        link="/assets/landing/events",
    )


def _verdict(count: int, score: Score, is_new: bool) -> Verdict:
    ratio = (count + 0.5) / (score.expected + 0.5)
    is_material = max(ratio, 1 / ratio) >= _FACTOR
    if not is_new or not is_material or abs(score.distance) < _CLEARED:
        return "ok"
    return "breach" if abs(score.distance) >= LIMIT else "inconclusive"


def _as_extreme(count: int, day: Sequence[int], score: Score) -> bool:
    return max(day) >= count if score.distance > 0 else min(day) <= count


def _same_time_of_day(history: History, hour: EventHour, first: EventHour) -> list[list[int]]:
    """Records of this hour of the day and its two neighbours, day by day back."""
    days = []
    for back in range(1, DAYS + 1):
        centre = hour.start - timedelta(days=back)
        near = [EventHour(centre + timedelta(hours=shift)) for shift in (-1, 0, 1)]
        day = [_records(history, known) for known in near if known >= first]
        if day:
            days.append(day)
    return days


def _half_days(history: History, hour: EventHour, first: EventHour) -> list[list[int]]:
    """Records of the last three days, 12 hours at a time, backwards."""
    halves: list[list[int]] = []
    for back in range(_LAST_HOURS):
        known = EventHour(hour.start - timedelta(hours=back + 1))
        if known < first:
            break
        if back % 12 == 0:
            halves.append([])
        halves[-1].append(_records(history, known))
    return halves


def _records(history: History, hour: EventHour) -> int:
    stats = history.get(hour)
    return 0 if stats is None else stats.records
