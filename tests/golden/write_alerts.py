"""Writes findings.csv and alert_messages.txt: verdicts of every alert rule over simulated sources, and every message.

    .venv/bin/python -m tests.golden.write_alerts

Only when a rule or a text is meant to change: read the difference before committing it.

Not here: what the rules promise (tests/domain/monitoring/).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.monitoring.deletions import DeletionLatency, applying
from socialsent_assets.domain.monitoring.findings import Finding
from socialsent_assets.domain.monitoring.freshness import arriving, building
from socialsent_assets.domain.monitoring.hour_stats import HourStats
from socialsent_assets.domain.monitoring.messages import Stage, headline, sms, text, title
from socialsent_assets.domain.monitoring.proportions import negative_share, quarantine_share
from socialsent_assets.domain.monitoring.volume import volume
from tests.domain.monitoring.simulated import source

FINDINGS_FILE = Path(__file__).parent / "findings.csv"
MESSAGES_FILE = Path(__file__).parent / "alert_messages.txt"
HEADER = "source,hour,kind,subject,verdict,span,observed,expected,low,high,cases,link"

# Around the shortest histories that the rules accept, and around their windows of 3, 7 and 21 days.
LENGTHS = (
    *(1, 5, 9, 10, 11, 12, 13, 23, 24, 25, 36, 71, 72, 73, 96, 119, 120, 121, 144, 167, 168, 169, 200, 503, 504, 600),
)
MEANS = (3.0, 8.0, 40.0, 300.0)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def findings() -> str:
    """A line per finding."""
    return "\n".join([HEADER, *(_line(name, finding) for name, finding in _all_findings())]) + "\n"


def messages() -> str:
    """Title, SMS and text of every kind of finding, in every stage."""
    return "\n".join(block for finding in _every_kind() for block in _messages_of(finding))


def _line(name: str, finding: Finding) -> str:
    numbers = (finding.observed, finding.expected, finding.low, finding.high)
    fields = [name, f"{finding.at:%m-%dT%H:%M}", finding.kind, finding.subject, finding.verdict, finding.span]
    fields += ["" if value is None else f"{value:.6g}" for value in numbers]
    return ",".join([*fields, "" if finding.cases is None else str(finding.cases), finding.link])


def _all_findings() -> Iterator[tuple[str, Finding]]:
    for mean in MEANS:
        whole = list(source(11, LENGTHS[-1] + 1, mean).items())
        for length in LENGTHS:
            history, (hour, stats) = dict(whole[:length]), whole[length]
            for name, changed in _changes(stats).items():
                yield from (
                    (f"{mean:g}/{length} {name}", found) for found in _of_hour({**history, hour: changed}, hour)
                )
            gap = {known: facts for known, facts in history.items() if known.start.hour not in (3, 4)}
            yield from ((f"{mean:g}/{length} gaps", found) for found in _of_hour(gap, hour))
    for number, found in enumerate(_lags()):
        yield f"lag {number}", found


def _changes(stats: HourStats) -> dict[str, HourStats]:
    """The hour as it is, and with what the rules look for."""
    worse = {topic: (texts, min(texts, bad + 1 + texts // 3)) for topic, (texts, bad) in stats.topics.items()}
    on_arrival = stats.quarantined_on_arrival + stats.records // 6
    return {
        "as is": stats,
        "twice": replace(stats, records=2 * stats.records),
        "three times": replace(stats, records=3 * stats.records, quarantined=3 * stats.quarantined),
        "a fifth": replace(stats, records=stats.records // 5, quarantined=min(stats.quarantined, stats.records // 5)),
        "quarantined": replace(stats, quarantined=stats.records // 8, quarantined_on_arrival=on_arrival),
        "worse": replace(stats, topics=worse, negative=min(stats.texts, stats.negative + stats.texts // 4)),
    }


def _of_hour(history: dict[EventHour, HourStats], hour: EventHour) -> Iterator[Finding]:
    found = volume(history, hour)
    yield from [found] if found is not None else []
    yield from quarantine_share(history, hour)
    yield from negative_share(history, hour)


def _lags() -> Iterator[Finding]:
    """Freshness and deletions, each at its limit and a second beyond."""
    steady = [EventHour(NOON - timedelta(hours=back)) for back in range(60, 0, -1)]
    nightly = [hour for hour in steady if hour.start.hour not in (1, 2, 3, 4, 5)]
    tick = timedelta(seconds=1)
    for hours in (steady, nightly, steady[:24], steady[:23]):
        for after in (0, 3, 6, 7, 7 * 24):
            for extra in (timedelta(0), tick):
                found = arriving(hours, hours[-1].end + timedelta(hours=after) + extra)
                yield from [found] if found is not None else []
    for now in (NOON, steady[-3].end + timedelta(hours=2), steady[-3].end + timedelta(hours=2) + tick):
        yield building([], now)
        yield building(steady[-3:], now)
    for seconds in (0.0, 7199.0, 7200.0, 7201.0):
        yield applying(DeletionLatency(3, seconds, NOON), timedelta(hours=2))


def _every_kind() -> list[Finding]:
    """A finding of each kind, with and without what it may lack."""
    numbers = {"observed": 0.45, "expected": 0.2, "low": 0.05, "high": 0.38, "cases": 1060}
    span = "2026-11-22-10:00"
    return [
        Finding("sentiment", "tram", "breach", NOON, span, **numbers, link="/assets/analytics/sentiment"),  # type: ignore[arg-type]
        Finding("sentiment", "all texts", "breach", NOON, span, **numbers),  # type: ignore[arg-type]
        Finding("sentiment", "o'hare " * 40, "breach", NOON, span, **numbers),  # type: ignore[arg-type]
        Finding("quarantine", "while cleansing", "breach", NOON, span, **numbers, link="/q"),  # type: ignore[arg-type]
        Finding("quarantine", "on arrival", "breach", NOON, "", **numbers, link="/q"),  # type: ignore[arg-type]
        Finding("volume", "records per hour", "breach", NOON, span, 1234.4, 200.0, 150.0, 270.0, link="/v"),
        Finding("volume", "records per hour", "breach", NOON, span),
        Finding("freshness", "arriving data", "breach", NOON, span, 5.04, 0.0, 0.0, 3.0, link="/f"),
        Finding("freshness", "building hours", "breach", NOON, span, 5.04, 0.0, 0.0, 2.0, 4, link="/f"),
        Finding("deletion", "deletions", "breach", NOON, "", 5.04, 0.0, 0.0, 2.0, 1007, link="/d"),
        Finding("run", "event hours", "breach", NOON, span, detail="step score:\ndisk full", link="/runs/1"),
        Finding("run", "train", "breach", NOON, detail="x" * 2000),
        Finding("check", "analytics/sentiment:drift", "breach", NOON, detail="0.31 (limit 0.2)", link="/c"),
    ]


def _messages_of(finding: Finding) -> Iterator[str]:
    stages: tuple[tuple[Stage, timedelta], ...] = (
        ("open", timedelta(minutes=59)),
        ("reminder", timedelta(hours=47, minutes=59)),
        ("recovery", timedelta(hours=48)),
    )
    for stage, lasted in stages:
        since = NOON - lasted
        heading = title(stage, finding)
        yield f"==== {heading}\n---- {headline(heading)}\n---- {sms(stage, finding, since)}\n"
        yield text(stage, finding, since, NOON, "https://dagster.example/" if finding.link else None, "") + "\n"
        if stage == "recovery":
            yield text(stage, finding, since, NOON, None, "It is well.") + "\n"


if __name__ == "__main__":
    FINDINGS_FILE.write_text(findings(), encoding="utf-8")
    MESSAGES_FILE.write_text(messages(), encoding="utf-8")
