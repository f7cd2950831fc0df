"""One look at the lake: which hours are new since the last look, and what the rules say about them.

A look at nothing new reads nothing. Every few minutes a heartbeat asks for lags; when an hour is over and built, it
is judged once, and again if it changes.

Not here: the rules (domain/monitoring/), what follows (state.py), runs and checks of Dagster (defs/monitoring.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from socialsent_assets.domain.events.layout import EventHour, hours_between
from socialsent_assets.domain.monitoring.findings import Finding
from socialsent_assets.domain.monitoring.freshness import ARRIVING, BUILT_WITHIN, arriving, building
from socialsent_assets.domain.monitoring.hour_stats import History
from socialsent_assets.domain.monitoring.metrics import Point, heartbeat_points
from socialsent_assets.domain.monitoring.metrics_catalog import HEARTBEAT_SECONDS, RECENT_HOURS
from socialsent_assets.domain.monitoring.proportions import mood, quarantine
from socialsent_assets.domain.monitoring.volume import volume
from socialsent_assets.lake.lake import Lake
from socialsent_assets.monitoring.history import (
    built_hours,
    is_built,
    newest_landed,
    read_history,
    unbuilt_hours,
    with_hours,
    write_history,
)
from socialsent_assets.monitoring.state import AlertState, Seen

SETTLED = timedelta(minutes=10)
"""After its end an hour is left alone for so long: its last records are still on their way."""

READ_AGAIN = 26
"""Hours that every heartbeat with a new hour reads again: whatever no run reported is seen within the hour."""

_JUDGED_AT_ONCE = 3


@dataclass(frozen=True)
class Look:
    """What a look found.

    Attributes:
        findings: verdicts, oldest first.
        points: of the metrics that are stamped with the present.
        history: hours, as far as this look had to know them; None if it was not a heartbeat and nothing changed.
    """

    findings: list[Finding]
    points: list[Point]
    history: History | None
    seen: Seen


def look(lake: Lake, state: AlertState, changed: Collection[EventHour], now: datetime) -> Look:
    """Judge what is new; `changed` are the hours that runs touched since the last look."""
    seen = state.seen
    is_beat = not seen.beat_at or (now - datetime.fromisoformat(seen.beat_at)).total_seconds() >= HEARTBEAT_SECONDS
    if not is_beat and not changed:
        return Look([], [], None, seen)
    before = read_history(lake)
    history = with_hours(lake, before, _to_read(lake, before, changed, seen, now), now)
    newest = newest_landed(lake, now)
    was_silent = f"freshness:{ARRIVING}" in state.book.alerts
    findings: list[Finding] = []
    for hour in _to_judge(lake, history, newest, seen, now, was_silent=was_silent):
        history = with_hours(lake, history, [hour], now)  # it may have been built since it was read
        facts = history.get(hour)
        findings += [finding for finding in _verdicts(history, hour) if finding is not None]
        seen = replace(seen, judged=hour.key, judged_version=facts.version if facts else "")
    points: list[Point] = []
    if is_beat:
        waiting = unbuilt_hours(lake, RECENT_HOURS, now)
        findings += _lags(history, newest, waiting, now)
        points += heartbeat_points(history, _newest(history, newest), len(waiting), now)
        seen = replace(seen, beat_at=now.isoformat())
    if history != before:
        write_history(lake, history)
    return Look(findings, points, history, seen)


def _to_read(
    lake: Lake, history: History, changed: Collection[EventHour], seen: Seen, now: datetime
) -> set[EventHour]:
    if not history:
        return set(built_hours(lake, now))
    present = EventHour.of(now)
    hours = {hour for hour in changed if hour <= present}
    if not seen.beat_at or EventHour.of(datetime.fromisoformat(seen.beat_at) - SETTLED) < EventHour.of(now - SETTLED):
        hours |= {*hours_between(EventHour(present.start - timedelta(hours=READ_AGAIN)), present)}
    return hours


def _to_judge(
    lake: Lake, history: History, newest: EventHour | None, seen: Seen, now: datetime, *, was_silent: bool
) -> Iterator[EventHour]:
    """Hours that are over and not judged yet, in order; the newest judged one again if it changed.

    After a silence, which was said, only the newest is judged: the hours without data are known.
    """
    over = EventHour.of(now - SETTLED - timedelta(hours=1))
    known = [newest] if newest is not None and newest <= over else [hour for hour in history if hour <= over]
    last = max(known, default=None)
    if last is None:
        return
    first = EventHour(last.start - timedelta(hours=0 if was_silent or not seen.judged else _JUDGED_AT_ONCE - 1))
    for hour in hours_between(first, last):
        facts = history.get(hour)
        if hour.key < seen.judged or (
            hour.key == seen.judged and (facts.version if facts else "") == seen.judged_version
        ):
            continue
        if is_built(lake, hour):
            yield hour
        elif now - hour.end <= BUILT_WITHIN:
            return  # it is on its way, and the hours after it wait for it


def _verdicts(history: History, hour: EventHour) -> Iterator[Finding | None]:
    yield volume(history, hour)
    yield from quarantine(history, hour)
    yield from mood(history, hour)


def _lags(
    history: History, newest: EventHour | None, waiting: Collection[EventHour], now: datetime
) -> Iterator[Finding]:
    full = {hour for hour, facts in history.items() if facts.records}
    found = arriving(sorted(full | ({newest} if newest is not None else set())), now)
    if found is not None:
        yield found
    yield building(waiting, now)


def _newest(history: History, landed: EventHour | None) -> dict[str, EventHour]:
    tiers = {
        "landing": landed,
        "cleansed": max((hour for hour, facts in history.items() if facts.records), default=None),
        "analytics": max((hour for hour, facts in history.items() if facts.texts), default=None),
    }
    return {tier: hour for tier, hour in tiers.items() if hour is not None}
