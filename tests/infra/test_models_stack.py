"""Images and endpoints of the templates: roles can do what docs/serving.md lists, and nothing to another's model."""

from __future__ import annotations

import re

import pytest

from socialsent_assets.ml.serving.archive import MODEL_DIGEST
from socialsent_assets.ml.serving.sagemaker_requests import Container, config_request, model_request
from socialsent_assets.settings import SageMakerSettings
from tests.infra.granted import granted
from tests.infra.synthesized import ACCOUNT, REGION, ROOT, Assembly

pytestmark = pytest.mark.aws

SAGEMAKER = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}"


def hosting(assembly: Assembly) -> dict[str, list[str]]:
    """Action -> resources, of Dagster's role."""
    return granted(assembly, "orchestration", "TaskRoleArn")


def settings(assembly: Assembly) -> SageMakerSettings:
    task = assembly.one("orchestration", "AWS::ECS::TaskDefinition")
    environment = {item["Name"]: item["Value"] for item in task["ContainerDefinitions"][0]["Environment"]}
    role = environment["SOCIALSENT_SAGEMAKER_ROLE_ARN"]
    assert role == assembly.output("models", "EndpointRoleArn")
    found = SageMakerSettings.from_env(environment, environment["SOCIALSENT_LAKE_ARTIFACTS"])
    assert found is not None
    return found


def test_dagster_may_make_every_call_that_the_docs_list(assembly: Assembly) -> None:
    """Prevents a champion that cannot be hosted for want of one permission."""
    page = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
    section = page.partition("### What Dagster's role must be allowed")[2].partition("\n## ")[0]
    listed = set(re.findall(r"`((?:sagemaker|s3|iam):\w+)`", section))
    assert len(listed) > 10
    assert listed <= set(hosting(assembly))


def test_the_names_that_the_code_gives_are_names_that_the_role_may_touch(assembly: Assembly) -> None:
    """The policy ends in a star behind the endpoint's name: names in requests to SageMaker have to begin with it."""
    found, may = settings(assembly), hosting(assembly)
    model = model_request(found.endpoint, found.role_arn, Container(found.image_uri, "s3://x/model.tar.gz", "0" * 64))
    config = config_request(found.endpoint, model, found.memory_mb, found.max_concurrency)
    wanted = {
        "sagemaker:CreateModel": f"model/{model['ModelName']}",
        "sagemaker:CreateEndpointConfig": f"endpoint-config/{config['EndpointConfigName']}",
        "sagemaker:UpdateEndpoint": f"endpoint/{found.endpoint}",
        "sagemaker:CreateModelPackage": f"model-package/{found.model_group}/1",
    }
    for action, resource in wanted.items():
        patterns = [re.escape(allowed).replace(r"\*", ".*") for allowed in may[action]]
        assert any(re.fullmatch(pattern, f"{SAGEMAKER}:{resource}") for pattern in patterns), (action, resource)
    assert may["iam:PassRole"] == [found.role_arn]


def test_the_group_that_the_code_registers_in_is_the_stacks(assembly: Assembly) -> None:
    group = assembly.one("models", "AWS::SageMaker::ModelPackageGroup")
    assert group["ModelPackageGroupName"] == settings(assembly).model_group


def test_an_image_tag_is_never_pushed_twice(assembly: Assembly) -> None:
    """A tag that moves takes the way back with it."""
    repository = assembly.one("models", "AWS::ECR::Repository")
    assert repository["ImageTagMutability"] == "IMMUTABLE"
    assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}


def test_no_endpoint_is_made_beside_the_one_that_follows_the_champion(assembly: Assembly) -> None:
    """Two owners of one endpoint would undo each other's changes."""
    assert assembly.resources("models", "AWS::SageMaker::Endpoint") == {}


def test_a_fixed_endpoint_refuses_every_other_model(everything: Assembly) -> None:
    model = everything.one("models", "AWS::SageMaker::Model")
    container = model["PrimaryContainer"]
    assert container["Environment"] == {MODEL_DIGEST: "0123abcd"}
    assert container["ModelDataUrl"] == "s3://models/model.tar.gz"
    endpoint = everything.one("models", "AWS::SageMaker::Endpoint")
    assert endpoint["EndpointName"] != settings(everything).endpoint


def test_the_endpoint_reads_archives_and_nothing_else_of_the_lake(assembly: Assembly) -> None:
    assert granted(assembly, "models", "EndpointRoleArn")["s3:GetObject"] == [
        f"arn:aws:s3:::socialsent-artifacts-{ACCOUNT}-{REGION}/hosting/*"
    ]
