"""A SageMaker account inside the process, and models to host there.

What moto lacks is added here: UpdateEndpoint, endpoints that take time to be in service or fail, and permissions of
SageMaker calls. It runs no container and starts no endpoint, so that a model answers is shown by tests of the server
(tests/ml/test_serving.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from socialsent_assets.domain.learning.model_card import CARD, CLASSIFIER, ModelCard, fingerprints, write_card
from socialsent_assets.lake.lake import Lake
from socialsent_assets.local_aws.server import REGION, EmbeddedAws, embedded_aws
from socialsent_assets.ml.registry import ModelRegistry
from socialsent_assets.resources.model_endpoint import SageMakerHosting

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROLE = "arn:aws:iam::123456789012:role/endpoint"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/socialsent:1"
BUCKET = "artifacts"


def share(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.01, "high": value + 0.01}


def model_files(content: bytes = b"weights", **changes: Any) -> dict[str, bytes]:
    """The files of a model that cannot classify, with a card as training writes it."""
    files = {"classifier.json": b"{}", "classifier.npz": content}
    measured = {"posts": 2000, "macro_recall": share(0.6512), "macro_f1": share(0.64), "accuracy": share(0.66)}
    card = ModelCard(
        kind=CLASSIFIER, created_at=NOON.isoformat(), label_source="human", data={}, metrics=measured,
        baselines={"lexicon (VADER)": measured | {"macro_recall": share(0.57)}}, gains={}, choice={},
        files=fingerprints(files), libraries={},
    )  # fmt: skip
    return {**files, CARD: write_card(replace(card, **changes)), "card.md": b"# page\n"}


def promote(lake: Lake, content: bytes = b"weights", **changes: Any) -> str:
    """Make a new model champion of the lake; returns its digest."""
    models = ModelRegistry(lake.artifacts)
    digest = models.add(model_files(content, **changes))
    models.promote(CLASSIFIER, digest, NOON)
    return digest


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedAws]:
    with embedded_aws() as running:
        yield running


@dataclass
class Account:
    """The account as a test sees and disturbs it.

    Attributes:
        calls: names of all operations that changed something, in order.
        actions: all operations as IAM calls them.
        next_statuses: what becomes of the next created or updated endpoint, look by look; then it stays.
    """

    aws: EmbeddedAws
    calls: list[str]
    next_statuses: list[str]
    actions: set[str] = field(default_factory=set)
    failure: str = "The container did not answer /ping"

    def sagemaker(self) -> Any:
        return self.aws.client("sagemaker")

    def endpoint(self) -> dict[str, Any]:
        return self.sagemaker().describe_endpoint(EndpointName="mood")

    def packages(self) -> list[dict[str, Any]]:
        client = self.sagemaker()
        found = client.list_model_packages(ModelPackageGroupName="moods")["ModelPackageSummaryList"]
        return [client.describe_model_package(ModelPackageName=package["ModelPackageArn"]) for package in found]

    def archive(self, digest: str) -> bytes:
        key = f"lake/hosting/sentiment_classifier/{digest}/model.tar.gz"
        return self.aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()


@pytest.fixture
def account(server: EmbeddedAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Account:
    """An empty account with one bucket, which is the one that boto3 finds by itself."""
    import httpx
    from moto.core.responses import ActionResult
    from moto.sagemaker.models import FakeEndpoint
    from moto.sagemaker.responses import SageMakerResponse

    httpx.post(f"{server.endpoint}/moto-api/reset", trust_env=False).raise_for_status()
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "embedded")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "embedded")
    server.client("s3").create_bucket(Bucket=BUCKET)
    made = Account(server, [], [])

    def update_endpoint(response: Any) -> Any:
        endpoint = response.sagemaker_backend.endpoints[response._get_param("EndpointName")]
        endpoint.previous, endpoint.endpoint_config_name = (
            endpoint.endpoint_config_name, response._get_param("EndpointConfigName"),
        )  # fmt: skip
        endpoint.statuses, made.next_statuses = made.next_statuses, []
        return ActionResult({"EndpointArn": endpoint.arn})

    def started(endpoint: Any, *args: Any, _init: Any = FakeEndpoint.__init__, **kwargs: Any) -> None:
        _init(endpoint, *args, **kwargs)
        endpoint.statuses, made.next_statuses = made.next_statuses, []

    def described(response: Any, _describe: Any = SageMakerResponse.describe_endpoint) -> Any:
        endpoint = response.sagemaker_backend.endpoints.get(response._get_param("EndpointName"))
        if endpoint is not None and endpoint.statuses:
            status = endpoint.statuses.pop(0)
            if status == "took it back":
                status, endpoint.endpoint_config_name = "InService", endpoint.previous
            endpoint.endpoint_status = status
            endpoint.failure_reason = made.failure
        return _describe(response)

    monkeypatch.setattr(SageMakerResponse, "update_endpoint", update_endpoint, raising=False)
    monkeypatch.setattr(SageMakerResponse, "describe_endpoint", described)
    monkeypatch.setattr(FakeEndpoint, "__init__", started)
    _note_changes(made, monkeypatch)
    return made


def _note_changes(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.client import BaseClient

    original = BaseClient._make_api_call  # type: ignore[attr-defined]

    def noted(client: Any, operation: str, arguments: Any) -> Any:
        account.actions.add(f"{client.meta.service_model.service_name}:{operation}")
        if re.match(r"Create|Update|Put|Delete", operation):
            account.calls.append(operation)
        return original(client, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", noted)


@pytest.fixture
def hosting() -> SageMakerHosting:
    """What the settings of a test name; it looks at the endpoint without a pause."""
    return SageMakerHosting(
        endpoint="mood", model_group="moods", role_arn=ROLE, image_uri=IMAGE, archives=f"s3://{BUCKET}/lake",
        memory_mb=2048, max_concurrency=4, poll_seconds=0.0,
    )  # fmt: skip
