"""From events on a stream to objects in landing: the stream, the two Lambdas, the minute's tick, what failed.

Not here: the buckets (lake.py), alarms (observability.py).
"""

from __future__ import annotations

from constructs import Construct

from infra.deployment import Deployment
from infra.stacks.lake import LakeStack
from infra.stacks.stack import SocialSentStack


class IngestStack(SocialSentStack):
    """Stream, producer, consumer.

    Attributes:
        key: encrypts the stream, the queues and the log groups.
        stream: Kinesis stream of the events.
        mock_server, consumer: the two Lambda functions; their names are `<name>-mock-server` and `<name>-kinesis-consumer`.
        failed_batches: SQS queue that hears of every batch that was given up.
        failed_ticks: SQS queue of the ticks that did not reach the mock server.
    """

    def __init__(self, scope: Construct, part: str, *, deployment: Deployment, lake: LakeStack) -> None:
        super().__init__(scope, part, deployment, "the stream and the Lambdas on both ends of it")
        self.add_stack_dependency(lake)
        self.key = self.make_key("the stream and its queues")
