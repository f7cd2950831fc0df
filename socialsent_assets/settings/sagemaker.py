"""Settings of the model endpoint on SageMaker.

Not here: the hosting itself (resources/model_endpoint.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.settings.values import name_of, number_of

_ENDPOINT = "SOCIALSENT_SAGEMAKER_ENDPOINT"
_ROLE_ARN = "SOCIALSENT_SAGEMAKER_ROLE_ARN"
_IMAGE_URI = "SOCIALSENT_SAGEMAKER_IMAGE_URI"
_MODEL_GROUP = "SOCIALSENT_SAGEMAKER_MODEL_GROUP"
_ARCHIVES = "SOCIALSENT_SAGEMAKER_ARCHIVES"
_MEMORY_MB = "SOCIALSENT_SAGEMAKER_MEMORY_MB"
_MAX_CONCURRENCY = "SOCIALSENT_SAGEMAKER_MAX_CONCURRENCY"
_HOSTING = (_ENDPOINT, _ROLE_ARN, _IMAGE_URI, _MODEL_GROUP, _ARCHIVES, _MEMORY_MB, _MAX_CONCURRENCY)


@dataclass(frozen=True)
class SageMakerSettings:
    """Where and how the champion classifier is hosted. Limits: boto3's SageMaker API, ServerlessConfig.

    Attributes:
        endpoint: name of the serverless endpoint.
        model_group: model package group of the SageMaker Model Registry.
        role_arn: role that the endpoint takes on: reads the archive and the image, writes logs.
        image_uri: container image that holds this package and starts socialsent_assets.ml.serving.server.
        archives: S3 URI under which model archives are put.
        memory_mb: 1024 to 6144, in steps of 1024; the share of a CPU grows with it.
        max_concurrency: 1 to 200 requests at a time.
    """

    endpoint: str
    model_group: str
    role_arn: str
    image_uri: str
    archives: str
    memory_mb: int
    max_concurrency: int

    @classmethod
    def from_env(cls, env: Mapping[str, str], artifacts: str) -> SageMakerSettings | None:
        """From the variables in `_HOSTING`; None when none of them is set. `artifacts` is that tier's URI.

        Raises:
            UserError: only some of what is needed is set, or a value that SageMaker would reject.
        """
        if not any(env.get(name) for name in _HOSTING):
            return None
        missing = [name for name in (_ENDPOINT, _ROLE_ARN, _IMAGE_URI) if not env.get(name)]
        if missing:
            raise UserError(f"{', '.join(missing)} is missing: hosting on SageMaker needs it (docs/serving.md)")
        archives = env.get(_ARCHIVES) or artifacts
        if not archives.startswith("s3://"):
            raise UserError(f"{_ARCHIVES} is missing: SageMaker reads models from S3, set it to s3://BUCKET/PREFIX")
        return cls(
            endpoint=name_of(env, _ENDPOINT, "", longest=40),  # names of its models and configs are longer by 22
            model_group=name_of(env, _MODEL_GROUP, env[_ENDPOINT], longest=63),
            role_arn=_role(env[_ROLE_ARN]),
            image_uri=env[_IMAGE_URI],
            archives=archives.rstrip("/"),
            memory_mb=number_of(env, _MEMORY_MB, 2048, range(1024, 6145, 1024), "1024, 2048, … 6144"),
            max_concurrency=number_of(env, _MAX_CONCURRENCY, 5, range(1, 201), "1 to 200"),
        )


def _role(arn: str) -> str:
    if not re.fullmatch(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+", arn):
        raise UserError(f"{_ROLE_ARN}={arn}: it looks like arn:aws:iam::ACCOUNT:role/NAME")
    return arn
