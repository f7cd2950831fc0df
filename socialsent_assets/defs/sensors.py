"""Sensors: landed hours are rebuilt, and the report follows the marts.

Both sensors look at the state of things, never at events: whatever was missed, killed or deleted meanwhile is
put right by a later tick. No run has a `run_key`, because Dagster keeps keys without limit and would drop the
run that an hour needs when it returns to an earlier content.

Not here: which hours are stale (reconciliation.py), alerts.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from socialsent_assets.defs.jobs import refresh, report
from socialsent_assets.defs.metadata import WHY_TAG
from socialsent_assets.defs.partitions import FIRST_DAY, hours_of_run, run_tags
from socialsent_assets.defs.reconciliation import Memory, Plan, plan
from socialsent_assets.domain.events.hour_set import hour_set_text
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.resources.reports import ReportFolder
from socialsent_assets.resources.warehouse import Warehouse
from socialsent_assets.settings import Settings
from socialsent_assets.warehouse.errors import WarehouseUnreachableError

REPORT_EVERY_S = 600.0
_LAST_RUNS = 20
_QUEUED = "a refresh is queued; hours that are stale by the time it starts are the next run"
_SHOWN = 120  # characters
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


# Read while the module is imported, as the first hour in partitions.py: an interval is part of a sensor. On AWS every
# look lists thousands of folders and every run wakes Glue and the warehouse, so how often is a matter of money there.
REFRESH_SECONDS = Settings.from_env().refresh_seconds


@dg.sensor(
    job=refresh,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=REFRESH_SECONDS,
    description="Requests a refresh of the hours whose receipt differs from landing.",
)
def landing_sensor(context: dg.SensorEvaluationContext, lake: LakeResource, warehouse: Warehouse) -> dg.SensorResult:
    """Requests a refresh of exactly those hours whose landing differs from what was built of it."""
    queued = dg.RunsFilter(job_name=refresh.name, statuses=[dg.DagsterRunStatus.QUEUED])
    if context.instance.get_runs_count(queued):
        # Another run would only wait behind it: what becomes stale meanwhile is one run when this one has begun.
        return dg.SensorResult(skip_reason=dg.SkipReason(_QUEUED), cursor=context.cursor)
    try:
        held = warehouse.known_versions()
    except WarehouseUnreachableError as error:
        # A run would fail at its last step, and its hours would wait for their next try.
        return dg.SensorResult(skip_reason=dg.SkipReason(str(error)), cursor=context.cursor)
    decided = plan(
        lake.open(),
        held,
        datetime.now(UTC),
        Memory.from_json(context.cursor),
        hours_in_flight(context.instance),
        lambda: hours_failed(context.instance),
    )
    requests = [
        dg.RunRequest(tags={**run_tags(hours), WHY_TAG: because(hours, decided.reasons)}) for hours in decided.runs
    ]
    if requests:  # a tick's log is a file: not one for every quiet 20 seconds
        context.log.info(explain(decided))
    return dg.SensorResult(
        run_requests=requests,
        skip_reason=None if requests else dg.SkipReason(explain(decided)),
        cursor=decided.memory.to_json(),
    )


@dg.sensor(
    job=report,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=60,
    description="Requests the report after a build of the marts, at most every ten minutes.",
)
def report_sensor(
    context: dg.SensorEvaluationContext, warehouse: Warehouse, reports: ReportFolder
) -> dg.RunRequest | dg.SkipReason:
    """Requests the insights report when the marts are newer, at most every ten minutes."""
    built_at = warehouse.built_at()
    page = Path(reports.path) / "insights.html"
    if built_at is None:
        return dg.SkipReason("there are no marts yet, or they are being built")
    if page.is_file() and page.stat().st_mtime >= built_at.timestamp():
        return dg.SkipReason("the report is newer than the marts")
    if page.is_file() and time.time() - page.stat().st_mtime < REPORT_EVERY_S:
        return dg.SkipReason("the report is less than ten minutes old")
    if unfinished_runs(context.instance, job_name=report.name):
        return dg.SkipReason("a report is being made")
    return dg.RunRequest()


def hours_in_flight(instance: dg.DagsterInstance) -> set[EventHour]:
    """Hours that any unfinished run covers, however it was started."""
    return {hour for run in unfinished_runs(instance) for hour in hours_of_run(run)}


def hours_failed(instance: dg.DagsterInstance) -> set[EventHour]:
    """Hours whose newest ended run did not succeed, according to the last runs."""
    ended = instance.get_runs(dg.RunsFilter(statuses=_ENDED), limit=_LAST_RUNS)
    newest: dict[EventHour, bool] = {}
    for run in ended:  # newest first
        for hour in hours_of_run(run):
            newest.setdefault(hour, run.status != dg.DagsterRunStatus.SUCCESS)
    return {hour for hour, has_failed in newest.items() if has_failed}


def explain(decided: Plan) -> str:
    """One line for the tick: what was looked at, what is done about it, what is not and why."""
    parts = [f"{decided.looked_at} hours compared"]
    if decided.runs:
        runs = (f"{in_words(hours)}, because {because(hours, decided.reasons)}" for hours in decided.runs)
        parts.append("refreshing " + "; ".join(runs))
    if decided.in_flight:
        parts.append(f"{len(decided.in_flight)} stale hours are in a run already")
    if decided.paused:
        next_at = min(decided.paused.values())
        parts.append(
            f"{len(decided.paused)} stale hours failed; smaller runs try them again, the next at {next_at:%H:%M} UTC "
            f"(`socialsent materialize` does it now): {in_words(list(decided.paused))}"
        )
    if decided.unreachable:
        parts.append(
            f"{len(decided.unreachable)} stale hours lie before {FIRST_DAY}; set SOCIALSENT_START to "
            f"{min(decided.unreachable).start:%Y-%m-%d} or earlier where Dagster runs"
        )
    if len(parts) == 1:
        parts.append("nothing is stale")
    return "; ".join(parts)


def because(hours: Collection[EventHour], reasons: Mapping[EventHour, str]) -> str:
    """Reasons of stale hours in one phrase, the commonest first; how many hours each has, where they differ."""
    counts = Counter(reasons[hour] for hour in hours if hour in reasons).most_common()
    if len(counts) == 1:
        return counts[0][0]
    return ", ".join(f"{number} h {reason}" for reason, number in counts)


def in_words(hours: Sequence[EventHour]) -> str:
    """A set of hours in one short phrase."""
    text = hour_set_text(hours)
    if len(text) <= _SHOWN:
        return text
    return f"{len(hours)} hours from {min(hours)} to {max(hours)}"


def unfinished_runs(instance: dg.DagsterInstance, job_name: str | None = None) -> list[dg.DagsterRun]:
    """Runs that have not ended, of one job or of all."""
    return list(instance.get_runs(dg.RunsFilter(job_name=job_name, statuses=UNFINISHED)))
