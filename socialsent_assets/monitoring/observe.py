"""Gather: read from the lake everything that one evaluation needs, once.

Reads nothing if no heartbeat is due and no run changed an hour.

Not here: the decision (domain/monitoring/evaluation.py), what follows from it (tick.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.monitoring import metrics_catalog as catalog
from socialsent_assets.domain.monitoring.evaluation import (
    Observations,
    candidate_hours,
    hours_to_publish,
    hours_to_refresh,
    is_heartbeat_due,
)
from socialsent_assets.domain.monitoring.freshness import ARRIVING
from socialsent_assets.domain.monitoring.hour_stats import History
from socialsent_assets.domain.monitoring.metrics import MetricDatum, hour_datums
from socialsent_assets.lake.builds import BuildState, read_builds
from socialsent_assets.lake.deletion_latency import latencies
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.landing_stats import newest_landed
from socialsent_assets.monitoring.history import built_hours, is_built, read_history, unbuilt_hours, with_hours
from socialsent_assets.monitoring.state import MonitoringState


def gather(
    lake: Lake,
    state: MonitoringState,
    changed: Collection[EventHour],
    now: datetime,
    *,
    with_metrics: bool,
    deletion_limit: timedelta,
) -> Observations | None:
    """Observe the lake; `changed` are the hours of runs that ended. None if there is nothing to evaluate."""
    is_due = is_heartbeat_due(state.checkpoint, now)
    if not is_due and not changed:
        return None
    stored, builds = read_history(lake), read_builds(lake)
    hours = hours_to_refresh(state.checkpoint, changed, now) if stored else built_hours(builds, now)
    history = with_hours(lake, builds, stored, hours, now)
    newest = newest_landed(lake, now)
    was_silent = f"freshness:{ARRIVING}" in state.alerts.alerts
    candidates = candidate_hours(history, newest, state.checkpoint, now, was_silent=was_silent)
    built = {hour for hour in candidates if is_built(lake, builds, hour)}
    history = with_hours(lake, builds, history, built, now)
    unpublished = hours_to_publish(history, state.checkpoint, now) if with_metrics else []
    return Observations(
        now=now,
        history=history,
        stored=stored,
        newest_landed=newest,
        candidates=candidates,
        built=built,
        unbuilt=unbuilt_hours(lake, builds, catalog.RECENT_HOURS, now) if is_due else None,
        deletions=latencies(lake) if is_due else (),
        deletion_limit=deletion_limit,
        hour_metrics={hour: list(_hour_metrics(builds, hour, history)) for hour in unpublished},
    )


def _hour_metrics(builds: BuildState, hour: EventHour, history: History) -> Iterator[MetricDatum]:
    yield MetricDatum(catalog.QUARANTINED, history[hour].quarantined_on_arrival, hour.start, ("landing",))
    for tier, job in (("cleansed", "cleanse"), ("analytics", "score")):
        receipt = builds.receipts(job).get(hour)
        if receipt is not None:
            yield from hour_datums(hour, tier, receipt.counts, receipt.rows, receipt.measures)
