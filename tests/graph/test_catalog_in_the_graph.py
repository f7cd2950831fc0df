"""Whoever reads the lake by the catalog finds the hours of a run there, before anything depends on them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import dagster as dg
import pytest
from graph_lake import Landing, hour
from socialsent_assets.lake.receipts import Receipt
from socialsent_assets.resources.catalog import Catalog

from socialsent_assets.defs import analytics, cleansed, marts
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.lake.lake import Lake
from socialsent_assets.resources.compute import Compute, JobName
from socialsent_assets.resources.lake import LakeResource

steps: list[tuple[str, list[str]]] = []


class PretendedCompute(Compute):
    """Leaves what a job leaves."""

    lake: LakeResource

    def run(self, job: JobName, hours: Sequence[EventHour], log: Callable[[str], None]) -> list[Receipt]:
        landing = Landing(self.lake.open())
        steps.append((job, [at.key for at in hours]))
        return [landing.cleanse(at) if job == "cleanse" else landing.score(at) for at in hours]


class NotedCatalog(Catalog):
    """Remembers what was registered."""

    def register(self, lake: Lake, hours: Iterable[EventHour], tell: Callable[[str], object]) -> None:
        steps.append(("register", [at.key for at in hours]))


def run(asset: Any, lake: Lake, at: EventHour) -> None:
    resource = LakeResource(
        **{tier: lake.tier(tier).uri for tier in ("landing", "cleansed", "analytics", "artifacts")}
    )
    resources = {"lake": resource, "compute": PretendedCompute(lake=resource), "catalog": NotedCatalog()}
    assert dg.materialize([asset], partition_key=at.start.date().isoformat(), resources=resources).success


@pytest.mark.parametrize(
    ("asset", "job"), [(cleansed.cleansed_tables, "cleanse"), (analytics.analytics_tables, "score")]
)
def test_the_hours_of_a_run_are_registered_after_they_were_published(
    asset: Any, job: str, lake: Lake, landing: Landing
) -> None:
    """Prevents marts that are built without the newest hour, because Spectrum does not know of it."""
    at = hour("22T03")
    landing.add(at)
    landing.cleanse(at)
    steps.clear()
    run(asset, lake, at)
    assert steps == [(job, [at.key]), ("register", [at.key])]


def test_marts_register_what_they_are_about_to_read() -> None:
    """Prevents marts that miss an hour for ever, whose run was killed between publishing and registering it."""
    body = inspect.getsource(marts.dbt_marts)
    assert body.index("catalog.register(") < body.index("warehouse.building(")
