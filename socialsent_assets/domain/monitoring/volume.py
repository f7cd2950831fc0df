"""Is the number of records of an hour unusual? Compared with the same time of day on earlier days.

Until there are enough days, an hour is compared with all hours of the last three days; their daily swing then
widens what counts as usual, so that a quiet night is no alarm.

A robust score alone would call every weekend an alarm, and a new level for as long as the history is long. So what
was seen on two earlier days is not news: the rank of an hour among its history has to be extreme as well (as in
conformal prediction: Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World", 2005).

Not here: hours after the newest one with data; that is freshness.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.monitoring.findings import Finding, Verdict
from socialsent_assets.domain.monitoring.hour_stats import History
from socialsent_assets.domain.monitoring.robust import Score, score_count

DAYS = 21
"""History that is looked at."""

LIMIT = 4.0
"""Scales beyond which an hour is an alarm; test_alarm_rates.py measures how often chance does that."""

_CLEARED = 3.0  # scales within which it is over; in between an alert stays as it is
_FACTOR = 2.0  # and at least so many times more or less than expected: what is less is not worth waking somebody
_FEWEST_DAYS = 5
_FEWEST_HOURS = 24
_LAST_HOURS = 72


def volume(history: History, hour: EventHour) -> Finding | None:
    """The verdict on the records of an hour; None while there is too little history.

    An hour without facts, between hours with facts, had no record.
    """
    earlier = [known for known in history if known < hour]
    if not earlier:
        return None
    first = max(min(earlier), EventHour(hour.start - timedelta(days=DAYS)))
    days = _same_time_of_day(history, hour, first)
    fewest, seen_on = 2 * _FEWEST_DAYS, days
    news_on = 2
    if len(days) < _FEWEST_DAYS:
        days = _half_days(history, hour, first)
        fewest, seen_on = _FEWEST_HOURS, days[1:]  # the last 12 hours may be one incident
        news_on = 1
    reference = [count for day in days for count in day]
    if len(reference) < fewest:
        return None
    count = _records(history, hour)
    score = score_count(count, reference, LIMIT)
    is_news = sum(1 for day in seen_on if _as_extreme(count, day, score)) < news_on
    return Finding(
        "volume",
        "records per hour",
        _verdict(count, score, is_news),
        at=hour.start,
        span=hour.key,
        observed=count,
        expected=score.expected,
        low=score.low,
        high=score.high,
        link="/assets/landing/events",
    )


def _verdict(count: int, score: Score, is_news: bool) -> Verdict:
    ratio = (count + 0.5) / (score.expected + 0.5)
    is_material = max(ratio, 1 / ratio) >= _FACTOR
    if not is_news or not is_material or abs(score.distance) < _CLEARED:
        return "good"
    return "bad" if abs(score.distance) >= LIMIT else "unsure"


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
    facts = history.get(hour)
    return 0 if facts is None else facts.records
