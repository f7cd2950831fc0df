"""Permissions of the service that follows a public network, and of ECS to start it.

Not here: the service (stacks/following.py), the stream and what reads it (ingest.py).
"""

from __future__ import annotations

from infra.deployment import Deployment
from infra.policies import READ_AND_WRITE_WITH_KEY, Statement, allow, list_bucket, write_logs
from infra.policies.ingest import STREAM

LOG_GROUP = "following"
PLACES, GAPS = (
    "follow",
    "gaps",
)  # prefixes of socialsent_assets/ingest/live/checkpoint.py, which infra does not import


def log_group_name(deployment: Deployment) -> str:
    """Log group of the service."""
    return f"/{deployment.name}/{LOG_GROUP}"


def follower(deployment: Deployment, stream_key: str, lake_key: str) -> list[Statement]:
    """Put records on the stream; keep the place in artifacts and gaps in landing. Reads and writes no event."""
    places = f"{deployment.bucket_arn('artifacts')}/{PLACES}/*"
    gaps = f"{deployment.bucket_arn('landing')}/{GAPS}/*"
    return [
        allow(
            "PutRecords", ["kinesis:PutRecords"], [deployment.arn("kinesis", f"stream/{deployment.named(STREAM)}")]
        ),
        allow("UseStreamKey", READ_AND_WRITE_WITH_KEY, [stream_key]),
        # Without it, S3 does not say of an object that it is missing, as it is before the first record.
        list_bucket("ListArtifacts", deployment.bucket_arn("artifacts")),
        list_bucket("ListLanding", deployment.bucket_arn("landing")),
        allow(
            "KeepPlaceAndGaps",
            ["s3:GetObject", "s3:PutObject"],
            [places, gaps],
            because="One object per followed network, and one per gap; no event can be read or written.",
        ),
        allow("UseLakeKey", READ_AND_WRITE_WITH_KEY, [lake_key]),
    ]


def execution(deployment: Deployment, secret_arn: str) -> list[Statement]:
    """What ECS does before our code runs: pull the image, write logs, read the network's token if there is one."""
    pull = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"]
    statements = [
        allow("PullImage", pull, [deployment.arn("ecr", f"repository/{deployment.name}")]),
        allow(
            "LogInToEcr", ["ecr:GetAuthorizationToken"], ["*"], because="Logging in to ECR has no resource to name."
        ),
        write_logs([deployment.arn("logs", f"log-group:{log_group_name(deployment)}")]),
    ]
    if secret_arn:
        statements.append(allow("ReadToken", ["secretsmanager:GetSecretValue"], [secret_arn]))
    return statements
