"""Permissions of the ingest side: the minute's schedule, the mock server, the consumer.

Not here: the stream and the functions (stacks/ingest.py).
"""

from __future__ import annotations

from infra.deployment import Deployment
from infra.policies import (
    READ_AND_WRITE_WITH_KEY,
    WRITE_WITH_KEY,
    Statement,
    allow,
    send_traces,
    write_logs,
)
from socialsent_assets.domain.events.layout import LANDING_EVENTS, LANDING_QUARANTINE

STREAM = "events"
MOCK_SERVER = "mock-server"
CONSUMER = "kinesis-consumer"
FAILED_BATCHES = "failed-batches"
FAILED_TICKS = "failed-ticks"


def log_group_name(deployment: Deployment, function: str) -> str:
    """Log group of a Lambda."""
    return f"/aws/lambda/{deployment.named(function)}"


def _log_group(deployment: Deployment, function: str) -> str:
    return deployment.arn("logs", f"log-group:{log_group_name(deployment, function)}")


def _stream(deployment: Deployment) -> str:
    return deployment.arn("kinesis", f"stream/{deployment.named(STREAM)}")


def _queue(deployment: Deployment, queue: str) -> str:
    return deployment.arn("sqs", deployment.named(queue))


def mock_server(deployment: Deployment, key: str) -> list[Statement]:
    """Put records on the stream; report a tick that failed for good. `key` encrypts stream and queues."""
    return [
        allow("PutRecords", ["kinesis:PutRecords"], [_stream(deployment)]),
        allow("ReportFailedTicks", ["sqs:SendMessage"], [_queue(deployment, FAILED_TICKS)]),
        allow("UseKey", READ_AND_WRITE_WITH_KEY, [key]),
        write_logs([_log_group(deployment, MOCK_SERVER)]),
        send_traces(),
    ]


def consumer(deployment: Deployment, key: str, lake_key: str) -> list[Statement]:
    """Read the stream, put objects into landing, report a batch that was given up. Reads and deletes no object."""
    landing = deployment.bucket_arn("landing")
    reads = [
        *("kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:ListShards"),
        *("kinesis:GetShardIterator", "kinesis:GetRecords"),
    ]
    return [
        allow("ReadStream", reads, [_stream(deployment)]),
        allow(
            "PutLanded",
            ["s3:PutObject"],
            [f"{landing}/{LANDING_EVENTS}/*", f"{landing}/{LANDING_QUARANTINE}/*"],
            because="Objects are named by hour and content.",
        ),
        allow("ReportFailedBatches", ["sqs:SendMessage"], [_queue(deployment, FAILED_BATCHES)]),
        allow("UseKey", READ_AND_WRITE_WITH_KEY, [key]),
        allow("UseLakeKey", WRITE_WITH_KEY, [lake_key]),
        write_logs([_log_group(deployment, CONSUMER)]),
        send_traces(),
    ]


def tick(deployment: Deployment, key: str) -> list[Statement]:
    """Call the mock server, or report that the call failed."""
    function = deployment.arn("lambda", f"function:{deployment.named(MOCK_SERVER)}")
    return [
        allow("CallMockServer", ["lambda:InvokeFunction"], [function]),
        allow("ReportFailedTicks", ["sqs:SendMessage"], [_queue(deployment, FAILED_TICKS)]),
        allow("UseKey", READ_AND_WRITE_WITH_KEY, [key]),
    ]


def sender(deployment: Deployment, key: str) -> list[Statement]:
    """For the account's own systems that send events: put records on the stream."""
    return [
        allow("PutRecords", ["kinesis:PutRecord", "kinesis:PutRecords"], [_stream(deployment)]),
        allow("FindStream", ["kinesis:DescribeStreamSummary"], [_stream(deployment)]),
        allow("UseKey", WRITE_WITH_KEY, [key]),
    ]
