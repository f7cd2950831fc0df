"""Upkeep of the lake's tables, once a day: compaction, expiry of old snapshots, removal of orphaned files.

It goes through the compute resource, because on AWS this process may write no rows.

Not here: what is done to a table (lake/upkeep.py).
"""

from datetime import UTC, datetime

import dagster as dg

from socialsent_assets.resources.compute import Compute


class UpkeepConfig(dg.Config):
    """How long snapshots can be read after others replaced them, in hours."""

    keep_hours: int = 24


@dg.op
def keep_up_tables(context: dg.OpExecutionContext, config: UpkeepConfig, compute: Compute) -> None:
    """Files, snapshots and orphans of every table, before and after, as metadata of the output."""
    done = compute.keep_up(datetime.now(UTC), config.keep_hours, context)
    if done is None:
        context.log.info("upkeep was already started by another step and has finished; that run has its counts")
        return
    for one in done:
        context.log.info(
            f"{one.table}: {one.files_before} -> {one.files_after} files, {one.snapshots_expired} snapshots expired, "
            f"{one.orphans_removed} orphans removed ({one.orphan_bytes:,} bytes)"
        )
    context.add_output_metadata(
        {
            "files before": sum(one.files_before for one in done),
            "files after": sum(one.files_after for one in done),
            "snapshots expired": sum(one.snapshots_expired for one in done),
            "orphans removed": sum(one.orphans_removed for one in done),
            "orphan bytes": sum(one.orphan_bytes for one in done),
        }
    )


@dg.job(description="Compact small data files, expire old snapshots, remove files that no snapshot names.")
def upkeep() -> None:
    """See `keep_up_tables`."""
    keep_up_tables()


daily = dg.ScheduleDefinition(
    name="upkeep_daily",
    job=upkeep,
    cron_schedule="43 2 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Daily upkeep of the lake's tables.",
)
