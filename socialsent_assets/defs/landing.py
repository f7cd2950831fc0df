"""What has landed: events and quarantine by hour, human labels. Materializing these takes stock and moves nothing.

Not here: how objects get there (lambdas/, cli/), the sensor that watches them (sensors.py).
"""

from typing import Any

import dagster as dg

from socialsent_assets.defs.metadata import OWNERS, table_metadata
from socialsent_assets.defs.partitions import EVENT_HOURS, hours_of_keys
from socialsent_assets.domain.events.layout import LANDING_EVENTS, LANDING_LABELS, LANDING_QUARANTINE, table_prefix
from socialsent_assets.domain.tables import LANDED_EVENTS
from socialsent_assets.lake.lake import fingerprint
from socialsent_assets.lake.landing_stats import stock_of
from socialsent_assets.lake.storage.base import ObjectInfo
from socialsent_assets.resources.lake import LakeResource

EVENTS = dg.AssetKey(["landing", "events"])
QUARANTINE = dg.AssetKey(["landing", "quarantine"])
LABELS = dg.AssetKey(["landing", "labels"])


@dg.asset(
    key=EVENTS,
    group_name="landing",
    kinds={"kinesis", "json"},
    owners=OWNERS,
    code_version="1",
    partitions_def=EVENT_HOURS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    metadata=table_metadata(LANDED_EVENTS),
)
def landed_events(context: dg.AssetExecutionContext, lake: LakeResource) -> dg.MaterializeResult[None]:
    """Events as they arrived: gzipped JSON Lines by hour of `event_time`, written by the consumer Lambda."""
    return _take_stock(context, lake, LANDING_EVENTS)


@dg.asset(
    key=QUARANTINE,
    group_name="landing",
    kinds={"kinesis", "json"},
    owners=OWNERS,
    code_version="1",
    partitions_def=EVENT_HOURS,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def quarantined_records(context: dg.AssetExecutionContext, lake: LakeResource) -> dg.MaterializeResult[None]:
    """Records that the consumer could not accept, by hour of arrival: raw bytes, reason, position."""
    return _take_stock(context, lake, LANDING_QUARANTINE)


@dg.asset(key=LABELS, group_name="landing", kinds={"json"}, owners=OWNERS, code_version="1")
def human_labels(lake: LakeResource) -> dg.MaterializeResult[None]:
    """What people say about the mood of single texts: simulated annotators and imported label files."""
    objects = lake.open().landing.list(LANDING_LABELS)
    return dg.MaterializeResult(metadata=_stock_metadata(objects), data_version=dg.DataVersion(fingerprint(objects)))


def _take_stock(context: dg.AssetExecutionContext, lake: LakeResource, kind: str) -> dg.MaterializeResult[None]:
    landing = lake.open().landing
    hours = hours_of_keys(context.partition_keys)
    listed = {hour: landing.list(table_prefix(kind, hour)) for hour in hours}
    for hour, objects in listed.items():
        context.add_asset_metadata(_stock_metadata(objects), partition_key=hour.key)
    everything = fingerprint(info for objects in listed.values() for info in objects)
    return dg.MaterializeResult(data_version=dg.DataVersion(everything))


def _stock_metadata(objects: list[ObjectInfo]) -> dict[str, Any]:
    stock = stock_of(objects)
    return {
        "dagster/row_count": stock.rows,
        "objects": stock.objects,
        "uncounted objects": stock.uncounted,
        "duplicates": stock.duplicates,
        "bytes": stock.size,
        "fingerprint": fingerprint(objects),
    }
