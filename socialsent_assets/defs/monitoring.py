"""Alert sensor: findings from failed runs and checks, and one tick of monitoring per evaluation.

It queries the runs that ended since its checkpoint, so it does not matter where they ran or whether the daemon was
up. It requests no runs, and an outage of AWS does not fail it.

Not here: the tick (monitoring/tick.py), the rules (domain/monitoring/).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import dagster as dg

from socialsent_assets.defs.partitions import hours_of_run
from socialsent_assets.domain.monitoring.checkpoint import Checkpoint
from socialsent_assets.domain.monitoring.findings import EVERYTHING, Finding
from socialsent_assets.lake.storage.file_lock import BusyError
from socialsent_assets.monitoring.tick import EndedRun
from socialsent_assets.resources.alerting import AlertingService
from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.resources.metrics import Metrics
from socialsent_assets.resources.notifications import Notifications

MAX_RUNS_PER_TICK = 50
EVENT_HOURS = "event hours"
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
# Run end times are recorded with a delay, so the query overlaps and run ids are deduplicated.
_OVERLAP = timedelta(seconds=30)

WATCHED = frozenset({("landing/events", "newest_hour_is_recent"), ("cleansed/quarantine", "quarantine_rate")})
"""Checks with the same cause as a freshness or quarantine alert, which has more detail: one cause, one message."""


@dg.sensor(
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=60,
    description="Evaluates new hours and ended runs; opens, repeats and closes alerts.",
)
def alert_sensor(
    context: dg.SensorEvaluationContext,
    lake: LakeResource,
    alerting: AlertingService,
    notifications: Notifications,
    metrics: Metrics,
) -> dg.SkipReason:
    """Evaluates ended runs and new hours; opens, repeats and closes alerts; sends messages and metrics."""

    def runs(checkpoint: Checkpoint) -> list[EndedRun]:
        return ended_runs(context.instance, checkpoint, datetime.now(UTC))

    try:
        done = alerting.tick(lake.open(), runs, notifications, metrics, datetime.now(UTC), context.log.warning)
    except BusyError as error:
        return dg.SkipReason(f"another tick is running: {error}")
    for message in done.created:
        context.log.warning(message.title)
    return dg.SkipReason(
        f"{done.open} alerts are open; {done.sent} messages sent, {done.pending} pending, {done.metrics} metrics sent"
    )


def ended_runs(instance: dg.DagsterInstance, checkpoint: Checkpoint, now: datetime) -> list[EndedRun]:
    """Runs that ended since the checkpoint, oldest first."""
    records = instance.get_run_records(
        dg.RunsFilter(statuses=_ENDED, updated_after=checkpoint.runs_since(now) - _OVERLAP),
        limit=MAX_RUNS_PER_TICK + len(checkpoint.run_ids),
        order_by="update_timestamp",
        ascending=True,
    )
    known = set(checkpoint.run_ids)
    fresh = [record for record in records if record.dagster_run.run_id not in known]
    return [_ended(instance, record, now) for record in fresh[:MAX_RUNS_PER_TICK]]


def _ended(instance: dg.DagsterInstance, record: dg.RunRecord, now: datetime) -> EndedRun:
    run = record.dagster_run
    at = now if record.end_time is None else datetime.fromtimestamp(record.end_time, UTC)
    hours = hours_of_run(run)
    is_failure = run.status == dg.DagsterRunStatus.FAILURE
    entries = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION).records
    events = [entry.event_log_entry.dagster_event for entry in entries]
    checks = [event.asset_check_evaluation_data for event in events if event is not None]
    failed = [check for check in checks if not check.passed]
    # A blocking check is reported once, by the run that it stopped, which names the pending hours.
    reported_by_run = [check for check in failed if is_failure and check.blocking]
    span = "" if not hours else (hours[0].key if len(hours) == 1 else f"{hours[0].key}..{hours[-1].key}")
    finding = Finding(
        "run",
        EVENT_HOURS if hours else f"job {run.job_name}",
        "breach" if is_failure else "ok",
        at,
        span=span,
        detail=_why(instance, run, reported_by_run) if is_failure else "",
        link=f"/runs/{run.run_id}",
        partitions=tuple(hour.key for hour in hours) or EVERYTHING,
    )
    others = [
        _of_check(check, span, at) for check in checks if check not in reported_by_run and _name(check) not in WATCHED
    ]
    return EndedRun(run.run_id, at, hours, is_failure, len(failed), [finding, *others])


def _of_check(check: dg.AssetCheckEvaluation, span: str, at: datetime) -> Finding:
    asset, name = _name(check)
    return Finding(
        "check",
        f"{asset}:{name}",
        "ok" if check.passed else "breach",
        at,
        span=span,
        detail="" if check.passed else check.description or "",
        link=f"/assets/{asset}?view=checks&checkDetail={quote(name)}",
    )


def _name(check: dg.AssetCheckEvaluation) -> tuple[str, str]:
    return check.asset_key.to_user_string(), check.check_name


def _why(instance: dg.DagsterInstance, run: dg.DagsterRun, checks: Sequence[dg.AssetCheckEvaluation]) -> str:
    """Checks that stopped a run, or its first error."""
    if checks:
        return "\n".join(f"{':'.join(_name(check))}: {check.description or 'did not pass'}" for check in checks)
    for kind in (dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE):
        for entry in instance.get_records_for_run(run.run_id, of_type=kind, limit=1).records:
            event = entry.event_log_entry.dagster_event
            if event is not None and kind == dg.DagsterEventType.STEP_FAILURE:
                error = event.step_failure_data.error
                cause = error.cause if error is not None and error.cause is not None else error
                return f"step {event.step_key}: {cause.message.strip() if cause is not None else 'no error recorded'}"
            if event is not None and event.message:
                return event.message
    return f"job {run.job_name} recorded no error"
