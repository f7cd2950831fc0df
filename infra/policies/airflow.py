"""Permissions of Amazon MWAA: read its DAGs, write its logs, use its queues. Dagster does the work of a DAG.

Source: Amazon MWAA user guide, "Amazon MWAA execution role".
Not here: the environment (stacks/airflow.py).
"""

from __future__ import annotations

import aws_cdk as cdk

from infra.deployment import Deployment
from infra.policies import READ_WITH_KEY, Statement, allow, send_metrics

ENVIRONMENT = "airflow"


def _bucket(deployment: Deployment) -> str:
    return deployment.bucket_arn(ENVIRONMENT)


def _logs(deployment: Deployment) -> str:
    return deployment.arn("logs", f"log-group:airflow-{deployment.named(ENVIRONMENT)}-*")


def _queues(deployment: Deployment) -> str:
    # In AWS's own account: MWAA makes them, under names that cannot be known.
    return f"arn:{cdk.Aws.PARTITION}:sqs:{deployment.region or cdk.Aws.REGION}:*:airflow-celery-*"


def execution(deployment: Deployment, bucket_key_arn: str) -> list[Statement]:
    """The execution role of the environment."""
    name = deployment.named(ENVIRONMENT)
    region = deployment.region or cdk.Aws.REGION
    queue_calls = ["ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ReceiveMessage"]
    log_calls = ["CreateLogStream", "CreateLogGroup", "PutLogEvents", "GetLogEvents", "GetLogRecord"]
    no_resource = "Calls that have no resources to name, as the user guide lists them."
    return [
        allow("ReportHealth", ["airflow:PublishMetrics"], [deployment.arn("airflow", f"environment/{name}")]),
        allow(
            "ReadDags",
            ["s3:GetObject", "s3:GetObjectVersion"],
            [f"{_bucket(deployment)}/*"],
            because="The whole of its own bucket.",
        ),
        allow(
            "ListDags",
            ["s3:ListBucket", "s3:GetBucketLocation", "s3:GetBucketPublicAccessBlock", "s3:GetBucketVersioning"],
            [_bucket(deployment)],
        ),
        allow("CheckPublicAccess", ["s3:GetAccountPublicAccessBlock"], ["*"], because=no_resource),
        allow("DecryptDags", READ_WITH_KEY, [bucket_key_arn]),
        allow(
            "WriteLogs",
            [f"logs:{call}" for call in (*log_calls, "GetLogGroupFields")],
            [_logs(deployment)],
            because="Its own five log groups.",
        ),
        allow("FindLogs", ["logs:DescribeLogGroups"], ["*"], because=no_resource),
        send_metrics("AmazonMWAA", "AWS/MWAA"),
        allow(
            "UseQueues",
            [f"sqs:{call}" for call in (*queue_calls, "SendMessage")],
            [_queues(deployment)],
            because="Queues in an account of AWS, under names that MWAA makes up.",
        ),
        allow(
            "UseQueueKey",
            ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:Encrypt"],
            ["*"],
            {"StringEquals": {"kms:ViaService": f"sqs.{region}.amazonaws.com"}},
            because=no_resource,
        ),
    ]
