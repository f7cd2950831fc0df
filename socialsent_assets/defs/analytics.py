"""The analytics tier: polarity and tokens of every text, and one row per built hour.

Not here: how a text is scored (domain/language/), the job (jobs/score.py).
"""

from collections.abc import Iterator

import dagster as dg

from socialsent_assets.defs.metadata import OWNERS, describe_days, table_metadata
from socialsent_assets.defs.ml.assets import CLASSIFIER
from socialsent_assets.defs.partitions import EVENT_DAYS, hours_of_run
from socialsent_assets.domain.tables import COMMENTS, LAKE_HOURS, POSTS, QUARANTINE, SENTIMENT, Table
from socialsent_assets.lake.builds import read_builds
from socialsent_assets.lake.staleness import hours_with_work, score_code_version
from socialsent_assets.lake.undo import held_hours
from socialsent_assets.resources.compute import Compute
from socialsent_assets.resources.lake import LakeResource

TABLES = (SENTIMENT, LAKE_HOURS)
_READS = {SENTIMENT: (POSTS, COMMENTS), LAKE_HOURS: (POSTS, COMMENTS, QUARANTINE)}
_ASKS = {SENTIMENT: [CLASSIFIER], LAKE_HOURS: []}  # its champion, where one was promoted


def _spec(table: Table) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=dg.AssetKey(table.asset_key),
        deps=[*(dg.AssetKey(source.asset_key) for source in _READS[table]), *_ASKS[table]],
        description=table.meaning,
        group_name="analytics",
        kinds={"spark", "iceberg"},
        owners=OWNERS,
        code_version=score_code_version(),
        metadata=table_metadata(table),
        skippable=True,
    )


@dg.multi_asset(
    name="score",
    specs=[_spec(table) for table in TABLES],
    partitions_def=EVENT_DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    can_subset=True,
)
def analytics_tables(
    context: dg.AssetExecutionContext, compute: Compute, lake: LakeResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Lexicon scores and the champion's answers for every post and comment version; the marts learn from
    `lake_hours` what they hold.
    """
    opened = lake.open()
    hours = hours_with_work(opened, hours_of_run(context.run))
    held = held_hours(opened, hours)  # whose last build was undone
    hours = [hour for hour in hours if hour not in held]
    compute.run("score", hours, context)
    describe_days(context, TABLES, read_builds(opened).score, hours)
    for key in sorted(context.selected_asset_keys):
        yield dg.MaterializeResult(asset_key=key)
