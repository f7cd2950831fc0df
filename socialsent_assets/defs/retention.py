"""Retention once a day: events that are older than their source may be leave landing.

The landing sensor sees the hours change and builds them again; ids that the warehouse remembers follow with the next
run, when those hours are built.

Not here: the days (settings/retention.py), what is taken out and how (erasure/).
"""

from datetime import UTC, datetime

import dagster as dg

from socialsent_assets.erasure.retention import expire_landing
from socialsent_assets.erasure.warehouse import forget_keys
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.file_lock import exclusive
from socialsent_assets.settings import Settings

_PATIENCE_S = 600.0


class RetentionConfig(dg.Config):
    """`dry_run`: count, and change nothing."""

    dry_run: bool = False


def definitions(settings: Settings) -> tuple[dg.JobDefinition, dg.ScheduleDefinition]:
    """The job and its schedule, with the days that the settings name."""

    @dg.op(name="expire_events")
    def expire(context: dg.OpExecutionContext, config: RetentionConfig) -> None:
        if not settings.retention:
            context.log.info("nothing to do: SOCIALSENT_RETENTION is not set")
            return
        with exclusive(settings.home / "locks" / "retention.lock", _PATIENCE_S):
            forgotten = 0
            if settings.dbt_target == "local" and not config.dry_run:
                forgotten = forget_keys(settings.warehouse)
            now = datetime.now(UTC)
            receipt = expire_landing(Lake.of(settings), settings.retention, now, dry_run=config.dry_run)
        numbers = receipt.as_receipt(now)
        context.log.info(f"retention: {numbers}")
        context.add_output_metadata(
            {
                "days by source": dict(settings.retention.days),
                "receipt": numbers,
                "events": receipt.events.total(),
                "quarantined": receipt.quarantined,
                "objects": receipt.objects,
                "hours": len(receipt.hours),
                "keys forgotten": forgotten,
                "dry run": config.dry_run,
            }
        )

    @dg.job(name="retention", description="Delete landed events older than SOCIALSENT_RETENTION allows.")
    def job() -> None:
        expire()

    days = ", ".join(f"{source} {days} days" for source, days in sorted(settings.retention.days.items()))
    on = bool(settings.retention) and not settings.landing.startswith("s3://")
    schedule = dg.ScheduleDefinition(
        name="retention_daily",
        job=job,
        cron_schedule="13 3 * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING if on else dg.DefaultScheduleStatus.STOPPED,
        description=f"Events are kept by source: {days or 'all, while SOCIALSENT_RETENTION is not set'}.",
    )
    return job, schedule
