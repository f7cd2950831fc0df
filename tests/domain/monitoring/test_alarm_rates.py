"""False alarm rate by chance, and the rise that opens an alert: measured, not assumed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.monitoring.findings import Finding
from socialsent_assets.domain.monitoring.hour_stats import History, HourStats
from socialsent_assets.domain.monitoring.proportions import negative_share, quarantine_share
from socialsent_assets.domain.monitoring.volume import volume
from tests.domain.monitoring.simulated import source


def verdicts(history: History, hour: EventHour) -> Iterator[Finding]:
    found = volume(history, hour)
    yield from [found] if found else []
    yield from quarantine_share(history, hour)
    yield from negative_share(history, hour)


def openings(history: History) -> Counter[str]:
    """Alerts that open, by kind; an hour that stays bad opens nothing new."""
    opened: Counter[str] = Counter()
    bad: set[str] = set()
    for hour in sorted(history):
        for finding in verdicts(history, hour):
            if finding.verdict == "breach" and finding.alert_id not in bad:
                opened[finding.kind] += 1
                bad.add(finding.alert_id)
            elif finding.verdict == "ok":
                bad.discard(finding.alert_id)
    return opened


@pytest.mark.parametrize("mean", [4, 40, 400])
def test_chance_opens_fewer_than_three_alerts_in_a_thousand_hours(mean: float) -> None:
    """Prevents alarms that people learn to ignore. Eleven subjects are evaluated every hour, from the first on."""
    history = source(seed=11, hours=700, mean=mean)
    assert sum(openings(history).values()) <= 2


def test_a_quiet_start_and_a_daily_swing_are_no_alarm() -> None:
    """Prevents a storm of messages in the first days of a lake, when every morning is the busiest ever."""
    for seed in range(4):
        assert openings(source(seed, hours=72, mean=100, swing=0.95)) == Counter()


def changed(history: dict[EventHour, HourStats], hour: EventHour, **counts: int) -> History:
    return {**history, hour: replace(history[hour], **counts)}  # type: ignore[arg-type]


@pytest.mark.parametrize(("hours", "factor", "power"), [(60, 5.0, 0.5), (400, 5.0, 0.95), (400, 0.2, 0.9)])
def test_five_times_more_or_less_is_found(hours: int, factor: float, power: float) -> None:
    """Prevents a rule that is quiet because it is blind. For five days only a rise differs from night."""
    found = tried = 0
    for seed in range(4):
        history = source(seed, hours, mean=400, swing=0.5)
        for hour in sorted(history)[-24:]:
            spike = changed(history, hour, records=int(history[hour].records * factor))
            verdict = volume(spike, hour)
            tried += 1
            found += verdict is not None and verdict.verdict == "breach"
    assert found / tried >= power


def test_eight_times_the_quarantine_is_found() -> None:
    """Prevents a broken producer without an alert."""
    history = source(3, 200, mean=400)
    hours = sorted(history)[-24:]
    found = 0
    for hour in hours:
        bad = changed(history, hour, quarantined=round(0.08 * history[hour].records))
        found += any(finding.verdict == "breach" for finding in quarantine_share(bad, hour))
    assert found >= 20


def test_a_topic_that_turns_is_found_and_named() -> None:
    """Prevents an alert without the subject and the size of the change."""
    history = source(5, 200, mean=800)
    hour = max(hour for hour in history if hour.start.hour == 12)
    topic, (texts, _) = max(history[hour].topics.items(), key=lambda item: item[1][0])
    topics = {**history[hour].topics, topic: (texts, round(0.95 * texts))}
    turned = {**history, hour: replace(history[hour], topics=topics)}
    assert [finding.subject for finding in negative_share(turned, hour) if finding.verdict == "breach"] == [topic]
