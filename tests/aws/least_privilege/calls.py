"""Resources of the roles' calls by the deployment's names, and calls of AWS' own services as data.

Not here: calls that our code makes itself (test_dagster_task.py, test_lambdas.py, test_glue_jobs.py make them run).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.infra.synthesized import ACCOUNT, REGION

STREAM = "socialsent-events"
FAILED_BATCHES, FAILED_TICKS = (
    f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/socialsent-{queue}" for queue in ("failed-batches", "failed-ticks")
)
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:socialsent-alerts"
WORKGROUP = "socialsent-warehouse"
PLACE = "dt=2026-11-22/hr=09"


def bucket(tier: str) -> str:
    """Bucket of a tier, of the access logs, of Airflow."""
    return f"socialsent-{tier}-{ACCOUNT}-{REGION}"


LANDED = (bucket("landing"), f"events/{PLACE}/a.jsonl.gz")
QUARANTINED = (bucket("landing"), f"quarantine/{PLACE}/a.jsonl.gz")
LABELS = (bucket("landing"), "labels/a.jsonl.gz")
CLEANSED = (bucket("cleansed"), "posts/data/2026-11/a.parquet")
METADATA = (bucket("cleansed"), "posts/metadata/a.metadata.json")
SCORED = (bucket("analytics"), "sentiment/data/2026-11/a.parquet")
MODEL = (bucket("artifacts"), "models/sentiment_classifier/a/model.json")
ARCHIVE = (bucket("artifacts"), "hosting/sentiment_classifier/a/model.tar.gz")
CODE = (bucket("artifacts"), "code/a/run_job.py")
PIPES = (bucket("artifacts"), "pipes/a/messages")
RESULT = (bucket("artifacts"), "athena/a.csv")
STANDING = (LANDED, QUARANTINED, LABELS, CLEANSED, SCORED, MODEL, ARCHIVE, CODE, PIPES, RESULT)
"""Objects that exist before any test."""


@dataclass(frozen=True)
class Call:
    """One call of a role, as boto3 knows it."""

    role: str
    service: str
    operation: str
    arguments: dict[str, Any]

    def __str__(self) -> str:
        about = "/".join(str(value) for value in self.arguments.values() if isinstance(value, str))
        return f"{self.role.partition('/')[2]}: {self.service}.{self.operation} {about}"


def call(role: str, service: str, operation: str, **arguments: Any) -> Call:
    """See Call."""
    return Call(role, service, operation, arguments)


def get(role: str, place: tuple[str, str]) -> Call:
    """Read an object."""
    return call(role, "s3", "get_object", Bucket=place[0], Key=place[1])


def put(role: str, place: tuple[str, str]) -> Call:
    """Write an object."""
    return call(role, "s3", "put_object", Bucket=place[0], Key=place[1], Body=b"")


def delete(role: str, place: tuple[str, str]) -> Call:
    """Remove an object."""
    return call(role, "s3", "delete_object", Bucket=place[0], Key=place[1])


def listing(role: str, tier: str) -> Call:
    """List a bucket."""
    return call(role, "s3", "list_objects_v2", Bucket=bucket(tier))


def log(role: str, group: str) -> list[Call]:
    """Make a stream in a log group, and write to it."""
    names = {"logGroupName": group, "logStreamName": "a"}
    event = {"timestamp": 1_700_000_000_000, "message": "a"}
    return [
        call(role, "logs", "create_log_stream", **names),
        call(role, "logs", "put_log_events", **names, logEvents=[event]),
    ]


def metric(role: str, namespace: str) -> Call:
    """Send a metric."""
    return call(
        role, "cloudwatch", "put_metric_data", Namespace=namespace, MetricData=[{"MetricName": "a", "Value": 1}]
    )


def send(role: str, queue: str) -> Call:
    """Send a message to a queue."""
    return call(role, "sqs", "send_message", QueueUrl=queue, MessageBody="a")


def pull(role: str) -> list[Call]:
    """Pull the image."""
    image = {"repositoryName": "socialsent"}
    return [
        call(role, "ecr", "get_authorization_token"),
        call(role, "ecr", "batch_get_image", **image, imageIds=[{"imageTag": "1"}]),
        call(role, "ecr", "batch_check_layer_availability", **image, layerDigests=[f"sha256:{'0' * 64}"]),
    ]


def catalog(role: str, database: str) -> list[Call]:
    """Look up tables and partitions."""
    one = {"DatabaseName": database, "TableName": "posts" if database.endswith("cleansed") else "sentiment"}
    return [
        call(role, "glue", "get_database", Name=database),
        call(role, "glue", "get_tables", DatabaseName=database),
        call(role, "glue", "get_table", DatabaseName=database, Name=one["TableName"]),
        call(role, "glue", "get_partitions", **one),
        call(role, "glue", "batch_get_partition", **one, PartitionsToGet=[{"Values": ["2026-11-22", "09"]}]),
    ]
