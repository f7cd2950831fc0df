"""Permissions of the model endpoint, and of the principals that deploy a model to it.

Source of the endpoint's actions: Amazon SageMaker developer guide, "SageMaker AI roles: CreateModel API".
Not here: the endpoint (stacks/models.py).
"""

from __future__ import annotations

from infra.deployment import Deployment
from infra.policies import READ_WITH_KEY, Statement, allow, list_bucket, send_metrics

ENDPOINT = "sentiment"
MODEL_GROUP = "sentiment"
ARCHIVES = "hosting"
"""Folder of the model archives in the artifacts tier (docs/serving.md)."""

REGISTER = (
    *("DescribeModelPackageGroup", "CreateModelPackageGroup"),
    *("ListModelPackages", "CreateModelPackage", "UpdateModelPackage"),
)
HOST = (
    *("DescribeModel", "CreateModel", "DescribeEndpointConfig", "CreateEndpointConfig"),
    *("DescribeEndpoint", "CreateEndpoint", "UpdateEndpoint"),
)


def _archives(deployment: Deployment) -> str:
    return f"{deployment.bucket_arn('artifacts')}/{ARCHIVES}/*"


def _logs(deployment: Deployment) -> str:
    return deployment.arn("logs", f"log-group:/aws/sagemaker/Endpoints/{deployment.named(ENDPOINT)}*")


def endpoint(deployment: Deployment, lake_key_arn: str) -> list[Statement]:
    """Read archives and the image, write logs and metrics of endpoints."""
    image = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"]
    log = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
    return [
        list_bucket("ListArtifacts", deployment.bucket_arn("artifacts")),
        allow(
            "ReadArchives",
            ["s3:GetObject"],
            [_archives(deployment)],
            because="The archives of all champions, old ones too, for going back.",
        ),
        allow("DecryptArchives", READ_WITH_KEY, [lake_key_arn]),
        allow("ReadImage", image, [deployment.arn("ecr", f"repository/{deployment.name}")]),
        allow(
            "LogInToEcr",
            ["ecr:GetAuthorizationToken"],
            ["*"],
            because="Logging in to ECR and sending metrics have no resources to name.",
        ),
        allow("WriteLogs", log, [_logs(deployment)], because="The logs of its own endpoints, which SageMaker names."),
        send_metrics("/aws/sagemaker/Endpoints", "AWS/SageMaker"),
    ]


def hosting(deployment: Deployment, endpoint_role_arn: str) -> list[Statement]:
    """Register a champion and put it on the endpoint: the calls of docs/serving.md, on our names alone.

    What SageMaker makes of a model and a configuration is called like the endpoint, with digests behind it.
    """
    endpoint_name, group = deployment.named(ENDPOINT), deployment.named(MODEL_GROUP)

    def arns(*resources: str) -> list[str]:
        return [deployment.arn("sagemaker", resource) for resource in resources]

    return [
        allow(
            "RegisterModels",
            [f"sagemaker:{call}" for call in REGISTER],
            arns(f"model-package-group/{group}", f"model-package/{group}/*"),
            because="Every version of a model in the one group.",
        ),
        allow(
            "HostModels",
            [f"sagemaker:{call}" for call in HOST],
            arns(
                f"model/{endpoint_name}-*",
                f"endpoint-config/{endpoint_name}-*",
                f"endpoint/{endpoint_name}",
            ),
            because="Models and configurations carry digests behind the endpoint's name.",
        ),
        allow(
            "LetEndpointTakeItsRole",
            ["iam:PassRole"],
            [endpoint_role_arn],
            {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        ),
    ]
