"""Proportion rules: share of quarantined records, share of negative texts.

An hour is compared with the week before it. The arcsine scale accounts for small counts; the minimum of cases only
spares the reader alerts about a handful of texts.

Not here: the statistics (robust.py), the check that a run makes of its own hours (defs/checks/).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from socialsent_assets.domain.events.layout import EventHour, hours_between
from socialsent_assets.domain.monitoring.findings import Finding, Kind, Verdict
from socialsent_assets.domain.monitoring.hour_stats import History, HourStats
from socialsent_assets.domain.monitoring.robust import BaselineShare, Score, baseline_share, score_share

DAYS = 7
"""Days of history."""

QUARANTINE_DISTANCE, SENTIMENT_DISTANCE = 4.0, 4.5
"""Distances in scales above the baseline that are a breach. Sentiment is tested for many topics an hour."""

QUARANTINE_LIMIT = 0.05
"""Upper bound of the baseline, quarantined per record; also the baseline while there is too little history."""

ALL_TEXTS = "all texts"
CLEANSING, ARRIVAL = "while cleansing", "on arrival"

_CLEARED = 2.5
_MIN_CASES = 20
_MIN_HITS = 5
_MIN_HOURS = 24
_MIN_BASELINE_CASES = 200
_SENTIMENT_STEP = 0.15  # smallest rise of the share of negative texts that is worth an alert
_QUARANTINE_FACTOR = 2.0
_POOLED_HOURS = 6  # window of a rare topic
_BACKLOG = timedelta(hours=24)

CountPair = Callable[[HourStats], tuple[int, int]]


def quarantine_share(history: History, hour: EventHour) -> Iterator[Finding]:
    """Test the share of quarantined records: while cleansing, by event hour; on arrival, by the clock."""
    for subject, pair, table in (
        (CLEANSING, lambda stats: (stats.quarantined, stats.records), "cleansed"),
        (
            ARRIVAL,
            lambda stats: (stats.quarantined_on_arrival, stats.quarantined_on_arrival + stats.records),
            "landing",
        ),
    ):
        hits, cases = _pooled(history, hour, hour, pair)
        if cases < _MIN_CASES:
            continue
        baseline = _baseline(history, hour, pair)
        if baseline is None or baseline.share > QUARANTINE_LIMIT:
            baseline = BaselineShare(QUARANTINE_LIMIT)
        score = score_share(hits, cases, baseline, QUARANTINE_DISTANCE)
        is_material = hits >= _MIN_HITS and hits / cases >= _QUARANTINE_FACTOR * score.expected
        if subject == ARRIVAL:
            is_material = is_material and not _is_backlog(history, hour, pair, baseline)
        link = f"/assets/{table}/quarantine?partition={hour.key[:10]}"  # a partition of Dagster is a day
        verdict = _verdict(score, is_material, QUARANTINE_DISTANCE)
        yield _finding("quarantine", subject, verdict, hour, hits, cases, score, link)


def negative_share(history: History, hour: EventHour) -> Iterator[Finding]:
    """Test the share of negative texts: over all texts, and by topic of this hour.

    A topic with too few texts in the hour is counted over up to six hours.
    """
    stats = history.get(hour)
    if stats is None:
        return
    for subject in (ALL_TEXTS, *sorted(stats.topics)):
        pair = _sentiment_counts_of(subject)
        first = hour
        hits, cases = _pooled(history, first, hour, pair)
        while cases < _MIN_CASES and hour.start - first.start < timedelta(hours=_POOLED_HOURS - 1):
            first = EventHour(first.start - timedelta(hours=1))
            hits, cases = _pooled(history, first, hour, pair)
        baseline = _baseline(history, first, pair)
        if baseline is None or cases < _MIN_CASES:
            continue
        score = score_share(hits, cases, baseline, SENTIMENT_DISTANCE)
        is_material = hits >= _MIN_HITS and hits / cases >= score.expected + _SENTIMENT_STEP
        link = "/assets/analytics/sentiment"
        verdict = _verdict(score, is_material, SENTIMENT_DISTANCE)
        yield _finding("sentiment", subject, verdict, hour, hits, cases, score, link, first)


def _finding(
    kind: Kind,
    subject: str,
    verdict: Verdict,
    hour: EventHour,
    hits: int,
    cases: int,
    score: Score,
    link: str,
    first: EventHour | None = None,
) -> Finding:
    return Finding(
        kind,
        subject,
        verdict,
        at=hour.start,
        span=hour.key if first is None or first == hour else f"{first.key}..{hour.key}",
        observed=hits / cases,
        expected=score.expected,
        low=score.low,
        high=score.high,
        cases=cases,
        link=link,
    )


def _verdict(score: Score, is_material: bool, limit: float) -> Verdict:
    if not is_material or score.distance < _CLEARED:
        return "ok"
    return "breach" if score.distance >= limit else "inconclusive"


def _baseline(history: History, before: EventHour, pair: CountPair) -> BaselineShare | None:
    """Baseline from the week before `before`; None while there is too little history."""
    first = EventHour(before.start - timedelta(days=DAYS))
    pairs = [pair(stats) for hour, stats in history.items() if first <= hour < before]
    known = [(hits, cases) for hits, cases in pairs if cases]
    if len(known) < _MIN_HOURS or sum(cases for _, cases in known) < _MIN_BASELINE_CASES:
        return None
    return baseline_share(known)


def _is_backlog(history: History, hour: EventHour, pair: CountPair, baseline: BaselineShare) -> bool:
    """Whether one hour received the records of many event hours: then the share over a day is usual.

    Quarantine on arrival is counted by arrival, records by event time: a backlog brings all of its quarantined
    records to one hour, and its records to theirs.
    """
    hits, cases = _pooled(history, EventHour(hour.start - _BACKLOG), hour, pair)
    return score_share(hits, cases, baseline, QUARANTINE_DISTANCE).distance < _CLEARED


def _pooled(history: History, first: EventHour, last: EventHour, pair: CountPair) -> tuple[int, int]:
    pairs = [pair(history[hour]) for hour in hours_between(first, last) if hour in history]
    return sum(hits for hits, _ in pairs), sum(cases for _, cases in pairs)


def _sentiment_counts_of(subject: str) -> CountPair:
    def pair(stats: HourStats) -> tuple[int, int]:
        texts, negative = (stats.texts, stats.negative) if subject == ALL_TEXTS else stats.topics.get(subject, (0, 0))
        return negative, texts

    return pair
