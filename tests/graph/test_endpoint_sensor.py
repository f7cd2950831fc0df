"""The endpoint follows the champion, and a champion that cannot be hosted is tried a bounded number of times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dagster as dg
import pytest

from socialsent_assets.defs.ml import endpoint_sensor as sensor
from socialsent_assets.defs.ml.endpoint import ENDPOINT
from socialsent_assets.lake.lake import Lake
from socialsent_assets.ml.registry import ModelRegistry
from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.resources.model_endpoint import NoHosting, SageMakerHosting

HOSTED = SageMakerHosting(
    endpoint="mood",
    model_group="mood",
    role_arn="arn:aws:iam::123456789012:role/endpoint",
    image_uri="123456789012.dkr.ecr.us-east-1.amazonaws.com/socialsent:1",
    archives="s3://archives",
    memory_mb=2048,
    max_concurrency=5,
)
Tick = Callable[..., Any]


@pytest.fixture
def instance() -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()


@pytest.fixture
def tick(lake: Lake, instance: dg.DagsterInstance) -> Tick:
    tiers = {name: lake.tier(name).uri for name in ("landing", "cleansed", "analytics", "artifacts")}

    def ticked(cursor: str | None = None, hosting: Any = HOSTED) -> Any:
        context = dg.build_sensor_context(
            instance=instance,
            cursor=cursor,
            resources={"lake": LakeResource(**tiers), "hosting": hosting},  # type: ignore[arg-type]
        )
        return sensor.endpoint_sensor(context)

    return ticked


@pytest.fixture
def champion(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], None]:
    def named(digest: str | None) -> None:
        monkeypatch.setattr(ModelRegistry, "champion_digest", lambda self, kind: digest)

    return named


def hosts(instance: dg.DagsterInstance, digest: str) -> None:
    made = dg.AssetMaterialization(asset_key=ENDPOINT, tags={"dagster/data_version": digest})
    instance.report_runless_asset_event(made)


def test_a_promoted_champion_is_hosted_without_a_person(
    tick: Tick, instance: dg.DagsterInstance, champion: Callable[[str | None], None]
) -> None:
    """Prevents an endpoint that answers with the model of last month after a promotion."""
    champion("a" * 64)
    assert len(tick().run_requests) == 1
    hosts(instance, "a" * 64)
    assert isinstance(tick(), dg.SkipReason)
    champion("b" * 64)
    assert len(tick().run_requests) == 1


def test_a_rollback_is_hosted_as_well(
    tick: Tick, instance: dg.DagsterInstance, champion: Callable[[str | None], None]
) -> None:
    """Prevents a bad model that goes on answering because the good one was hosted before."""
    hosts(instance, "a" * 64)
    hosts(instance, "b" * 64)
    champion("a" * 64)
    assert len(tick().run_requests) == 1


def test_a_champion_that_cannot_be_hosted_is_tried_three_times(
    tick: Tick, champion: Callable[[str | None], None]
) -> None:
    """Prevents a failing run every minute without end; the next champion gets tries of its own."""
    champion("a" * 64)
    cursor = None
    for _ in range(sensor.TRIES):
        result = tick(cursor)
        assert len(result.run_requests) == 1
        cursor = result.cursor
    assert "could not be hosted" in (tick(cursor).skip_message or "")
    champion("b" * 64)
    assert len(tick(cursor).run_requests) == 1


def test_nothing_is_requested_where_nothing_is_hosted_or_nobody_is_champion(
    tick: Tick, champion: Callable[[str | None], None]
) -> None:
    """Prevents runs that do nothing on every laptop."""
    champion("a" * 64)
    assert "SOCIALSENT_SAGEMAKER_ENDPOINT" in (tick(hosting=NoHosting()).skip_message or "")
    champion(None)
    assert "no champion" in (tick().skip_message or "")
