"""Volume, shares and lags, case by case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from socialsent_assets.domain.events.layout import EventHour, hours_between
from socialsent_assets.domain.monitoring.freshness import arriving, building
from socialsent_assets.domain.monitoring.hour_stats import HourStats
from socialsent_assets.domain.monitoring.proportions import (
    ARRIVAL,
    QUARANTINE_LIMIT,
    negative_share,
    quarantine_share,
)
from socialsent_assets.domain.monitoring.volume import volume

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def past(hours: int, **counts: int) -> dict[EventHour, HourStats]:
    """That many equal hours before NOW's."""
    made = [EventHour(NOW - timedelta(hours=back)) for back in range(hours, 0, -1)]
    return {hour: HourStats(hour, **counts) for hour in made}  # type: ignore[arg-type]


HOUR = EventHour(NOW)


def with_now(history: dict[EventHour, HourStats], **facts: object) -> dict[EventHour, HourStats]:
    return {**history, HOUR: HourStats(HOUR, **facts)}  # type: ignore[arg-type]


def verdict_of_volume(history: dict[EventHour, HourStats]) -> str | None:
    found = volume(history, HOUR)
    return found.verdict if found else None


def test_without_a_day_of_history_volume_is_not_judged() -> None:
    """Prevents a verdict from three hours."""
    assert verdict_of_volume(with_now(past(23, records=100), records=5000)) is None
    assert verdict_of_volume(with_now(past(24, records=100), records=5000)) == "breach"


def test_an_hour_without_any_record_between_full_ones_is_zero_not_unknown() -> None:
    """Prevents a missing hour from passing because it left no receipt."""
    assert verdict_of_volume(past(200, records=100)) == "breach"


def test_what_happened_on_two_earlier_days_at_this_time_is_not_news() -> None:
    """Prevents an alarm on every weekend, and weeks of alarms after a move to a new level."""
    history = past(21 * 24, records=100)
    for days in (6, 7):
        hour = EventHour(NOW - timedelta(days=days))
        history[hour] = HourStats(hour, records=700)
    assert verdict_of_volume(with_now(history, records=700)) == "ok"
    assert verdict_of_volume(with_now(history, records=900)) == "breach"
    history[EventHour(NOW - timedelta(days=7))] = HourStats(EventHour(NOW - timedelta(days=7)), records=100)
    assert verdict_of_volume(with_now(history, records=700)) == "breach"


def test_a_low_that_two_earlier_days_had_is_not_news() -> None:
    """Prevents an alert on every quiet Sunday: a count as low as theirs is not lower."""
    history = past(21 * 24, records=100)
    for days in (6, 7):
        hour = EventHour(NOW - timedelta(days=days))
        history[hour] = HourStats(hour, records=20)
    assert verdict_of_volume(with_now(history, records=20)) == "ok"
    assert verdict_of_volume(with_now(history, records=19)) == "breach"


def test_a_nightly_import_is_usual_at_night_only() -> None:
    """Prevents both an alarm every night and a rule that takes 5,000 records at noon for usual."""
    history = {hour: HourStats(hour, records=5000 if (hour.start.hour == 12) else 10) for hour in past(10 * 24)}
    assert verdict_of_volume(with_now(history, records=5000)) == "ok"
    later = EventHour(NOW + timedelta(hours=6))
    found = volume({**with_now(history, records=5000), later: HourStats(later, records=5000)}, later)
    assert found is not None
    assert found.verdict == "breach"


def test_without_history_the_promised_limit_of_quarantine_holds_and_no_history_lifts_it() -> None:
    """Prevents a source that was broken from the start from being called usual."""
    for hours in (0, 160):
        found = {
            f.subject: f
            for f in quarantine_share(
                with_now(past(hours, records=200, quarantined=40), records=200, quarantined=40), HOUR
            )
        }
        assert found["while cleansing"].verdict == "breach"
        assert found["while cleansing"].expected == QUARANTINE_LIMIT


def test_a_handful_of_quarantined_records_is_no_alarm() -> None:
    """Prevents an alarm from 4 broken lines of 21."""
    found = list(quarantine_share(with_now(past(50, records=200), records=21, quarantined=4), HOUR))
    assert [finding.verdict for finding in found] == ["ok", "ok"]


def test_a_backlog_that_arrives_at_once_is_no_rise_of_refusals() -> None:
    """Prevents an alarm after a catch-up: its records go to their hours, its rejections all to the one of arrival."""
    history = past(48, records=1000)
    before = [EventHour(NOW - timedelta(hours=back)) for back in range(48, 24, -1)]
    for hour in before:
        history[hour] = HourStats(hour, records=1000, quarantined_on_arrival=10)
    caught_up = with_now(history, records=1000, quarantined_on_arrival=250)
    assert {f.subject: f.verdict for f in quarantine_share(caught_up, HOUR)}[ARRIVAL] == "ok"
    truly = with_now(history, records=1000, quarantined_on_arrival=900)
    assert {f.subject: f.verdict for f in quarantine_share(truly, HOUR)}[ARRIVAL] == "breach"


def test_three_negative_posts_about_a_topic_are_no_alarm() -> None:
    """Prevents a wave of outrage that is three people."""
    calm = {hour: HourStats(hour, topics={"tram": (10, 2)}) for hour in past(100)}
    assert [f.verdict for f in negative_share(with_now(calm, topics={"tram": (3, 3)}), HOUR)] == [
        "ok"
    ]  # 16 of 43 in 5 hours
    assert [f.verdict for f in negative_share(with_now(calm, topics={"tram": (60, 50)}), HOUR)] == ["breach"]


def test_a_new_topic_is_not_judged() -> None:
    """Prevents an alarm because no one ever wrote about it."""
    calm = {hour: HourStats(hour, topics={"tram": (10, 2)}) for hour in past(100)}
    assert list(negative_share(with_now(calm, topics={"flood": (60, 50)}), HOUR)) == []


def full(*spans: tuple[int, int]) -> list[EventHour]:
    """Hours with data, from so many hours ago until so many hours ago."""
    return [
        hour
        for first, last in spans
        for hour in hours_between(EventHour(NOW - timedelta(hours=first)), EventHour(NOW - timedelta(hours=last)))
    ]


def verdict_of_lag(hours: list[EventHour]) -> str | None:
    found = arriving(hours, NOW)
    return found.verdict if found else None


def test_a_steady_source_that_falls_silent_is_found_after_three_hours() -> None:
    """Prevents a dead feed that no one notices, and an alarm at every short pause."""
    assert verdict_of_lag(full((60, 4))) == "ok"
    assert verdict_of_lag(full((60, 5))) == "breach"


def test_a_source_that_pauses_every_night_may_pause_at_night() -> None:
    """Prevents an alarm every night; a single outage does not count as a habit."""
    nightly = full((90, 80), (68, 56), (44, 32), (20, 10))
    assert verdict_of_lag(nightly) == "ok"
    assert verdict_of_lag(full((90, 80), (68, 32), (28, 10))) == "breach"


def test_a_file_that_was_read_once_is_not_expected_to_go_on() -> None:
    """Prevents an alarm for months about an import of last year's posts."""
    assert verdict_of_lag(full((400, 200))) is None
    assert verdict_of_lag(full((12, 9))) is None


def test_hours_that_wait_too_long_to_be_built_are_found() -> None:
    """Prevents a daemon that does nothing while data keeps arriving."""
    present = EventHour(NOW)
    assert building([present], NOW).verdict == "ok"
    assert building([EventHour(NOW - timedelta(hours=3)), present], NOW).verdict == "ok"
    found = building([EventHour(NOW - timedelta(hours=4)), present], NOW)
    assert (found.verdict, found.cases, found.observed) == ("breach", 2, 3.0)
