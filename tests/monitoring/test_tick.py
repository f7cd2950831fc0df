"""A lake that is watched: what one look after the other finds, from receipts to messages."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from socialsent_assets.domain.events.layout import LANDING_QUARANTINE, EventHour, landing_key, landing_name
from socialsent_assets.domain.monitoring.alerts import Message
from socialsent_assets.domain.monitoring.findings import Finding
from socialsent_assets.domain.monitoring.metrics import MetricDatum
from socialsent_assets.lake.builds import read_builds
from socialsent_assets.lake.deletion_latency import note_latency
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.landing_stats import newest_landed
from socialsent_assets.lake.storage.local import FolderStorage
from socialsent_assets.monitoring import history
from socialsent_assets.monitoring.delivery import MetricsError, NotificationError
from socialsent_assets.monitoring.history import HISTORY, built_hours, read_history
from socialsent_assets.monitoring.state import STATE, read_state
from socialsent_assets.monitoring.tick import EndedRun, TickResult
from socialsent_assets.resources.alerting import AlertingService
from socialsent_assets.resources.metrics import Metrics, NullMetrics
from socialsent_assets.resources.notifications import LogNotifications, Notifications
from tests.built_lake import keep_receipts
from tests.watched_lake import add_hour, build_hour, normal_hours

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
GRACE_PERIOD = timedelta(minutes=11)


class Desk:
    """Ticks as the sensor makes them, without Dagster; `at` is when."""

    def __init__(self, lake: Lake, folder: Path) -> None:
        self.lake = lake
        self.warnings: list[str] = []
        self._desk = AlertingService(locks=str(folder), ui_url="http://127.0.0.1:3000")

    def tick(
        self, at: datetime, notifications: Notifications | None = None, metrics: Metrics | None = None
    ) -> TickResult:
        taker = notifications or LogNotifications()
        return self._desk.tick(self.lake, lambda _: [], taker, metrics or NullMetrics(), at, self.warnings.append)


@pytest.fixture
def desk(lake: Lake, tmp_path: Path) -> Desk:
    return Desk(lake, tmp_path / "locks")


def said(messages: Sequence[Message]) -> list[tuple[str, str]]:
    return [(message.stage, message.alert_id) for message in messages]


def test_eight_times_the_quarantine_opens_one_alert_and_the_next_good_hour_closes_it(lake: Lake, desk: Desk) -> None:
    """Prevents alerts that repeat themselves, stay indefinitely, or come from normal hours."""
    normal_hours(lake, 30, NOON)
    assert said(desk.tick(NOON + GRACE_PERIOD).created) == []

    add_hour(lake, EventHour(NOON), records=200, quarantined=16)
    one = NOON + timedelta(hours=1)
    assert said(desk.tick(one + timedelta(minutes=5)).created) == [], "the hour has not settled"
    opened = [
        message for minute in range(11, 60, 7) for message in desk.tick(one + timedelta(minutes=minute)).created
    ]
    assert said(opened) == [("open", "quarantine:while cleansing")]
    assert "8.0% of 200 records were quarantined while cleansing; 1.0% expected" in opened[0].text
    assert "http://127.0.0.1:3000/assets/cleansed/quarantine?partition=2026-11-22\n" in opened[0].text

    add_hour(lake, EventHour(one))
    closed = desk.tick(one + timedelta(hours=1) + GRACE_PERIOD).created
    assert said(closed) == [("recovery", "quarantine:while cleansing")]
    assert "Was      8.0%" in closed[0].text
    state = read_state(lake)
    assert state is not None
    assert state.alerts.alerts == {}
    assert [message.sent_to for message in state.alerts.messages] == ["log", "log"]


def test_an_hour_that_is_mended_closes_its_alert(lake: Lake, desk: Desk) -> None:
    """Prevents an alert about late data that stays after the data came."""
    normal_hours(lake, 30, NOON)
    last = EventHour(NOON - timedelta(hours=1))
    add_hour(lake, last, records=20, quarantined=0, topics={})
    assert ("open", "volume:records per hour") in said(desk.tick(NOON + GRACE_PERIOD).created)
    add_hour(lake, last, records=200)
    desk._desk.tick(  # a run over that hour has ended
        lake,
        lambda _: [ended(last)],
        LogNotifications(),
        NullMetrics(),
        NOON + GRACE_PERIOD * 2,
        desk.warnings.append,
    )
    state = read_state(lake)
    assert state is not None
    assert state.alerts.alerts == {}


def ended(hour: EventHour) -> EndedRun:
    return EndedRun("run", NOON, [hour], is_failure=False, failed_checks=0)


def test_an_hour_that_is_not_built_yet_waits_to_be_judged(lake: Lake, desk: Desk) -> None:
    """Prevents a false drop: half of the hour is built, the other half has just landed."""
    normal_hours(lake, 30, NOON)
    desk.tick(NOON + GRACE_PERIOD)
    add_hour(lake, EventHour(NOON), records=30, quarantined=0)
    add_hour(lake, EventHour(NOON), records=200, built=False)
    one = NOON + timedelta(hours=1)
    assert said(desk.tick(one + GRACE_PERIOD).created) == []
    build_hour(lake, EventHour(NOON), 200, 2)
    assert said(desk.tick(one + GRACE_PERIOD * 2).created) == []
    state = read_state(lake)
    assert state is not None
    assert state.checkpoint.last_evaluated_hour == EventHour(NOON).key


def test_hours_that_nobody_builds_become_an_alert_of_their_own(lake: Lake, desk: Desk) -> None:
    """Prevents a pipeline that stops silently while its source goes on."""
    normal_hours(lake, 30, NOON)
    desk.tick(NOON + GRACE_PERIOD)
    for ahead in range(3):
        add_hour(lake, EventHour(NOON + timedelta(hours=ahead)), built=False)
    assert said(desk.tick(NOON + timedelta(hours=3, minutes=15)).created) == [("open", "freshness:building hours")]


def test_a_silent_source_opens_one_alert_and_its_empty_hours_open_none(lake: Lake, desk: Desk) -> None:
    """Prevents three messages for one outage: no data, no records in the first hour, none in the second."""
    normal_hours(lake, 60, NOON)
    told = [message for hours in range(8) for message in desk.tick(NOON + timedelta(hours=hours, minutes=11)).created]
    assert said(told) == [("open", "freshness:arriving data")]
    for ahead in (7, 8):
        add_hour(lake, EventHour(NOON + timedelta(hours=ahead)))
    told = [
        message for minute in (11, 30) for message in desk.tick(NOON + timedelta(hours=9, minutes=minute)).created
    ]
    assert said(told) == [("recovery", "freshness:arriving data")]


def test_a_deletion_that_took_too_long_opens_an_alert_and_a_quick_one_closes_it(lake: Lake, desk: Desk) -> None:
    """Prevents a text that its author took back in the morning, readable until evening, without a word to anybody."""
    normal_hours(lake, 30, NOON)
    hour = EventHour(NOON - timedelta(hours=1))
    [landed] = lake.landed(hour)
    receipt = read_builds(lake).cleanse[hour]
    keep_receipts(lake, [replace(receipt, rows={**receipt.rows, "deletions": 3})])

    def built(arrived: datetime, now: datetime) -> None:
        os.utime(lake.landing.path(landed.key), (arrived.timestamp(), arrived.timestamp()))
        note_latency(lake, [hour], None, now)

    TAKEN.clear()
    sink = Kept()
    built(NOON - timedelta(hours=5), NOON)
    opened = desk.tick(NOON + GRACE_PERIOD, metrics=sink).created
    assert said(opened) == [("open", "deletion:deletions")]
    assert "3 deletions reached the marts up to 5.0 hours after they landed; 2.0 are allowed." in opened[0].text
    assert [p.value for p in TAKEN if p.metric.name == "DeletionLatencySeconds"] == [5 * 3600]
    assert desk.tick(NOON + GRACE_PERIOD * 2, metrics=sink).created == []
    assert len([p for p in TAKEN if p.metric.name == "DeletionLatencySeconds"]) == 1, "sent once"
    built(NOON, NOON + timedelta(hours=3))
    assert [
        m
        for m in desk.tick(NOON + timedelta(hours=3, minutes=5)).created
        if said([m]) == [("open", "deletion:deletions")]
    ] == []
    quick = NOON + timedelta(hours=3, minutes=6)
    built(quick, quick + timedelta(minutes=1))
    built(quick, quick + timedelta(minutes=2))  # two builds between two heartbeats: both are looked at
    assert ("recovery", "deletion:deletions") in said(desk.tick(quick + GRACE_PERIOD).created)


class Deaf(Notifications):
    """Takes nothing."""

    def send(self, message: Message) -> str:
        raise NotificationError("no route")


class Dies(Notifications):
    """The process ends while it sends."""

    def send(self, message: Message) -> str:
        raise KeyboardInterrupt


@pytest.mark.parametrize("taker", [Deaf(), Dies()], ids=["quarantined_on_arrival", "killed"])
def test_a_message_that_nobody_took_is_sent_by_a_later_tick(lake: Lake, desk: Desk, taker: Notifications) -> None:
    """Prevents a lost alert, whether SNS is away or the process dies between noting and sending."""
    normal_hours(lake, 30, NOON)
    add_hour(lake, EventHour(NOON - timedelta(hours=1)), quarantined=40)
    try:
        done = desk.tick(NOON + GRACE_PERIOD, taker)
    except KeyboardInterrupt:
        assert isinstance(taker, Dies)
    else:
        assert (done.sent, done.pending) == (0, 1)
        assert "no route. The next tick tries again" in desk.warnings[0]
    done = desk.tick(NOON + GRACE_PERIOD + timedelta(minutes=1))
    assert (said(done.created), done.sent, done.pending) == ([], 1, 0)


TAKEN: list[MetricDatum] = []


class Kept(Metrics):
    """Keeps points, or is away."""

    is_away: bool = False

    def send(self, points: Sequence[MetricDatum]) -> None:
        if self.is_away:
            raise MetricsError("throttled")
        TAKEN.extend(points)


def hours_of(points: Sequence[MetricDatum]) -> set[datetime]:
    return {point.at for point in points if point.metric.timestamp_kind == "event_hour"}


def test_every_hour_is_measured_once_and_again_when_it_changes(lake: Lake, desk: Desk) -> None:
    """Prevents hours that CloudWatch never gets because it was away, and hours that are sent every minute."""
    TAKEN.clear()
    hours = normal_hours(lake, 20, NOON)
    assert desk.tick(NOON + GRACE_PERIOD, metrics=Kept(is_away=True)).metrics == 0
    assert "throttled" in desk.warnings[0]
    beat = timedelta(minutes=6)
    desk.tick(NOON + GRACE_PERIOD + beat, metrics=Kept())
    assert hours_of(TAKEN) == {hour.start for hour in hours}
    assert {"FreshnessMinutes", "QuarantineRate", "OpenAlerts", "StaleHours"} <= {p.metric.name for p in TAKEN}
    TAKEN.clear()
    desk.tick(NOON + GRACE_PERIOD + 2 * beat, metrics=Kept())
    assert hours_of(TAKEN) == set()
    assert {point.metric.name for point in TAKEN} >= {"FreshnessMinutes", "OpenAlerts"}
    add_hour(lake, hours[-2], records=231)
    TAKEN.clear()
    desk.tick(NOON + timedelta(hours=1) + GRACE_PERIOD, metrics=Kept())
    assert hours_of(TAKEN) == {hours[-2].start}
    assert [p.value for p in TAKEN if p.metric.name == "Records" and p.dimensions == ("cleansed",)] == [231]


def test_a_tick_without_news_reads_one_object(lake: Lake, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a sensor whose cost grows with the history, every minute, in requests that are billed."""
    normal_hours(lake, 40, NOON)
    desk.tick(NOON + GRACE_PERIOD)
    calls: list[str] = []
    for name in ("list", "folders", "read", "write"):
        original = getattr(FolderStorage, name)
        monkeypatch.setattr(
            FolderStorage, name, lambda self, *a, _o=original, _n=name: calls.append(f"{_n} {a[0]}") or _o(self, *a)
        )
    desk.tick(NOON + GRACE_PERIOD + timedelta(minutes=1))
    assert calls == [f"read {STATE}"]


def test_a_lost_or_broken_memory_costs_reading_again_and_no_alert(lake: Lake, desk: Desk) -> None:
    """Prevents a sensor that fails indefinitely on one damaged object."""
    normal_hours(lake, 30, NOON)
    desk.tick(NOON + GRACE_PERIOD)
    before = read_history(lake)
    assert len(before) == 30
    for broken in (b"{", b"[]", b'{"2026-11-22-09:00": 3}', b"null"):
        lake.artifacts.write(HISTORY, broken)
        lake.artifacts.write(STATE, broken)
        assert said(desk.tick(NOON + GRACE_PERIOD * 2).created) == []
        assert read_history(lake) == before


def test_only_weeks_are_kept_and_clocks_ahead_do_not_hide_a_silence(
    lake: Lake, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents a history that grows indefinitely, and one event of tomorrow that makes today look fresh."""
    normal_hours(lake, 30, NOON)
    add_hour(lake, EventHour(NOON + timedelta(hours=20)))
    monkeypatch.setattr(history, "WINDOW", timedelta(hours=10))
    assert len(built_hours(read_builds(lake), NOON)) == 10
    desk.tick(NOON + GRACE_PERIOD)
    assert len(read_history(lake)) == 10
    assert newest_landed(lake, NOON + GRACE_PERIOD) == EventHour(NOON - timedelta(hours=1))
    assert newest_landed(lake, NOON - timedelta(days=1, hours=13)) is None


def test_ended_runs_are_counted_once_and_the_next_tick_asks_from_the_newest_on(lake: Lake, desk: Desk) -> None:
    """Prevents runs that are evaluated twice or never, and failures that no metric counts."""
    normal_hours(lake, 2, NOON)
    later = NOON + timedelta(minutes=5)
    runs = [
        EndedRun("later", later, [], is_failure=True, failed_checks=0),
        EndedRun("earlier", NOON, [], is_failure=False, failed_checks=2),
    ]
    TAKEN.clear()
    desk._desk.tick(lake, lambda _: runs, LogNotifications(), Kept(), NOON + GRACE_PERIOD, desk.warnings.append)
    state = read_state(lake)
    assert state is not None
    assert state.checkpoint.runs_cursor == later.isoformat()
    assert state.checkpoint.run_ids == ("later", "earlier")
    counted = [(p.metric.name, p.value, p.at) for p in TAKEN if p.metric.name in ("RunFailures", "FailedChecks")]
    assert counted == [("RunFailures", 1, later), ("FailedChecks", 2, NOON)]

    again = [EndedRun("old", NOON - timedelta(hours=1), [], is_failure=False, failed_checks=0)]
    desk._desk.tick(lake, lambda _: again, LogNotifications(), Kept(), NOON + GRACE_PERIOD * 2, desk.warnings.append)
    state = read_state(lake)
    assert state is not None
    assert state.checkpoint.runs_cursor == later.isoformat(), "an old run that ends late does not turn time back"


def test_a_checkpoint_remembers_the_latest_two_hundred_runs(lake: Lake, desk: Desk) -> None:
    """Prevents a state that grows with every run, and one that forgets the runs that the next query returns again."""
    runs = [EndedRun(str(number), NOON, [], is_failure=False, failed_checks=0) for number in range(201)]
    desk._desk.tick(lake, lambda _: runs, LogNotifications(), Kept(), NOON + GRACE_PERIOD, desk.warnings.append)
    state = read_state(lake)
    assert state is not None
    assert state.checkpoint.run_ids == tuple(str(number) for number in range(1, 201))


def test_a_tick_sends_at_most_twenty_messages_and_the_next_one_the_rest(lake: Lake, desk: Desk) -> None:
    """Prevents a tick that outlasts its time limit, after which every message would be sent again."""
    findings = [Finding("run", f"asset {number}", "breach", NOON) for number in range(21)]
    runs = [EndedRun("run", NOON, [], is_failure=True, failed_checks=0, findings=findings)]

    def tick(ended_runs: Sequence[EndedRun], at: datetime) -> TickResult:
        return desk._desk.tick(
            lake, lambda _: ended_runs, LogNotifications(), NullMetrics(), at, desk.warnings.append
        )

    first = tick(runs, NOON + GRACE_PERIOD)
    assert (len(first.created), first.sent, first.pending, first.open) == (21, 20, 1, 21)
    second = tick([], NOON + GRACE_PERIOD * 2)
    assert (len(second.created), second.sent, second.pending, second.open) == (0, 1, 0, 21)


def test_what_is_stored_can_be_read_by_a_person(lake: Lake, desk: Desk) -> None:
    """Prevents `stra\\u00dfe` in the objects that are opened first when an alert is not understood."""
    normal_hours(lake, 2, NOON)
    add_hour(lake, EventHour(NOON - timedelta(hours=1)), topics={"straße": (40, 8)})
    run = EndedRun(
        "run", NOON, [], is_failure=True, failed_checks=0, findings=[Finding("run", "straße", "breach", NOON)]
    )
    desk._desk.tick(
        lake, lambda _: [run], LogNotifications(), NullMetrics(), NOON + GRACE_PERIOD, desk.warnings.append
    )
    for stored in (HISTORY, STATE):
        assert "straße".encode() in lake.artifacts.read(stored)


def test_a_tick_says_how_many_metrics_it_sent(lake: Lake, desk: Desk) -> None:
    """Prevents a heartbeat in the UI that claims metrics which nobody received, or hides those that were."""
    normal_hours(lake, 2, NOON)
    assert desk.tick(NOON + GRACE_PERIOD).metrics == 0, "metrics are off"
    TAKEN.clear()
    sent = desk.tick(NOON + timedelta(hours=1) + GRACE_PERIOD, metrics=Kept()).metrics
    assert sent == len(TAKEN) > 0


def test_an_hour_that_was_quarantined_whole_on_arrival_has_no_records(lake: Lake) -> None:
    """Prevents a record that never was: such an hour has no receipt, only objects in quarantine."""
    hour = EventHour(NOON)
    assert history.read_stats(lake, read_builds(lake), hour) is None
    lake.landing.write(landing_key(LANDING_QUARANTINE, hour, landing_name("test", 7, 0)), b"")
    stats = history.read_stats(lake, read_builds(lake), hour)
    assert stats is not None
    assert (stats.records, stats.quarantined, stats.quarantined_on_arrival) == (0, 0, 7)
    assert (stats.texts, stats.negative, dict(stats.topics)) == (0, 0, {})


def test_the_statistics_of_an_hour_are_those_of_its_receipts(lake: Lake) -> None:
    """Prevents alerts on the share of negative texts, of all or of a topic, that can never open."""
    hour = EventHour(NOON)
    add_hour(lake, hour, records=200, quarantined=3, topics={"tram": (40, 8)}, quarantined_on_arrival=5)
    stats = history.read_stats(lake, read_builds(lake), hour)
    assert stats is not None
    assert (stats.records, stats.quarantined, stats.quarantined_on_arrival) == (200, 3, 5)
    assert (stats.texts, stats.negative, dict(stats.topics)) == (197, 8, {"tram": (40, 8)})


def test_an_hour_is_built_when_both_jobs_have_read_what_landed(lake: Lake) -> None:
    """Prevents an alert about an hour that waits for nothing, and silence about one that does."""
    hour = EventHour(NOON)
    assert history.is_built(lake, read_builds(lake), hour), "nothing has landed"
    add_hour(lake, hour, built=False)
    assert not history.is_built(lake, read_builds(lake), hour)
    build_hour(lake, hour, 200, 2)
    assert history.is_built(lake, read_builds(lake), hour)
    add_hour(lake, hour, records=300, built=False)
    assert not history.is_built(lake, read_builds(lake), hour)


def test_the_window_of_the_history_ends_with_the_present_hour_and_begins_where_it_should(lake: Lake) -> None:
    """Prevents a history that loses its first hour, or takes in one from the future."""
    oldest = EventHour(NOON - history.WINDOW)
    hours = [
        EventHour(oldest.start - timedelta(hours=1)),
        oldest,
        EventHour(NOON),
        EventHour(NOON + timedelta(hours=1)),
    ]
    for hour in hours:
        add_hour(lake, hour)
    builds = read_builds(lake)
    assert built_hours(builds, NOON) == hours[1:3]
    found = history.with_hours(lake, builds, {}, hours[:3], NOON)
    assert sorted(found) == hours[1:3]
    assert sorted(history.with_hours(lake, builds, found, [], NOON + timedelta(hours=1))) == [hours[2]]


def test_hours_without_a_build_are_looked_for_in_the_last_hours_and_the_present_one(lake: Lake) -> None:
    hours = [EventHour(NOON + timedelta(hours=ahead)) for ahead in (-3, -2, 0, 1)]
    for hour in hours:
        add_hour(lake, hour, built=False)
    assert history.unbuilt_hours(lake, read_builds(lake), 2, NOON) == hours[1:3]
