"""The cleansed tier: one job reads the landed hours and writes four tables and the quarantine.

Not here: the rules (domain/events/), the job (jobs/cleanse.py), its checks (checks/).
"""

from collections.abc import Iterator

import dagster as dg

from socialsent_assets.defs.landing import EVENTS
from socialsent_assets.defs.metadata import OWNERS, describe_days, table_metadata
from socialsent_assets.defs.partitions import EVENT_DAYS, hours_of_run
from socialsent_assets.domain.tables import BUILDS, CLEANSED_EVENTS, QUARANTINE, Table
from socialsent_assets.lake.builds import read_builds
from socialsent_assets.lake.staleness import cleanse_code_version, hours_with_work
from socialsent_assets.lake.undo import held_hours
from socialsent_assets.resources.compute import Compute
from socialsent_assets.resources.lake import LakeResource

TABLES = (*CLEANSED_EVENTS, QUARANTINE, BUILDS)


def _spec(table: Table) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=dg.AssetKey(table.asset_key),
        deps=[EVENTS],
        description=table.meaning,
        group_name="cleansed",
        kinds={"spark", "iceberg"},
        owners=OWNERS,
        code_version=cleanse_code_version(),
        metadata=table_metadata(table),
        skippable=True,
    )


@dg.multi_asset(
    name="cleanse",
    specs=[_spec(table) for table in TABLES],
    partitions_def=EVENT_DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    can_subset=True,
)
def cleansed_tables(
    context: dg.AssetExecutionContext, compute: Compute, lake: LakeResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Every table comes out of the one pass over landing, so a subset costs as much as all of them."""
    opened = lake.open()
    hours = hours_with_work(opened, hours_of_run(context.run))
    held = held_hours(opened, hours)  # whose last build was undone
    hours = [hour for hour in hours if hour not in held]
    compute.run("cleanse", hours, context)
    describe_days(context, TABLES, read_builds(opened).cleanse, hours)
    for key in sorted(context.selected_asset_keys):
        yield dg.MaterializeResult(asset_key=key)
