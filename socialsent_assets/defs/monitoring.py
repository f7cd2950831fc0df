"""What Dagster adds to the alerts: runs that failed, checks that did not pass, and the sensor that ticks.

The sensor asks which runs have ended since it last asked, so it does not matter where they ran, or whether the
daemon was up. It requests no run and never fails because of AWS.

Not here: what a tick does (resources/alerting.py), the rules (domain/monitoring/).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import dagster as dg

from socialsent_assets.defs.partitions import hours_of_run
from socialsent_assets.domain.monitoring.findings import EVERYTHING, Finding
from socialsent_assets.lake.storage.file_lock import BusyError
from socialsent_assets.monitoring.state import Seen
from socialsent_assets.resources.alerting import AlertDesk, EndedRun
from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.resources.metrics import Metrics
from socialsent_assets.resources.notifications import Notifications

RUNS_PER_TICK = 50
EVENT_HOURS = "event hours"
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
# Dagster notes the end of a run a moment after it: the last moments are asked for again, and runs known by id.
_OVERLAP = timedelta(seconds=30)

WATCHED = frozenset({("landing/events", "newest_hour_is_recent"), ("cleansed/quarantine", "quarantine_rate")})
"""Checks about the same thing as an alert of freshness or quarantine, which says more: one cause, one message."""


@dg.sensor(default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=60)
def alert_sensor(
    context: dg.SensorEvaluationContext,
    lake: LakeResource,
    alert_desk: AlertDesk,
    notifications: Notifications,
    metrics: Metrics,
) -> dg.SkipReason:
    """Looks at ended runs and new hours; opens, repeats and closes alerts; sends them and the metrics."""

    def runs(seen: Seen) -> list[EndedRun]:
        return ended_runs(context.instance, seen, datetime.now(UTC))

    try:
        done = alert_desk.tick(lake.open(), runs, notifications, metrics, datetime.now(UTC), context.log.warning)
    except BusyError as error:
        return dg.SkipReason(f"the next tick will look: {error}")
    for message in done.made:
        context.log.warning(message.title)
    return dg.SkipReason(
        f"{done.open} alerts are open; {done.sent} messages sent, {done.waiting} waiting, {done.points} points sent"
    )


def ended_runs(instance: dg.DagsterInstance, seen: Seen, now: datetime) -> list[EndedRun]:
    """Runs that ended since the last look, oldest first."""
    records = instance.get_run_records(
        dg.RunsFilter(statuses=_ENDED, updated_after=seen.runs_since(now) - _OVERLAP),
        limit=RUNS_PER_TICK + len(seen.runs),
        order_by="update_timestamp",
        ascending=True,
    )
    known = set(seen.runs)
    fresh = [record for record in records if record.dagster_run.run_id not in known]
    return [_ended(instance, record, now) for record in fresh[:RUNS_PER_TICK]]


def _ended(instance: dg.DagsterInstance, record: dg.RunRecord, now: datetime) -> EndedRun:
    run = record.dagster_run
    at = now if record.end_time is None else datetime.fromtimestamp(record.end_time, UTC)
    hours = hours_of_run(run)
    is_failure = run.status == dg.DagsterRunStatus.FAILURE
    entries = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION).records
    events = [entry.event_log_entry.dagster_event for entry in entries]
    checks = [event.asset_check_evaluation_data for event in events if event is not None]
    failed = [check for check in checks if not check.passed]
    # What a blocking check stopped is told once, by its run, which knows the hours that wait.
    told_by_run = [check for check in failed if is_failure and check.blocking]
    span = "" if not hours else (hours[0].key if len(hours) == 1 else f"{hours[0].key}..{hours[-1].key}")
    finding = Finding(
        "run",
        EVENT_HOURS if hours else f"job {run.job_name}",
        "bad" if is_failure else "good",
        at,
        span=span,
        detail=_why(instance, run, told_by_run) if is_failure else "",
        link=f"/runs/{run.run_id}",
        covers=tuple(hour.key for hour in hours) or EVERYTHING,
    )
    told = [
        _of_check(check, span, at) for check in checks if check not in told_by_run and _name(check) not in WATCHED
    ]
    return EndedRun(run.run_id, at, hours, is_failure, len(failed), [finding, *told])


def _of_check(check: dg.AssetCheckEvaluation, span: str, at: datetime) -> Finding:
    asset, name = _name(check)
    return Finding(
        "check",
        f"{asset}:{name}",
        "good" if check.passed else "bad",
        at,
        span=span,
        detail="" if check.passed else check.description or "",
        link=f"/assets/{asset}?view=checks&checkDetail={quote(name)}",
    )


def _name(check: dg.AssetCheckEvaluation) -> tuple[str, str]:
    return check.asset_key.to_user_string(), check.check_name


def _why(instance: dg.DagsterInstance, run: dg.DagsterRun, checks: Sequence[dg.AssetCheckEvaluation]) -> str:
    """The checks that stopped a run, or its first error; the link has the rest."""
    if checks:
        return "\n".join(f"{':'.join(_name(check))}: {check.description or 'did not pass'}" for check in checks)
    for kind in (dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE):
        for entry in instance.get_records_for_run(run.run_id, of_type=kind, limit=1).records:
            event = entry.event_log_entry.dagster_event
            if event is not None and kind == dg.DagsterEventType.STEP_FAILURE:
                error = event.step_failure_data.error
                cause = error.cause if error is not None and error.cause is not None else error
                return f"step {event.step_key}: {cause.message.strip() if cause is not None else 'no error given'}"
            if event is not None and event.message:
                return event.message
    return f"job {run.job_name} gave no reason"
