"""The numbers at the top of the report: each with its unit, what it is counted over, and what to compare it with.

Not here: how they are set in type (report.html.j2), reading them from the marts (report_data.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from socialsent_assets.insights.charts import number, percent, plural, signed
from socialsent_assets.insights.ingest_stats import Arrivals
from socialsent_assets.insights.report_data import Facts, Hour

QUARANTINE_WARNING = 0.05  # the share at which the graph's own check warns


@dataclass(frozen=True)
class Headline:
    """One number.

    Attributes:
        key: its name as a metric; the unit is part of it.
        value: for machines. The other fields are for people.
        shown, unit: the number and what it is a number of.
        of: the denominator.
        against: the baseline.
        mood: colours it, or "".
    """

    key: str
    value: float
    label: str
    shown: str
    unit: str
    of: str
    against: str
    mood: str = ""


def headlines(facts: Facts, arrivals: Arrivals | None) -> list[Headline]:
    """The headline numbers, in the order of the page."""
    label, recent = newest(facts.hours)
    return [
        _texts(facts),
        _mean(facts, label, recent),
        _mood("positive", facts, label, recent),
        _mood("negative", facts, label, recent),
        _engagement(facts),
        _quarantined(facts, arrivals),
    ]


def newest(hours: Sequence[Hour]) -> tuple[str, Sequence[Hour]]:
    """The recent part that the whole is compared with: the last 24 hours or, of a short history, the last hour."""
    span = hours[-1].start - hours[0].start
    length = timedelta(hours=24) if span >= timedelta(hours=36) else timedelta(hours=1)
    name = "last 24 hours" if length > timedelta(hours=1) else "last hour"
    return name, [hour for hour in hours if hour.start > hours[-1].start - length]


def _texts(facts: Facts) -> Headline:
    busiest = max(facts.hours, key=lambda hour: hour.texts)
    return Headline(
        "current_texts",
        facts.texts,
        "Current texts",
        number(facts.texts),
        "posts and comments",
        f"by {plural(facts.authors, 'author')}, in {plural(len(facts.hours), 'hour')} with texts",
        f"per hour: mean {number(round(facts.texts / len(facts.hours)))}, busiest {number(busiest.texts)}",
    )


def _mean(facts: Facts, label: str, recent: Sequence[Hour]) -> Headline:
    value, lately = _mean_polarity(facts.hours) or 0.0, _mean_polarity(recent)
    known = "" if lately is None else f"; {label} {signed(lately)}"
    return Headline(
        "mean_polarity",
        round(value, 4),
        "Mean polarity",
        signed(value) if facts.read else "–",
        "\u22121 to +1",
        f"mean of {plural(facts.read, 'scored text')}, {percent(facts.read, facts.texts)} of all",
        f"0 is neutral{known}",
        "positive" if value >= 0.05 else "negative" if value <= -0.05 else "",
    )


def _mood(mood: str, facts: Facts, label: str, recent: Sequence[Hour]) -> Headline:
    count = facts.count(mood)
    lately = sum(int(getattr(hour, mood)) for hour in recent)
    return Headline(
        f"{mood}_share",
        round(count / facts.read, 4) if facts.read else 0.0,
        mood.capitalize(),
        percent(count, facts.read),
        "of scored texts",
        f"{number(count)} of {number(facts.read)} scored",
        f"{label} {percent(lately, sum(hour.read for hour in recent))}",
        mood,
    )


def _engagement(facts: Facts) -> Headline:
    received, posts, median = facts.engagement
    rate = received / posts if posts else 0.0
    return Headline(
        "engagement_per_post",
        round(rate, 4),
        "Engagement",
        f"{rate:.1f}" if posts else "–",
        "per post",
        f"{number(received)} likes, shares and replies by others on {plural(posts, 'post')}",
        f"median author {median:.1f} per post",
    )


def _quarantined(facts: Facts, arrivals: Arrivals | None) -> Headline:
    at_arrival = arrivals.at_arrival if arrivals else 0
    repeats = arrivals.repeats if arrivals else 0
    part, whole = facts.records.quarantined + at_arrival, facts.records.records + at_arrival + repeats
    return Headline(
        "quarantined_share",
        round(part / whole, 4) if whole else 0.0,
        "Quarantined",
        percent(part, whole),
        "of records",
        f"{number(part)} of {number(whole)} {'that arrived' if arrivals else 'landed'}",
        f"warning from {QUARANTINE_WARNING:.0%}",
    )


def _mean_polarity(hours: Sequence[Hour]) -> float | None:
    read = sum(hour.read for hour in hours)
    return math.fsum(hour.polarity_sum for hour in hours) / read if read else None
