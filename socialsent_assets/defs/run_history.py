"""Retention of the run history, every hour.

Not here: which runs are deleted (resources/run_history.py), what else goes with them (resources/run_leftovers.py).
"""

from datetime import UTC, datetime, timedelta

import dagster as dg

from socialsent_assets.resources.run_history import delete_old_runs
from socialsent_assets.resources.run_leftovers import delete_leftovers, delete_tick_logs
from socialsent_assets.settings import Settings


def definitions(settings: Settings) -> tuple[dg.JobDefinition, dg.ScheduleDefinition]:
    """The job and its schedule, with the retention that the settings name."""

    @dg.op(name="delete_old_runs")
    def delete(context: dg.OpExecutionContext) -> None:
        before = datetime.now(UTC) - timedelta(days=settings.run_history_days)
        deleted = delete_old_runs(context.instance, before, settings.run_history_runs)
        evaluations = delete_leftovers(context.instance)
        ticks = delete_tick_logs(context.instance, before, settings.run_history_runs)
        context.log.info(f"{deleted} runs, {evaluations} evaluations of checks and logs of {ticks} ticks deleted")
        context.add_output_metadata(
            {"runs deleted": deleted, "check evaluations deleted": evaluations, "tick logs deleted": ticks}
        )

    @dg.job(
        name="run_history",
        description="Delete old runs with their events, checks and logs, except the last build of every partition.",
    )
    def job() -> None:
        delete()

    schedule = dg.ScheduleDefinition(
        name="run_history_hourly",
        job=job,
        cron_schedule="17 * * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Runs are kept for {settings.run_history_days} days, {settings.run_history_runs} at most.",
    )
    return job, schedule
