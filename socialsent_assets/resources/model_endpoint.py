"""Endpoint of the champion as a Dagster resource: none, or a SageMaker serverless endpoint.

Every step looks first and acts only on a difference, so a second call changes nothing and a call that was cut short
is finished by the next one. Nothing is deleted: earlier models and configurations stay, for rollbacks, and cost
nothing.

Not here: the arguments of the calls (ml/serving/sagemaker_requests.py), which model is hosted and when (defs/ml/),
what the container does (ml/serving/server.py).
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import dagster as dg

if TYPE_CHECKING:
    from socialsent_assets.ml.registry import ModelRegistry, RegisteredModel

Tell = Callable[[str], object]
"""Takes a line about something that was done."""

# Statuses of DescribeEndpoint in which it cannot be updated, and which end by themselves.
_ON_ITS_WAY = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"})


class HostingError(Exception):
    """The model could not be hosted; the message gives the reason, and what to do."""


@dataclass(frozen=True)
class Hosted:
    """A model that answers.

    Attributes:
        model: the champion.
        endpoint_arn, package_arn: of the endpoint and of the model package that it serves.
        endpoint_config: name of the configuration in service.
        archive_uri: where the model's archive lies.
        is_changed: whether the endpoint was created or updated; False when it served this model already.
    """

    model: RegisteredModel
    endpoint_arn: str
    package_arn: str
    endpoint_config: str
    archive_uri: str
    is_changed: bool


class Hosting(dg.ConfigurableResource[None], ABC):
    """Something that can make a model answer over the network.

    `is_active`: whether this environment hosts a model at all.
    """

    is_active: ClassVar[bool] = True

    @abstractmethod
    def host(self, models: ModelRegistry, tell: Tell) -> Hosted | None:
        """Make the champion classifier the one that answers; None where nothing is hosted.

        Raises:
            UserError: there is no champion, or it must not answer.
            HostingError: it could not be hosted.
        """


class NoHosting(Hosting):
    """Nothing is hosted: on one machine `socialsent serve` answers."""

    is_active: ClassVar[bool] = False

    def host(self, models: ModelRegistry, tell: Tell) -> None:  # noqa: ARG002 - whatever there is
        """See `Hosting.host`."""
        tell("nothing is hosted here: SOCIALSENT_SAGEMAKER_ENDPOINT is not set (docs/serving.md)")


class SageMakerHosting(Hosting):
    """A serverless endpoint and a model package group, with the credentials and the region that boto3 finds.

    Attributes:
        endpoint, model_group, role_arn, image_uri, archives, memory_mb, max_concurrency: see
            `settings.SageMakerSettings`.
        deadline_minutes: how long an endpoint may take to come into service; usually it takes three to ten.
        poll_seconds: pause between two looks at it.
    """

    endpoint: str
    model_group: str
    role_arn: str
    image_uri: str
    archives: str
    memory_mb: int
    max_concurrency: int
    deadline_minutes: float = 30.0
    poll_seconds: float = 10.0

    def host(self, models: ModelRegistry, tell: Tell) -> Hosted:
        """See `Hosting.host`."""
        from socialsent_assets.domain.learning.model_card import CLASSIFIER
        from socialsent_assets.ml.serving.sagemaker_requests import Container

        model = models.champion(CLASSIFIER)
        archive_uri = self.upload(model, tell)
        container = Container(self.image_uri, archive_uri, model.digest)
        package_arn = self.register(model, container, tell, approved=True)  # it was promoted, or it were not champion
        config = self.configure(container, tell)
        arn, is_changed = self.put_in_service(config, tell)
        return Hosted(model, arn, package_arn, config, archive_uri, is_changed)

    def upload(self, model: RegisteredModel, tell: Tell) -> str:
        """Upload the model's archive under its digest, unless it is there already; returns its URI."""
        from socialsent_assets.ml.serving.archive import archive_of
        from socialsent_assets.ml.serving.sagemaker_requests import archive_key

        content = archive_of(model)
        uri = f"{self.archives}/{archive_key(model)}"
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        checksum = base64.b64encode(hashlib.sha256(content).digest()).decode()
        with _explained(), _client("s3") as s3:
            stored = _found(s3.head_object, Bucket=bucket, Key=key, ChecksumMode="ENABLED")
            if stored.get("ChecksumSHA256") == checksum:
                return uri
            s3.put_object(Bucket=bucket, Key=key, Body=content, ChecksumAlgorithm="SHA256")
        tell(f"put {len(content):,} bytes to {uri}")
        return uri

    def register(self, model: RegisteredModel, container: Any, tell: Tell, *, approved: bool) -> str:
        """The ARN of the model's package in the group, registered if it was not; pending unless `approved`.

        A package that waits is approved when it may be; one that someone rejected in SageMaker stays rejected.

        Raises:
            HostingError: it was rejected.
        """
        from socialsent_assets.ml.serving.sagemaker_requests import package_request

        with _explained(), _client("sagemaker") as sagemaker:
            self._make_group(sagemaker, tell)
            package = self._package(sagemaker, model)
            if package is None:
                request = package_request(self.model_group, model, container, approved=approved)
                arn = str(sagemaker.create_model_package(**request)["ModelPackageArn"])
                tell(f"registered {arn}: {request['ModelApprovalStatus']}")
                return arn
            arn, status = str(package["ModelPackageArn"]), package.get("ModelApprovalStatus")
            if status == "Rejected":
                raise HostingError(
                    f"{arn} was rejected in SageMaker, and its model {model.digest[:12]} is champion here: go back "
                    "with `socialsent models rollback`, or set its status to Approved there"
                )
            if approved and status != "Approved":
                sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
                tell(f"approved {arn}")
            return arn

    def configure(self, container: Any, tell: Tell) -> str:
        """The name of the endpoint configuration for the container, made with its model if they did not exist."""
        from socialsent_assets.ml.serving.sagemaker_requests import config_request, model_request

        model = model_request(self.endpoint, self.role_arn, container)
        config = config_request(self.endpoint, model, self.memory_mb, self.max_concurrency)
        with _explained(), _client("sagemaker") as sagemaker:
            if not _found(sagemaker.describe_model, ModelName=model["ModelName"]):
                tell(f"created {sagemaker.create_model(**model)['ModelArn']}")
            if not _found(sagemaker.describe_endpoint_config, EndpointConfigName=config["EndpointConfigName"]):
                tell(f"created {sagemaker.create_endpoint_config(**config)['EndpointConfigArn']}")
        return str(config["EndpointConfigName"])

    def put_in_service(self, config: str, tell: Tell) -> tuple[str, bool]:
        """The endpoint's ARN, once it serves the configuration, and whether it had to be changed for that.

        An update that fails is taken back by SageMaker: the endpoint then goes on with the earlier model.

        Raises:
            HostingError: it failed, went back, or did not come into service before the deadline.
        """
        names = {"EndpointName": self.endpoint, "EndpointConfigName": config}
        with _explained(), _client("sagemaker") as sagemaker:
            found = self._settled(sagemaker)
            if not found:
                sagemaker.create_endpoint(**names)
            elif found["EndpointStatus"] != "InService":
                raise HostingError(self._broken(found))
            elif found["EndpointConfigName"] == config:
                return str(found["EndpointArn"]), False
            else:
                sagemaker.update_endpoint(**names)
            tell(f"{'updates' if found else 'creates'} endpoint {self.endpoint}: {config}")
            found = self._settled(sagemaker)
            if found.get("EndpointStatus") != "InService":
                raise HostingError(self._broken(found))
            if found["EndpointConfigName"] != config:
                raise HostingError(
                    f"SageMaker took the update of endpoint {self.endpoint} back to {found['EndpointConfigName']}: "
                    f"{found.get('FailureReason', 'no reason given')}. {self._where_to_look()}"
                )
        tell(f"{found['EndpointArn']} is in service")
        return str(found["EndpointArn"]), True

    def _make_group(self, sagemaker: Any, tell: Tell) -> None:
        if not _found(sagemaker.describe_model_package_group, ModelPackageGroupName=self.model_group):
            made = sagemaker.create_model_package_group(
                ModelPackageGroupName=self.model_group,
                ModelPackageGroupDescription="SocialSent sentiment classifiers; each was champion of its lake.",
            )
            tell(f"created {made['ModelPackageGroupArn']}")

    def _package(self, sagemaker: Any, model: RegisteredModel) -> dict[str, Any] | None:
        pages = sagemaker.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=self.model_group, SortBy="CreationTime", SortOrder="Descending"
        )
        for page in pages:
            for package in page["ModelPackageSummaryList"]:
                is_model = package.get("ModelPackageDescription", "").startswith(model.digest)
                if is_model and package.get("ModelPackageStatus") != "Failed":
                    return dict(package)
        return None

    def _settled(self, sagemaker: Any) -> dict[str, Any]:
        """The endpoint's description once nothing changes it any more; {} if there is none."""
        deadline = time.monotonic() + 60 * self.deadline_minutes
        while True:
            found = _found(sagemaker.describe_endpoint, EndpointName=self.endpoint)
            if not found or found["EndpointStatus"] not in _ON_ITS_WAY:
                return found
            if time.monotonic() >= deadline:
                raise HostingError(
                    f"endpoint {self.endpoint} is still {found['EndpointStatus']} after {self.deadline_minutes:g} "
                    "minutes. SageMaker continues: materialize models/sentiment_endpoint again to see the result"
                )
            time.sleep(self.poll_seconds)

    def _broken(self, found: dict[str, Any]) -> str:
        reason = found.get("FailureReason", "no reason given")
        return (
            f"endpoint {self.endpoint} is {found.get('EndpointStatus', 'gone')}: {reason}. {self._where_to_look()} "
            f"Then remove it (aws sagemaker delete-endpoint --endpoint-name {self.endpoint}) and materialize "
            "models/sentiment_endpoint again"
        )

    def _where_to_look(self) -> str:
        return f"Its log is /aws/sagemaker/Endpoints/{self.endpoint} in CloudWatch."


@contextlib.contextmanager
def _client(service: str) -> Iterator[Any]:
    """A boto3 client that retries what passes: throttling and broken connections."""
    import boto3
    from botocore.config import Config

    session: Any = boto3.Session()  # its stubs list every service there is
    client = session.client(service, config=Config(retries={"mode": "standard", "total_max_attempts": 6}))
    try:
        yield client
    finally:
        client.close()


def _found(describe: Callable[..., dict[str, Any]], **names: str) -> dict[str, Any]:
    """Response of a describe call; {} if the object does not exist."""
    from botocore.exceptions import ClientError

    try:
        return describe(**names)
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        # SageMaker has no code of its own for this.
        is_absent = code in ("404", "ResourceNotFound") or (
            code == "ValidationException" and ("Could not find" in message or "does not exist" in message)
        )
        if is_absent:
            return {}
        raise


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Turns what AWS rejects into a HostingError that names the call."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        call, told = error.operation_name, error.response["Error"]
        if told["Code"] in _DENIED:
            raise HostingError(
                f"AWS does not allow {call} to these credentials: {told.get('Message', 'no reason given')}. "
                "docs/serving.md lists the actions that hosting needs"
            ) from error
        raise HostingError(f"AWS refused {call}: {told.get('Message') or told['Code']}") from error
    except BotoCoreError as error:
        raise HostingError(
            f"AWS cannot be reached: {error}. Check credentials and region: aws sts get-caller-identity"
        ) from error
