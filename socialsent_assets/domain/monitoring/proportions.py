"""Are unusually many records quarantined, or unusually many texts negative? Shares, with their counts.

An hour is compared with the week before it. The arcsine scale knows how little three posts say, so no minimum of
texts has to keep them quiet; the minimum below only spares a reader verdicts on a handful.

Not here: the statistics (robust.py), the check that a run makes of its own hours (defs/checks/).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from socialsent_assets.domain.events.layout import EventHour, hours_between
from socialsent_assets.domain.monitoring.findings import Finding, Kind, Verdict
from socialsent_assets.domain.monitoring.hour_stats import History, HourFacts
from socialsent_assets.domain.monitoring.robust import Score, UsualShare, score_share, usual_share

DAYS = 7
"""History that is looked at."""

QUARANTINE_DISTANCE, MOOD_DISTANCE = 4.0, 4.5
"""Scales beyond which a share is an alarm; only a higher share is one. Moods are counted for many topics an hour."""

QUARANTINE_LIMIT = 0.05
"""Quarantined per record that no history makes usual; what is expected while there is too little history."""

ALL_TEXTS = "all texts"
CLEANSING, ARRIVAL = "while cleansing", "on arrival"

_CLEARED = 2.5
_FEWEST_CASES = 20
_FEWEST_HITS = 5
_FEWEST_HOURS = 24
_FEWEST_USUAL_CASES = 200
_MOOD_STEP = 0.15  # a share of negative texts is worth a message from so much above the usual one
_QUARANTINE_FACTOR = 2.0
_POOLED_HOURS = 6  # that a rare topic may be counted over
_BACKLOG = timedelta(hours=24)

Pair = Callable[[HourFacts], tuple[int, int]]


def quarantine(history: History, hour: EventHour) -> Iterator[Finding]:
    """Verdicts on the records that were set aside: while cleansing, by event hour; on arrival, by the clock."""
    for subject, pair, table in (
        (CLEANSING, lambda facts: (facts.quarantined, facts.records), "cleansed"),
        (ARRIVAL, lambda facts: (facts.refused, facts.refused + facts.records), "landing"),
    ):
        hits, cases = _pooled(history, hour, hour, pair)
        if cases < _FEWEST_CASES:
            continue
        usual = _usual(history, hour, pair)
        if usual is None or usual.share > QUARANTINE_LIMIT:
            usual = UsualShare(QUARANTINE_LIMIT)
        score = score_share(hits, cases, usual, QUARANTINE_DISTANCE)
        is_material = hits >= _FEWEST_HITS and hits / cases >= _QUARANTINE_FACTOR * score.expected
        if subject == ARRIVAL:
            is_material = is_material and not _is_backlog(history, hour, pair, usual)
        link = f"/assets/{table}/quarantine?partition={hour.key.replace(':', '%3A')}"
        verdict = _verdict(score, is_material, QUARANTINE_DISTANCE)
        yield _finding("quarantine", subject, verdict, hour, hits, cases, score, link)


def mood(history: History, hour: EventHour) -> Iterator[Finding]:
    """Verdicts on the share of negative texts: of all texts, and of every topic of this hour.

    A topic with too few texts in the hour is counted over up to six hours.
    """
    facts = history.get(hour)
    if facts is None:
        return
    for subject in (ALL_TEXTS, *sorted(facts.topics)):
        pair = _moods_of(subject)
        first = hour
        hits, cases = _pooled(history, first, hour, pair)
        while cases < _FEWEST_CASES and hour.start - first.start < timedelta(hours=_POOLED_HOURS - 1):
            first = EventHour(first.start - timedelta(hours=1))
            hits, cases = _pooled(history, first, hour, pair)
        usual = _usual(history, first, pair)
        if usual is None or cases < _FEWEST_CASES:
            continue
        score = score_share(hits, cases, usual, MOOD_DISTANCE)
        is_material = hits >= _FEWEST_HITS and hits / cases >= score.expected + _MOOD_STEP
        link = "/assets/analytics/sentiment"
        verdict = _verdict(score, is_material, MOOD_DISTANCE)
        yield _finding("mood", subject, verdict, hour, hits, cases, score, link, first)


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
        return "good"
    return "bad" if score.distance >= limit else "unsure"


def _usual(history: History, before: EventHour, pair: Pair) -> UsualShare | None:
    """From the week before `before`; None while that is too little."""
    first = EventHour(before.start - timedelta(days=DAYS))
    pairs = [pair(facts) for hour, facts in history.items() if first <= hour < before]
    known = [(hits, cases) for hits, cases in pairs if cases]
    if len(known) < _FEWEST_HOURS or sum(cases for _, cases in known) < _FEWEST_USUAL_CASES:
        return None
    return usual_share(known)


def _is_backlog(history: History, hour: EventHour, pair: Pair, usual: UsualShare) -> bool:
    """Whether one hour of arrival brought many event hours: then over a day nothing is unusual.

    Refusals are known by their arrival, records by their event time; a backlog that lands at once brings all of its
    refusals to one hour, and its records to theirs.
    """
    hits, cases = _pooled(history, EventHour(hour.start - _BACKLOG), hour, pair)
    return score_share(hits, cases, usual, QUARANTINE_DISTANCE).distance < _CLEARED


def _pooled(history: History, first: EventHour, last: EventHour, pair: Pair) -> tuple[int, int]:
    pairs = [pair(history[hour]) for hour in hours_between(first, last) if hour in history]
    return sum(hits for hits, _ in pairs), sum(cases for _, cases in pairs)


def _moods_of(subject: str) -> Pair:
    def pair(facts: HourFacts) -> tuple[int, int]:
        texts, negative = (facts.texts, facts.negative) if subject == ALL_TEXTS else facts.topics.get(subject, (0, 0))
        return negative, texts

    return pair
