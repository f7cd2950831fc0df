"""One tick of alerting: look at the lake, advance the alerts, tell whoever listens, send the numbers.

Nothing that AWS does stops it: what was not taken is logged, kept, and tried again by the next tick.

Not here: when a tick is due, and what Dagster knows (defs/monitoring.py); rules and words (domain/monitoring/).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import dagster as dg

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.monitoring import metrics_catalog as names
from socialsent_assets.domain.monitoring.alerts import Book, Message, advance
from socialsent_assets.domain.monitoring.findings import Finding
from socialsent_assets.domain.monitoring.hour_stats import History
from socialsent_assets.domain.monitoring.metrics import OLDEST, Point, hour_points, timely
from socialsent_assets.lake.builds import read_builds
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.file_lock import exclusive
from socialsent_assets.monitoring.evaluate import SETTLED, look
from socialsent_assets.monitoring.state import RUNS_REMEMBERED, AlertState, Seen, read_state, write_state
from socialsent_assets.resources.metrics import Metrics, NotMeasuredError
from socialsent_assets.resources.notifications import Notifications, NotSentError

MESSAGES_PER_TICK = 20
HOURS_PER_TICK = 24

Tell = Callable[[str], None]


@dataclass(frozen=True)
class EndedRun:
    """A run of Dagster that ended, as the alerts see it: `failed_checks` counts checks that did not pass."""

    run_id: str
    ended_at: datetime
    hours: Sequence[EventHour]
    is_failure: bool
    failed_checks: int
    findings: Sequence[Finding] = field(default=())


@dataclass(frozen=True)
class Ticked:
    """What a tick did: messages that were made, sent, and wait; points sent to CloudWatch."""

    made: Sequence[Message] = ()
    sent: int = 0
    waiting: int = 0
    points: int = 0
    open: int = 0


class AlertDesk(dg.ConfigurableResource):
    """Where alerts are dealt with, one tick at a time.

    Attributes:
        locks: folder of the lock file: the sensor and `socialsent alerts --check` may meet.
        ui_url: address of the Dagster UI for the links, or none.
    """

    locks: str
    ui_url: str | None = None

    def tick(
        self,
        lake: Lake,
        runs: Callable[[Seen], Sequence[EndedRun]],
        notifications: Notifications,
        metrics: Metrics,
        now: datetime,
        tell: Tell,
    ) -> Ticked:
        """Do everything that is due; `runs` answers which runs ended since the last tick.

        Raises:
            BusyError: another process is at it.
        """
        with exclusive(Path(self.locks) / "alerts.lock"):
            before = read_state(lake) or AlertState()
            ended = runs(before.seen)
            seen = look(lake, before, _touched(ended), now)
            findings = sorted([*_of_runs(ended), *seen.findings], key=lambda finding: finding.at)
            book = advance(before.book, findings, now, self.ui_url)
            state = AlertState(book, _noted(seen.seen, ended))
            if state != before:
                write_state(lake, state)
            told = _deliver(book, notifications, now, tell)
            after = replace(state, book=told)
            points = [*seen.points, *_run_points(ended)]
            if seen.points:
                points += [
                    Point(names.OPEN_ALERTS, len(told.alerts), now),
                    Point(names.UNSENT_MESSAGES, len(told.unsent), now),
                ]
            after, sent_points = _measure(lake, after, points, seen.history, metrics, now, tell)
            if after != state:
                write_state(lake, after)
        known = {message.id for message in before.book.messages}
        return Ticked(
            made=[message for message in book.messages if message.id not in known],
            sent=len(book.unsent) - len(told.unsent),
            waiting=len(told.unsent),
            points=sent_points,
            open=len(told.alerts),
        )


def _deliver(book: Book, notifications: Notifications, now: datetime, tell: Tell) -> Book:
    """Send what is unsent, oldest first; after one that is not taken, the rest waits for the next tick."""
    for message in book.unsent[:MESSAGES_PER_TICK]:
        try:
            book = book.sent(message.id, now, notifications.send(message))
        except NotSentError as error:
            tell(f"{error}. It will be tried again; {len(book.unsent)} messages wait.")
            break
    return book


def _measure(
    lake: Lake,
    state: AlertState,
    points: Sequence[Point],
    history: History | None,
    metrics: Metrics,
    now: datetime,
    tell: Tell,
) -> tuple[AlertState, int]:
    if not metrics.is_on:
        return state, 0
    new = _hours_to_send(history or {}, state.seen, now)
    points = timely([*points, *(point for hour in new for point in _points_of(lake, hour, history or {}))], now)
    if not points:
        return state, 0
    try:
        metrics.send(points)
    except NotMeasuredError as error:
        tell(f"{error}. Hours are sent again by the next heartbeat.")
        return state, 0
    kept = {key: v for key, v in state.seen.sent_hours.items() if EventHour.from_key(key).start > now - OLDEST}
    sent = kept | {hour.key: (history or {})[hour].version for hour in new}
    return replace(state, seen=replace(state.seen, sent_hours=sent)), len(points)


def _hours_to_send(history: History, seen: Seen, now: datetime) -> list[EventHour]:
    """Hours that are over and that CloudWatch does not have like this; the newest first, not all at once."""
    oldest, over = now - OLDEST, now - SETTLED
    new = [
        hour
        for hour, facts in history.items()
        if oldest < hour.start and hour.end <= over and seen.sent_hours.get(hour.key) != facts.version
    ]
    return sorted(new, reverse=True)[:HOURS_PER_TICK]


def _points_of(lake: Lake, hour: EventHour, history: History) -> Iterable[Point]:
    yield Point(names.QUARANTINED, history[hour].refused, hour.start, ("landing",))
    builds = read_builds(lake)
    for tier, job in (("cleansed", "cleanse"), ("analytics", "score")):
        receipt = builds.receipts(job).get(hour)
        if receipt is not None:
            yield from hour_points(hour, tier, receipt.counts, receipt.rows, receipt.measures)


def _touched(ended: Sequence[EndedRun]) -> Collection[EventHour]:
    return {hour for run in ended for hour in run.hours}


def _of_runs(ended: Sequence[EndedRun]) -> list[Finding]:
    return [finding for run in ended for finding in run.findings]


def _run_points(ended: Sequence[EndedRun]) -> list[Point]:
    failures = [Point(names.RUN_FAILURES, 1, run.ended_at) for run in ended if run.is_failure]
    checks = [Point(names.FAILED_CHECKS, run.failed_checks, run.ended_at) for run in ended if run.failed_checks]
    return [*failures, *checks]


def _noted(seen: Seen, ended: Sequence[EndedRun]) -> Seen:
    if not ended:
        return seen
    until = max(run.ended_at for run in ended).isoformat()
    runs = [*seen.runs, *(run.run_id for run in ended)]
    return replace(seen, runs_until=max(until, seen.runs_until), runs=tuple(runs[-RUNS_REMEMBERED:]))
