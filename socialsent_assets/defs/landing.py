"""Landing assets. Materializing them records counts and a data version; it moves no data.

Not here: how objects get there (lambdas/, cli/), the sensor that watches them (sensors.py).
"""

from typing import Any

import dagster as dg

from socialsent_assets.defs.metadata import DAYS_DESCRIBED, OWNERS, table_metadata
from socialsent_assets.defs.partitions import EVENT_DAYS, hours_of_run
from socialsent_assets.domain.events.hour_set import days_of
from socialsent_assets.domain.events.layout import LANDING_EVENTS, LANDING_LABELS, LANDING_QUARANTINE
from socialsent_assets.domain.tables import LANDED_EVENTS
from socialsent_assets.lake.lake import fingerprint
from socialsent_assets.lake.landing_stats import Stock, stock_of
from socialsent_assets.lake.quarantine_stats import quarantine_stock
from socialsent_assets.lake.storage.base import ObjectInfo, Storage
from socialsent_assets.lake.storage.parallel import each
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
    partitions_def=EVENT_DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    metadata=table_metadata(LANDED_EVENTS),
)
def landed_events(context: dg.AssetExecutionContext, lake: LakeResource) -> dg.MaterializeResult[None]:
    """Events as they arrived: gzipped JSON Lines by day and hour of `event_time`, written by the consumer Lambda."""
    return _take_stock(context, lake, LANDING_EVENTS)


@dg.asset(
    key=QUARANTINE,
    group_name="landing",
    kinds={"kinesis", "json"},
    owners=OWNERS,
    code_version="1",
    partitions_def=EVENT_DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def quarantined_records(context: dg.AssetExecutionContext, lake: LakeResource) -> dg.MaterializeResult[None]:
    """Records that the consumer quarantined, by hour of arrival: raw bytes, reason, position."""
    return _take_stock(context, lake, LANDING_QUARANTINE)


@dg.asset(key=LABELS, group_name="landing", kinds={"json"}, owners=OWNERS, code_version="1")
def human_labels(lake: LakeResource) -> dg.MaterializeResult[None]:
    """Sentiment labels of single texts: simulated annotators and imported label files."""
    objects = lake.open().landing.list(LANDING_LABELS)
    return dg.MaterializeResult(
        metadata=_stock_metadata(stock_of(objects), objects), data_version=dg.DataVersion(fingerprint(objects))
    )


def _take_stock(context: dg.AssetExecutionContext, lake: LakeResource, kind: str) -> dg.MaterializeResult[None]:
    landing = lake.open().landing
    days = days_of(hours_of_run(context.run))  # whole, also where the run builds one hour of a day
    listed = dict(zip(days, each(landing, lambda day: _objects_of_day(landing, kind, day), days), strict=True))
    if len(days) <= DAYS_DESCRIBED:
        for day, objects in listed.items():
            stock = quarantine_stock(landing, objects) if kind == LANDING_QUARANTINE else stock_of(objects)
            context.add_asset_metadata(_stock_metadata(stock, objects), partition_key=day)
    everything = fingerprint(info for objects in listed.values() for info in objects)
    return dg.MaterializeResult(data_version=dg.DataVersion(everything))


def _objects_of_day(landing: Storage, kind: str, day: str) -> list[ObjectInfo]:
    folder = f"{kind}/dt={day}"
    return [info for hour in landing.folders(folder) for info in landing.list(f"{folder}/{hour}")]


def _stock_metadata(stock: Stock, objects: list[ObjectInfo]) -> dict[str, Any]:
    return {
        "dagster/row_count": stock.rows,
        "objects": stock.objects,
        "uncounted objects": stock.uncounted,
        "duplicates": stock.duplicates,
        "bytes": stock.size,
        "fingerprint": fingerprint(objects),
    }
