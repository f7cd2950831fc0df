"""The endpoint as an asset: what it shows, what it passes on, and that it leaves the rest of the graph alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from socialsent_assets.defs.ml.endpoint import ENDPOINT, sentiment_endpoint
from socialsent_assets.domain.learning.model_card import CLASSIFIER
from socialsent_assets.ml.registry import ModelRegistry
from socialsent_assets.resources.build import resources_for
from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.resources.model_endpoint import Hosted, Hosting, HostingError, NoHosting, SageMakerHosting
from socialsent_assets.settings import Settings
from tests.resources.conftest import promote


class Answers(Hosting):
    """Hosts the champion without any AWS, or fails with a reason."""

    failure: str = ""

    def host(self, models: ModelRegistry, tell: Callable[[str], object]) -> Hosted:
        if self.failure:
            raise HostingError(self.failure)
        model = models.champion(CLASSIFIER)
        tell("it answers")
        return Hosted(model, "arn:endpoint", "arn:package", "mood-1", "s3://artifacts/x/model.tar.gz", True)


def materialize(lake: Any, hosting: Hosting) -> dg.ExecuteInProcessResult:
    roots = {tier: lake.tier(tier).uri for tier in ("landing", "cleansed", "analytics", "artifacts")}
    with dg.instance_for_test() as instance:
        return dg.materialize(
            [sentiment_endpoint],
            resources={"lake": LakeResource(**roots), "hosting": hosting},
            instance=instance,
            raise_on_error=False,
        )


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    return str(result.failure_data_for_node("models__sentiment_endpoint").user_failure_data.description)


def test_the_endpoint_shows_what_it_serves_and_how_good_that_is(lake: Any) -> None:
    """Prevents an ARN without the figure, and a figure without its baseline."""
    digest = promote(lake)
    [made] = materialize(lake, Answers()).asset_materializations_for_node("models__sentiment_endpoint")
    shown = {name: value.value for name, value in made.metadata.items()}
    assert (shown["digest"], shown["endpoint_arn"], shown["model_package_arn"]) == (
        digest, "arn:endpoint", "arn:package",
    )  # fmt: skip
    assert (shown["macro_recall"], shown["macro_recall of lexicon (VADER)"]) == (0.6512, 0.57)
    assert shown["is_changed"] is True
    assert made.tags["dagster/data_version"] == digest


def test_where_nothing_is_hosted_the_asset_is_skipped_and_the_run_goes_well(lake: Any) -> None:
    """Prevents a red graph, or a green box for an endpoint that is not there, on one machine."""
    result = materialize(lake, NoHosting())
    assert result.success
    assert result.asset_materializations_for_node("models__sentiment_endpoint") == []


@pytest.mark.parametrize("hosting", [Answers(), Answers(failure="mood is Failed: no /ping")])
def test_a_failure_is_one_sentence_without_a_traceback(lake: Any, hosting: Answers) -> None:
    """Prevents a stack of library frames where a person needs the next command."""
    result = materialize(lake, hosting)
    assert not result.success
    assert failure_of(result).startswith(hosting.failure or "no sentiment_classifier model is in use yet")


def test_hosting_has_a_job_of_its_own(lake: Any) -> None:
    """Prevents a training or an hour of events that fails because an endpoint does."""
    from socialsent_assets.definitions import defs

    holding = [
        job.name
        for job in defs.resolve_all_job_defs()
        if not job.name.startswith("__") and ENDPOINT in job.asset_layer.executable_asset_keys
    ]
    assert holding == ["host"]


def test_sagemaker_is_bound_only_when_it_is_configured(tmp_path: Path) -> None:
    """Prevents an endpoint, and its bill, that was never configured."""
    from socialsent_assets.warehouse.dbt.manifest import dbt_project

    env = {"SOCIALSENT_HOME": str(tmp_path)}
    project = dbt_project(Settings.from_env(env))
    assert isinstance(resources_for(Settings.from_env(env), project)["hosting"], NoHosting)
    env |= {
        "SOCIALSENT_SAGEMAKER_ENDPOINT": "mood",
        "SOCIALSENT_SAGEMAKER_ROLE_ARN": "arn:aws:iam::123456789012:role/endpoint",
        "SOCIALSENT_SAGEMAKER_IMAGE_URI": "image:1",
        "SOCIALSENT_SAGEMAKER_ARCHIVES": "s3://artifacts",
    }
    hosting = resources_for(Settings.from_env(env), project)["hosting"]
    assert isinstance(hosting, SageMakerHosting)
    assert (hosting.endpoint, hosting.archives, hosting.memory_mb) == ("mood", "s3://artifacts", 2048)
