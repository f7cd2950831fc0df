"""Which hours an evaluation reads, judges and publishes, each at its edge."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from socialsent_assets.domain.events.layout import EventHour, hours_between
from socialsent_assets.domain.monitoring.checkpoint import Checkpoint
from socialsent_assets.domain.monitoring.deletions import DeletionLatency
from socialsent_assets.domain.monitoring.evaluation import (
    GRACE_PERIOD,
    MAX_HOURS_PER_TICK,
    REFRESH_HOURS,
    Observations,
    candidate_hours,
    evaluate,
    hours_to_publish,
    hours_to_refresh,
    is_heartbeat_due,
)
from socialsent_assets.domain.monitoring.hour_stats import HourStats
from socialsent_assets.domain.monitoring.metrics_catalog import (
    DELETION_LATENCY,
    FRESHNESS_MINUTES,
    HEARTBEAT_SECONDS,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)


def hour(back: int) -> EventHour:
    """The hour that began so many hours before noon."""
    return EventHour(NOON - back * HOUR)


def stats(*backs: int, version: str = "v") -> dict[EventHour, HourStats]:
    return {hour(back): HourStats(hour(back), records=100, texts=50, version=version) for back in backs}


def test_a_heartbeat_is_due_after_its_interval() -> None:
    """Prevents metrics that are missing for longer than the alarm on them allows."""
    last = Checkpoint(last_heartbeat_at=NOON.isoformat())
    assert is_heartbeat_due(Checkpoint(), NOON)
    assert not is_heartbeat_due(last, NOON + timedelta(seconds=HEARTBEAT_SECONDS) - TICK)
    assert is_heartbeat_due(last, NOON + timedelta(seconds=HEARTBEAT_SECONDS))


def test_changed_hours_are_read_again_and_once_an_hour_the_latest_day() -> None:
    """Prevents both a change that nobody reads and a day that is read with every tick."""
    day = set(hours_between(hour(REFRESH_HOURS), hour(0)))
    assert hours_to_refresh(Checkpoint(), (), NOON) == day
    seen = Checkpoint(last_heartbeat_at=(NOON + GRACE_PERIOD).isoformat())
    later = NOON + GRACE_PERIOD + timedelta(minutes=59)
    assert hours_to_refresh(seen, [hour(40), hour(-1), hour(-2)], later) == {hour(40), hour(-1)}
    before = Checkpoint(last_heartbeat_at=(NOON + GRACE_PERIOD - TICK).isoformat())
    assert hours_to_refresh(before, (), NOON + GRACE_PERIOD - TICK) == set()
    assert hours_to_refresh(before, [hour(40)], NOON + GRACE_PERIOD) == {hour(40), *day}


def test_an_hour_is_a_candidate_when_its_grace_period_is_over() -> None:
    """Prevents a verdict about an hour whose last records are still arriving."""
    history = stats(1, 2, 3)
    for now, newest in ((NOON + GRACE_PERIOD - TICK, 2), (NOON + GRACE_PERIOD, 1)):
        assert candidate_hours(history, None, Checkpoint(), now, was_silent=False) == [hour(newest)]
    assert candidate_hours({}, None, Checkpoint(), NOON, was_silent=False) == []


def test_what_landed_last_is_a_candidate_before_it_is_built() -> None:
    """Prevents a stuck build whose hours are never missed."""
    now = NOON + GRACE_PERIOD
    assert candidate_hours(stats(3), hour(1), Checkpoint(), now, was_silent=False) == [hour(1)]
    assert candidate_hours(stats(3), hour(0), Checkpoint(), now, was_silent=False) == [hour(3)], "it is not over yet"


def test_after_a_pause_three_hours_are_caught_up_and_after_a_silence_one() -> None:
    """Prevents a hundred alerts after a weekend without the daemon."""
    history, now = stats(1, 2, 3, 4, 5, 6), NOON + GRACE_PERIOD
    seen = Checkpoint(last_evaluated_hour=hour(6).key, last_evaluated_version="v")
    assert candidate_hours(history, None, seen, now, was_silent=False) == [hour(3), hour(2), hour(1)]
    assert candidate_hours(history, None, seen, now, was_silent=True) == [hour(1)]
    latest = replace(seen, last_evaluated_hour=hour(2).key)
    assert candidate_hours(history, None, latest, now, was_silent=False) == [hour(1)]
    changed = {**history, **stats(2, version="other")}
    assert candidate_hours(changed, None, latest, now, was_silent=False) == [hour(2), hour(1)]
    unread = Checkpoint(last_evaluated_hour=hour(1).key)
    assert candidate_hours({}, hour(1), unread, now, was_silent=False) == [], (
        "without statistics its version is empty"
    )


def test_metrics_go_out_once_per_version_newest_first() -> None:
    """Prevents data that CloudWatch rejects for its age, and a tick that publishes for minutes."""
    now = NOON + GRACE_PERIOD
    published = Checkpoint(published_hours={hour(2).key: "v", hour(3).key: "older"})
    assert hours_to_publish(stats(0, 1, 2, 3), published, now) == [hour(1), hour(3)]
    assert hours_to_publish(stats(1), Checkpoint(), now - TICK) == []
    oldest = 14 * 24
    assert hours_to_publish(stats(oldest, oldest - 1), Checkpoint(), NOON) == [hour(oldest - 1)]
    assert hours_to_publish(stats(*range(1, 60)), Checkpoint(), now) == [
        hour(back) for back in range(1, MAX_HOURS_PER_TICK + 1)
    ]


def observed(now: datetime, *built: int, candidates: tuple[int, ...] = (3, 2, 1)) -> Observations:
    history = stats(*range(1, 60))
    hours = [hour(back) for back in candidates]
    return Observations(now, history, history, hour(1), hours, [hour(back) for back in built])


@pytest.mark.parametrize(
    ("now", "built", "last"),
    [
        (NOON + GRACE_PERIOD, (3, 2, 1), 1),
        (NOON + GRACE_PERIOD, (3, 1), 3),  # the one between may still be built
        (NOON + HOUR, (3, 1), 3),  # two hours after its end, to the second
        (NOON + HOUR + TICK, (3, 1), 1),
    ],
)
def test_an_hour_that_is_still_being_built_holds_up_the_next_ones(
    now: datetime, built: tuple[int, ...], last: int
) -> None:
    """Prevents an hour that is never evaluated because a later one was built first."""
    result = evaluate(observed(now, *built), Checkpoint())
    assert result.checkpoint.last_evaluated_hour == hour(last).key
    assert result.checkpoint.last_evaluated_version == "v"
    assert (result.metrics, result.checkpoint.last_heartbeat_at) == ((), ""), "no heartbeat was due"


def test_a_heartbeat_measures_lag_and_the_deletions_since_the_last_one() -> None:
    """Prevents a latency that is alerted twice, or never."""
    times = [NOON - timedelta(days=1), NOON - timedelta(hours=23), NOON, NOON + TICK]
    deletions = [DeletionLatency(1, float(number), at) for number, at in enumerate(times)]
    seen = replace(observed(NOON, candidates=()), unbuilt=[hour(4)], deletions=deletions)
    first = evaluate(seen, Checkpoint())
    assert [f"{finding.kind}:{finding.verdict}" for finding in first.findings] == [
        "freshness:ok", "freshness:breach", "deletion:ok", "deletion:ok",
    ]  # fmt: skip
    assert [datum.value for datum in first.metrics if datum.metric is DELETION_LATENCY] == [1.0, 2.0]
    assert first.checkpoint.last_heartbeat_at == NOON.isoformat()
    later = evaluate(replace(seen, now=NOON + HOUR), first.checkpoint)
    assert [datum.value for datum in later.metrics if datum.metric is DELETION_LATENCY] == [3.0]


def test_the_lag_of_a_tier_is_that_of_its_newest_hour() -> None:
    """Prevents a dashboard on which data of today is a week old."""
    quiet = {hour(1): HourStats(hour(1)), hour(2): HourStats(hour(2), records=1)}
    history = {**stats(3, 4), **quiet}
    result = evaluate(Observations(NOON, history, history, newest_landed=hour(0), unbuilt=[]), Checkpoint())
    lags = {datum.dimensions: datum.value for datum in result.metrics if datum.metric is FRESHNESS_MINUTES}
    assert lags == {("landing",): 0.0, ("cleansed",): 60.0, ("analytics",): 120.0}


def test_a_source_that_landed_nothing_yet_has_no_newest_hour() -> None:
    """Prevents an error on the first heartbeat of an empty lake."""
    result = evaluate(Observations(NOON, {}, {}, unbuilt=[]), Checkpoint())
    assert [finding.subject for finding in result.findings] == ["building hours"]
