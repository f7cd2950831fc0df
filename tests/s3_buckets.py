"""Buckets on a moto server in this process, found by every AWS client through its environment.

    from tests.s3_buckets import bucket, s3_server  # fixtures

A `bucket` is new and empty, and its name is no other test's. moto's limits: socialsent_assets/local_aws/server.py;
besides, it checks no signature and no permission unless configured, and never throttles.

Not here: what is put there (socialsent_assets/lake/storage/s3.py).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from socialsent_assets.aws.s3 import s3_client
from socialsent_assets.local_aws.server import EmbeddedAws, embedded_aws

__all__ = ["aws_variables", "bucket", "s3_server"]


def aws_variables(endpoint: str) -> dict[str, str]:
    """The environment of a process whose AWS is a server on this machine."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.fixture(scope="session")
def s3_server() -> Iterator[EmbeddedAws]:
    """One server per test process."""
    with embedded_aws() as aws:
        yield aws


@pytest.fixture
def bucket(s3_server: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of an empty bucket that this process' clients reach by their environment alone."""
    for name, value in aws_variables(s3_server.endpoint).items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    name = f"lake-{uuid.uuid4().hex[:12]}"
    s3_client().create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return name
