"""The followed networks in the graph: reported when they move, by a sensor that needs no run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from socialsent_assets.defs.following import FOLLOWED, following_sensor
from socialsent_assets.ingest.live.checkpoint import Checkpoint, write_gap
from socialsent_assets.ingest.live.connection import Gap
from socialsent_assets.lake.lake import Lake
from socialsent_assets.resources.lake import LakeResource

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def look(root: Path, cursor: str | None = None) -> dg.SensorResult | dg.SkipReason:
    tiers = {tier: str(root / tier) for tier in ("landing", "cleansed", "analytics", "artifacts")}
    lake = LakeResource(**tiers)  # type: ignore[arg-type]
    with dg.build_sensor_context(cursor=cursor) as context:
        found = following_sensor(context, lake=lake)
    assert isinstance(found, dg.SensorResult | dg.SkipReason)
    return found


def test_a_network_that_moves_is_reported_once_with_lag_and_gaps(tmp_path: Path) -> None:
    """Prevents a followed network that has stopped, or lost something, without anybody who can see it in the UI."""
    lake = Lake.in_folder(tmp_path)
    Checkpoint(lake.artifacts, "bluesky").write("5", NOW, NOW - timedelta(seconds=3))
    write_gap(lake.landing, Gap("bluesky", "4", "lost", NOW))
    found = look(tmp_path)
    assert isinstance(found, dg.SensorResult)
    (event,) = found.asset_events
    assert isinstance(event, dg.AssetMaterialization)
    assert event.asset_key == FOLLOWED
    assert event.metadata["bluesky: lag (s)"].value == 3.0
    assert event.metadata["gaps"].value == 1
    assert isinstance(look(tmp_path, found.cursor), dg.SkipReason)
    Checkpoint(lake.artifacts, "bluesky").write("6", NOW + timedelta(seconds=1))
    assert isinstance(look(tmp_path, found.cursor), dg.SensorResult)


def test_a_lake_that_follows_nothing_is_left_alone(tmp_path: Path) -> None:
    """Prevents an event a minute about nothing."""
    assert isinstance(look(tmp_path), dg.SkipReason)
