"""Decide: observations of the lake -> findings and metrics. No I/O.

Lag is checked on every heartbeat. An hour is evaluated once it is over and built, and again if it is rebuilt.

Not here: the rules (volume.py, proportions.py, freshness.py, deletions.py), reading the lake (monitoring/observe.py),
what follows from a finding (alerts.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from socialsent_assets.domain.events.layout import EventHour, hours_between
from socialsent_assets.domain.monitoring.checkpoint import Checkpoint
from socialsent_assets.domain.monitoring.deletions import LIMIT, DeletionLatency, applying
from socialsent_assets.domain.monitoring.findings import Finding
from socialsent_assets.domain.monitoring.freshness import BUILT_WITHIN, arriving, building
from socialsent_assets.domain.monitoring.hour_stats import History
from socialsent_assets.domain.monitoring.metrics import OLDEST, MetricDatum, heartbeat_datums
from socialsent_assets.domain.monitoring.metrics_catalog import DELETION_LATENCY, HEARTBEAT_SECONDS
from socialsent_assets.domain.monitoring.proportions import negative_share, quarantine_share
from socialsent_assets.domain.monitoring.volume import volume

GRACE_PERIOD = timedelta(minutes=10)
"""Wait after the end of an hour: its last records are still arriving."""

REFRESH_HOURS = 26
"""Hours that the first heartbeat of every hour reads again, so that a change reported by no run is seen."""

MAX_HOURS_PER_TICK = 24
"""Hours whose metrics one tick publishes."""

_CATCH_UP_HOURS = 3  # evaluated at most, after a pause of the evaluation


@dataclass(frozen=True)
class Observations:
    """Everything that one evaluation reads from the lake, at `now`.

    Attributes:
        history: statistics by hour; `stored` is the history as it was stored before.
        newest_landed: newest hour with landed data, up to the present hour.
        candidates: hours to evaluate, in order; `built` is the subset that is built from all of its input.
        unbuilt: recent hours that are not built; None if no heartbeat is due.
        hour_metrics: hours whose metrics are not published, with their metrics.
        deletions: latencies of the latest builds that applied some, oldest first; `deletion_limit` is allowed.
    """

    now: datetime
    history: History
    stored: History
    newest_landed: EventHour | None = None
    candidates: Sequence[EventHour] = ()
    built: Collection[EventHour] = frozenset()
    unbuilt: Sequence[EventHour] | None = None
    hour_metrics: Mapping[EventHour, Sequence[MetricDatum]] = field(default_factory=dict)
    deletions: Sequence[DeletionLatency] = ()
    deletion_limit: timedelta = LIMIT


@dataclass(frozen=True)
class Evaluation:
    """Result of one evaluation: findings, oldest first; metrics of the present moment; the next checkpoint."""

    checkpoint: Checkpoint
    findings: Sequence[Finding] = ()
    metrics: Sequence[MetricDatum] = ()


def evaluate(observed: Observations, checkpoint: Checkpoint) -> Evaluation:
    """Apply every rule to what was observed."""
    findings: list[Finding] = []
    for hour in _ready(observed):
        findings += _evaluate_hour(observed.history, hour)
        stats = observed.history.get(hour)
        checkpoint = replace(
            checkpoint, last_evaluated_hour=hour.key, last_evaluated_version=stats.version if stats else ""
        )
    if observed.unbuilt is None:
        return Evaluation(checkpoint, findings)
    findings += _evaluate_lag(observed, observed.unbuilt)
    applied = _new_deletions(observed, checkpoint)
    findings += [applying(one, observed.deletion_limit) for one in applied]
    metrics = list(heartbeat_datums(observed.history, _newest_by_tier(observed), len(observed.unbuilt), observed.now))
    metrics += [MetricDatum(DELETION_LATENCY, one.slowest_s, one.applied_at) for one in applied]
    return Evaluation(replace(checkpoint, last_heartbeat_at=observed.now.isoformat()), findings, metrics)


def is_heartbeat_due(checkpoint: Checkpoint, now: datetime) -> bool:
    """Whether the last heartbeat is at least `HEARTBEAT_SECONDS` old."""
    last = checkpoint.last_heartbeat_at
    return not last or (now - datetime.fromisoformat(last)).total_seconds() >= HEARTBEAT_SECONDS


def hours_to_refresh(checkpoint: Checkpoint, changed: Collection[EventHour], now: datetime) -> set[EventHour]:
    """Hours whose statistics have to be read again: those that runs changed, and once an hour the latest day."""
    present = EventHour.of(now)
    hours = {hour for hour in changed if hour <= present}
    last = checkpoint.last_heartbeat_at
    if not last or EventHour.of(datetime.fromisoformat(last) - GRACE_PERIOD) < EventHour.of(now - GRACE_PERIOD):
        hours |= {*hours_between(EventHour(present.start - timedelta(hours=REFRESH_HOURS)), present)}
    return hours


def candidate_hours(
    history: History, newest_landed: EventHour | None, checkpoint: Checkpoint, now: datetime, *, was_silent: bool
) -> list[EventHour]:
    """Hours that are over and not evaluated yet, in order; the last evaluated one again if its version changed.

    After a silence, which has its own alert, only the newest hour is evaluated: the hours without data are known.
    """
    over = EventHour.of(now - GRACE_PERIOD - timedelta(hours=1))
    known = (
        [newest_landed] if newest_landed is not None and newest_landed <= over else [h for h in history if h <= over]
    )
    last = max(known, default=None)
    if last is None:
        return []
    back = 0 if was_silent or not checkpoint.last_evaluated_hour else _CATCH_UP_HOURS - 1
    hours = hours_between(EventHour(last.start - timedelta(hours=back)), last)
    return [hour for hour in hours if not _is_evaluated(hour, history, checkpoint)]


def hours_to_publish(history: History, checkpoint: Checkpoint, now: datetime) -> list[EventHour]:
    """Hours that are over and whose current version is not in CloudWatch; newest first, bounded per tick."""
    oldest, over = now - OLDEST, now - GRACE_PERIOD
    new = [
        hour
        for hour, stats in history.items()
        if oldest < hour.start and hour.end <= over and checkpoint.published_hours.get(hour.key) != stats.version
    ]
    return sorted(new, reverse=True)[:MAX_HOURS_PER_TICK]


def _is_evaluated(hour: EventHour, history: History, checkpoint: Checkpoint) -> bool:
    if hour.key != checkpoint.last_evaluated_hour:
        return hour.key < checkpoint.last_evaluated_hour
    stats = history.get(hour)
    return (stats.version if stats else "") == checkpoint.last_evaluated_version


def _ready(observed: Observations) -> Iterator[EventHour]:
    """Candidates in order, up to the first one that is still being built; one that is late is skipped."""
    for hour in observed.candidates:
        if hour in observed.built:
            yield hour
        elif observed.now - hour.end <= BUILT_WITHIN:
            return


def _evaluate_hour(history: History, hour: EventHour) -> list[Finding]:
    found = [volume(history, hour), *quarantine_share(history, hour), *negative_share(history, hour)]
    return [finding for finding in found if finding is not None]


def _evaluate_lag(observed: Observations, unbuilt: Collection[EventHour]) -> Iterator[Finding]:
    with_records = {hour for hour, stats in observed.history.items() if stats.records}
    newest = {observed.newest_landed} if observed.newest_landed is not None else set()
    found = arriving(sorted(with_records | newest), observed.now)
    if found is not None:
        yield found
    yield building(unbuilt, observed.now)


def _new_deletions(observed: Observations, checkpoint: Checkpoint) -> list[DeletionLatency]:
    """Figures since the last heartbeat; those of the last day at the first one."""
    last = checkpoint.last_heartbeat_at
    since = datetime.fromisoformat(last) if last else observed.now - timedelta(days=1)
    return [one for one in observed.deletions if since < one.applied_at <= observed.now]


def _newest_by_tier(observed: Observations) -> dict[str, EventHour]:
    history = observed.history
    tiers = {
        "landing": observed.newest_landed,
        "cleansed": max((hour for hour, stats in history.items() if stats.records), default=None),
        "analytics": max((hour for hour, stats in history.items() if stats.texts), default=None),
    }
    return {tier: hour for tier, hour in tiers.items() if hour is not None}
