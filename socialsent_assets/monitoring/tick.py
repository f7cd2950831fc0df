"""One tick of monitoring: gather (observe.py), decide (domain/monitoring/), act (here).

The state is written twice. New messages are recorded before they are sent and marked afterwards, so a crash in
between repeats a message and loses none. An outage of SNS or CloudWatch is logged and does not fail the tick.

Not here: when a tick is due and which runs ended (defs/monitoring.py), the lock (resources/alerting.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.monitoring import metrics_catalog as catalog
from socialsent_assets.domain.monitoring.alerts import AlertState, Message, apply_findings
from socialsent_assets.domain.monitoring.checkpoint import Checkpoint
from socialsent_assets.domain.monitoring.deletions import LIMIT
from socialsent_assets.domain.monitoring.evaluation import Evaluation, Observations, evaluate
from socialsent_assets.domain.monitoring.findings import Finding
from socialsent_assets.domain.monitoring.metrics import OLDEST, MetricDatum, accepted_by_cloudwatch
from socialsent_assets.lake.lake import Lake
from socialsent_assets.monitoring.delivery import MetricsError, MetricsSink, NotificationError, Notifier
from socialsent_assets.monitoring.history import write_history
from socialsent_assets.monitoring.observe import gather
from socialsent_assets.monitoring.state import MAX_RUN_IDS, MonitoringState, read_state, write_state

MAX_MESSAGES_PER_TICK = 20

Log = Callable[[str], None]


@dataclass(frozen=True)
class EndedRun:
    """An ended run of Dagster; `failed_checks` counts its asset checks that did not pass."""

    run_id: str
    ended_at: datetime
    hours: Sequence[EventHour]
    is_failure: bool
    failed_checks: int
    findings: Sequence[Finding] = field(default=())


@dataclass(frozen=True)
class TickResult:
    """Result of a tick: messages created; counts of messages sent and pending, of metrics and of open alerts."""

    created: Sequence[Message]
    sent: int
    pending: int
    metrics: int
    open: int


def tick(
    lake: Lake,
    ended_runs: Callable[[Checkpoint], Sequence[EndedRun]],
    notifier: Notifier,
    sink: MetricsSink,
    now: datetime,
    log: Log,
    ui_url: str | None = None,
    deletion_limit: timedelta = LIMIT,
) -> TickResult:
    """Evaluate what is new, deliver messages and metrics; `ended_runs` lists runs after the checkpoint.
    An alert opens where deletions took longer than `deletion_limit` to reach the marts.

    Call it under a lock: two ticks at the same time would send a message twice.
    """
    before = read_state(lake) or MonitoringState()
    runs = ended_runs(before.checkpoint)
    changed = {hour for run in runs for hour in run.hours}
    observed = gather(lake, before, changed, now, with_metrics=sink.is_on, deletion_limit=deletion_limit)

    evaluation = Evaluation(before.checkpoint) if observed is None else evaluate(observed, before.checkpoint)
    findings = sorted([*(f for run in runs for f in run.findings), *evaluation.findings], key=lambda f: f.at)
    alerts = apply_findings(before.alerts, findings, now, ui_url)
    decided = MonitoringState(alerts, _advance_checkpoint(evaluation.checkpoint, runs))

    if observed is not None and observed.history != observed.stored:
        write_history(lake, observed.history)
    if decided != before:
        write_state(lake, decided)
    after = replace(decided, alerts=_send(alerts, notifier, now, log))
    metrics = [*evaluation.metrics, *_run_metrics(runs)]
    if evaluation.metrics:
        metrics += _alert_metrics(after.alerts, now)
    after, published = _publish_metrics(after, metrics, observed, sink, now, log)
    if after != decided:
        write_state(lake, after)
    known = {message.id for message in before.alerts.messages}
    return TickResult(
        created=[message for message in alerts.messages if message.id not in known],
        sent=len(alerts.unsent) - len(after.alerts.unsent),
        pending=len(after.alerts.unsent),
        metrics=published,
        open=len(after.alerts.alerts),
    )


def _send(alerts: AlertState, notifier: Notifier, now: datetime, log: Log) -> AlertState:
    """Send pending messages, oldest first; after the first failure the rest waits for the next tick."""
    for message in alerts.unsent[:MAX_MESSAGES_PER_TICK]:
        try:
            alerts = alerts.sent(message.id, now, notifier.send(message))
        except NotificationError as error:
            log(f"{error}. The next tick tries again; {len(alerts.unsent)} messages are pending.")
            break
    return alerts


def _publish_metrics(
    state: MonitoringState,
    metrics: Sequence[MetricDatum],
    observed: Observations | None,
    sink: MetricsSink,
    now: datetime,
    log: Log,
) -> tuple[MonitoringState, int]:
    if not sink.is_on:
        return state, 0
    by_hour: Mapping[EventHour, Sequence[MetricDatum]] = {} if observed is None else observed.hour_metrics
    accepted = accepted_by_cloudwatch([*metrics, *(m for hour in by_hour.values() for m in hour)], now)
    if not accepted:
        return state, 0
    try:
        sink.send(accepted)
    except MetricsError as error:
        log(f"{error}. The next heartbeat sends the hours again.")
        return state, 0
    published = state.checkpoint.published_hours
    kept = {key: version for key, version in published.items() if EventHour.from_key(key).start > now - OLDEST}
    new = {} if observed is None else {hour.key: observed.history[hour].version for hour in by_hour}
    return replace(state, checkpoint=replace(state.checkpoint, published_hours=kept | new)), len(accepted)


def _run_metrics(runs: Sequence[EndedRun]) -> Iterator[MetricDatum]:
    yield from (MetricDatum(catalog.RUN_FAILURES, 1, run.ended_at) for run in runs if run.is_failure)
    yield from (
        MetricDatum(catalog.FAILED_CHECKS, run.failed_checks, run.ended_at) for run in runs if run.failed_checks
    )


def _alert_metrics(alerts: AlertState, now: datetime) -> list[MetricDatum]:
    return [
        MetricDatum(catalog.OPEN_ALERTS, len(alerts.alerts), now),
        MetricDatum(catalog.UNSENT_MESSAGES, len(alerts.unsent), now),
    ]


def _advance_checkpoint(checkpoint: Checkpoint, runs: Sequence[EndedRun]) -> Checkpoint:
    if not runs:
        return checkpoint
    latest = max(run.ended_at for run in runs).isoformat()
    run_ids = [*checkpoint.run_ids, *(run.run_id for run in runs)]
    return replace(checkpoint, runs_cursor=max(latest, checkpoint.runs_cursor), run_ids=tuple(run_ids[-MAX_RUN_IDS:]))
