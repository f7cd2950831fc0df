"""The followed networks in the graph: an asset that says where each stands, and the sensor that keeps it up to date.

The records themselves come in beside Dagster, by `socialsent follow`, as the simulated feed does by the producer.

Not here: following a network (ingest/live/), starting and stopping it (cli/ui.py).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import dagster as dg

from socialsent_assets.defs.metadata import OWNERS
from socialsent_assets.ingest.live.checkpoint import gap_count, places
from socialsent_assets.lake.lake import Lake
from socialsent_assets.resources.lake import LakeResource

FOLLOWED = dg.AssetKey(["landing", "followed"])
LOOK_EVERY_S = 60


@dg.asset(key=FOLLOWED, group_name="landing", kinds={"json"}, owners=OWNERS, code_version="1")
def followed_networks(lake: LakeResource) -> dg.MaterializeResult[None]:
    """Followed public networks: lag of each, and periods that could not be recovered (gaps)."""
    opened = lake.open()
    return dg.MaterializeResult(metadata=describe(opened), data_version=dg.DataVersion(version_of(opened)))


@dg.sensor(
    asset_selection=[FOLLOWED],
    description="Reports lag and gaps of the followed networks.",
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=LOOK_EVERY_S,
)
def following_sensor(context: dg.SensorEvaluationContext, lake: LakeResource) -> dg.SensorResult | dg.SkipReason:
    """Reports lag and gaps of the followed networks when they change; needs no run."""
    opened = lake.open()
    version = version_of(opened)
    if not version or version == context.cursor:
        return dg.SkipReason("no followed network has moved" if version else "no network is followed")
    tags = {"dagster/data_version": version}
    event = dg.AssetMaterialization(FOLLOWED, metadata=describe(opened), tags=tags)
    return dg.SensorResult(asset_events=[event], cursor=version)


def version_of(lake: Lake) -> str:
    """A text that changes when a network has moved; "" if none is followed."""
    return ";".join(f"{place.key}@{place.written_at.isoformat()}" for place in places(lake.artifacts))


def describe(lake: Lake) -> dict[str, Any]:
    """Metadata of the asset: numbers that the UI plots, per network."""
    now = datetime.now(UTC)
    metadata: dict[str, Any] = {"gaps": gap_count(lake.landing)}
    for place in places(lake.artifacts):
        metadata[f"{place.key}: last records landed"] = dg.MetadataValue.timestamp(place.written_at)
        metadata[f"{place.key}: silent (s)"] = max((now - place.written_at).total_seconds(), 0.0)
        if place.lag_s is not None:
            metadata[f"{place.key}: lag (s)"] = place.lag_s
    return metadata
