"""Permissions of each component: IAM statements as plain data, one module per stack.

Every statement names its actions and resources in full, so that a reader sees the whole of a role on one screen,
cdk-nag's findings keep their ids, and a test can play the calls of a component against its role.

Not here: roles and who takes them on (stacks/).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

READ_WITH_KEY = ("kms:Decrypt",)
WRITE_WITH_KEY = ("kms:GenerateDataKey",)
READ_AND_WRITE_WITH_KEY = ("kms:Decrypt", "kms:GenerateDataKey")  # also for uploads in parts, and for SQS


@dataclass(frozen=True)
class Statement:
    """One statement that allows `actions` on `resources`.

    Attributes:
        because: why a resource with a `*` is as narrow as it can be; the reason of cdk-nag's acknowledgement.
    """

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: Mapping[str, Any] | None
    because: str

    def as_json(self) -> dict[str, Any]:
        """In the words of IAM."""
        statement = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": list(self.resources),
        }
        return {**statement, "Condition": dict(self.condition)} if self.condition else statement

    @property
    def wildcards(self) -> tuple[str, ...]:
        """Resources with a wildcard."""
        return tuple(resource for resource in self.resources if "*" in resource)


def allow(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[str],
    condition: Mapping[str, Any] | None = None,
    *,
    because: str = "",
) -> Statement:
    """See Statement; a wildcard without a `because` is left to cdk-nag, which rejects it."""
    return Statement(sid, tuple(actions), tuple(resources), condition, because)


def list_bucket(sid: str, bucket_arn: str) -> Statement:
    """See which objects a bucket holds; without it S3 answers 403, not 404, for an object that is not there."""
    return allow(sid, ["s3:ListBucket", "s3:GetBucketLocation"], [bucket_arn])


def write_logs(log_group_arns: Sequence[str]) -> Statement:
    """Write to log groups that exist already."""
    return allow(
        "WriteLogs",
        ["logs:CreateLogStream", "logs:PutLogEvents"],
        [f"{arn}:log-stream:*" for arn in log_group_arns],
        because="The streams of its own log groups, whose names are made by the service.",
    )


def send_traces() -> Statement:
    """To X-Ray."""
    actions = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    return allow("SendTraces", actions, ["*"], because="X-Ray has no resources to name.")


def send_metrics(*namespaces: str) -> Statement:
    """To CloudWatch, under these namespaces alone."""
    condition = {"StringEquals": {"cloudwatch:namespace": list(namespaces)}}
    because = "CloudWatch has no resources to name for this; the condition names the namespace."
    return allow("SendMetrics", ["cloudwatch:PutMetricData"], ["*"], condition, because=because)
