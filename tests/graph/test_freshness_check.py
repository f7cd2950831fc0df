"""Freshness check of landing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from socialsent_assets.defs.checks import freshness
from socialsent_assets.domain.events.layout import LANDING_EVENTS, EventHour, landing_key, landing_name
from socialsent_assets.resources.lake import LakeResource


def test_an_event_from_a_clock_ahead_does_not_make_old_data_fresh(tmp_path: Path) -> None:
    """Prevents a green check beside a critical alert: data ten hours old, one event stamped twenty hours ahead."""
    lake = LakeResource(
        **{tier: str(tmp_path / tier) for tier in ("landing", "cleansed", "analytics", "artifacts")},  # type: ignore[arg-type]
        catalog_kind="sqlite",
    )
    now = datetime.now(UTC)
    for hours in (-10, 20):
        hour = EventHour.of(now + timedelta(hours=hours))
        lake.open().landing.write(landing_key(LANDING_EVENTS, hour, landing_name("test", 1, 0)), b"")
    result = freshness.newest_hour(lake)
    assert isinstance(result, dg.AssetCheckResult)
    assert isinstance(result, dg.AssetCheckResult)
    assert not result.passed
    assert result.metadata["lag_seconds"].value > 8 * 3600
