"""Lambda's part, played here: functions out of the templates, what calls them, and CloudWatch reading their logs.

A function runs from the zip, the layer and the handler that its template names, with exactly its environment and what
Lambda adds to it. Overridden is one thing: AWS_ENDPOINT_URL, so that its AWS is the server here.

Limits: a process per call, no memory limit, no permissions; the schedule fires when a test calls it.

Not here: unpacking and running (tests/lambdas/bare_runtime.py), the mapping's rules (local_aws).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from socialsent_assets.domain.events.layout import parse_landing_name
from socialsent_assets.local_aws.event_source_mapping import KinesisEventSourceMapping, MappingOptions, to_queue
from tests.aws.wired.account import Account
from tests.infra.synthesized import ACCOUNT, REGION, Assembly, Properties
from tests.lambdas.bare_runtime import BareRuntime, Invocation
from tests.s3_buckets import aws_variables

_SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
_NO_TRACING = {"AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:9", "_X_AMZN_TRACE_ID": ""}


class NotWiredError(AssertionError):
    """A function failed; the message is its output."""


@dataclass
class Clock:
    """The time in the account."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Function:
    """One function of the templates; its calls are kept."""

    name: str
    handler: str
    package: Path
    runtime: BareRuntime
    calls: list[Invocation] = field(default_factory=list)

    def call(self, event: dict[str, Any]) -> Any:
        """What the handler answers. Raises NotWiredError when it raises."""
        done = self.runtime.invoke(self.package, self.handler, event)
        self.calls.append(done)
        if done.answer is None:
            raise NotWiredError(f"{self.name} failed: {done.log[-1:]} {done.stderr[-2000:]}")
        return done.answer


@dataclass
class Functions:
    """Every function of our own, by name, as AWS calls them.

    Args:
        deployed: the templates.
        aws: where they are provisioned.
        folder: new and empty.
        clock: the time at which records arrive and metrics are counted.
        is_strict: end at the first batch that fails, instead of retrying as the mapping does.
    """

    deployed: Assembly
    aws: Account
    folder: Path
    clock: Clock
    is_strict: bool = True
    _made: dict[str, Function] = field(default_factory=dict)

    def named(self, name_or_arn: str) -> Function:
        """The function that another resource calls so. Raises NotWiredError if there is none."""
        name = name_or_arn.removeprefix(f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:")
        if name not in self._made:
            self._made[name] = self._unpacked(name)
        return self._made[name]

    def tick(self, at: datetime) -> Any:
        """Fire the one schedule at a minute; a tick that fails goes to the function's queue, and is raised."""
        [(_, schedule)] = self.deployed.every("AWS::Scheduler::Schedule")
        if schedule["State"] != "ENABLED":
            raise NotWiredError(f"{schedule['Name']} is {schedule['State']}")
        target = schedule["Target"]
        event = json.loads(target["Input"].replace(_SCHEDULED_TIME, f"{at:%Y-%m-%dT%H:%M:%SZ}"))
        function = self.named(target["Arn"])
        try:
            answer = function.call(event)
        except NotWiredError:
            self._tell_of_failure(function, event)
            raise
        self._count(function.calls[-1])
        return answer

    @cached_property
    def mapping(self) -> KinesisEventSourceMapping:
        """The one event source mapping. Raises NotWiredError for names that lead nowhere."""
        [(_, given)] = self.deployed.every("AWS::Lambda::EventSourceMapping")
        function = self.named(given["FunctionName"])

        def handler(event: dict[str, Any], _context: object) -> Any:
            try:
                answer = function.call(event)
            except NotWiredError as error:
                if self.is_strict:
                    raise StoppedError(str(error)) from error
                raise
            self._count(function.calls[-1])
            if self.is_strict and answer["batchItemFailures"]:
                raise StoppedError(f"{function.name}: {[line['message'] for line in function.calls[-1].lines]}")
            return answer

        queue = given["DestinationConfig"]["OnFailure"]["Destination"]
        return KinesisEventSourceMapping(
            self.aws.client("kinesis"),
            _last(given["EventSourceArn"], f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/"),
            handler,
            options_of(given),
            clock=self.clock,
            arrival_clock=self.clock,
            on_failure=to_queue(self.aws.client("sqs"), self.queue_url(queue)),
        )

    def drain(self) -> int:
        """Let the mapping read the stream to its end; the number of records. Raises NotWiredError if it is strict."""
        try:
            return self.mapping.drain()
        except StoppedError as stopped:
            raise NotWiredError(str(stopped)) from stopped

    def queue_url(self, arn: str) -> str:
        """Address of a queue. Raises botocore's ClientError if there is none."""
        name = _last(arn, f"arn:aws:sqs:{REGION}:{ACCOUNT}:")
        return self.aws.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]

    def _unpacked(self, name: str) -> Function:
        found = [one for one in self._functions() if one[1].get("FunctionName") == name]
        if len(found) != 1:
            raise NotWiredError(f"{len(found)} functions are called {name}")
        [(part, properties)] = found
        place = self.folder / name
        place.mkdir(parents=True)
        [layer] = [self._layer(part, called) for called in properties["Layers"]]
        package, unpacked = place / "package.zip", place / "layer.zip"
        package.write_bytes(self._code(properties["Code"]))
        unpacked.write_bytes(self._code(layer["Content"]))
        environment = {
            **aws_variables(self.aws.endpoint),
            **_NO_TRACING,
            "NO_PROXY": "127.0.0.1",
            **properties["Environment"]["Variables"],
            "AWS_LAMBDA_FUNCTION_NAME": name,
        }
        return Function(name, properties["Handler"], package, BareRuntime(place, unpacked, environment))

    def _functions(self) -> Iterator[tuple[str, Properties]]:
        for path, properties in self.deployed.every("AWS::Lambda::Function"):
            yield path.partition("/")[0], properties

    def _layer(self, part: str, reference: str) -> Properties:
        # `Ref` of a layer is the ARN of its version: …:layer:NAME:VERSION.
        name = reference.removeprefix(f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:").partition(":")[0]
        return self.deployed.one(part, "AWS::Lambda::LayerVersion", LayerName=name)

    def _code(self, place: Properties) -> bytes:
        return self.aws.fetch(f"s3://{place['S3Bucket']}/{place['S3Key']}")

    def _tell_of_failure(self, function: Function, event: dict[str, Any]) -> None:
        [(_, given)] = self.deployed.every("AWS::Lambda::EventInvokeConfig")
        assert given["FunctionName"] == function.name
        queue = self.queue_url(given["DestinationConfig"]["OnFailure"]["Destination"])
        self.aws.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps({"requestPayload": event}))

    def _count(self, call: Invocation) -> None:
        """What CloudWatch reads out of a log in the embedded metric format; the time is the account's."""
        cloudwatch = self.aws.client("cloudwatch")
        for line in call.metrics:
            for directive in line["_aws"]["CloudWatchMetrics"]:
                data = [
                    {
                        "MetricName": metric["Name"],
                        "Dimensions": [{"Name": name, "Value": line[name]} for name in names],
                        "Timestamp": self.clock.now,
                        "Value": value,
                    }
                    for metric in directive["Metrics"]
                    for names in directive["Dimensions"]
                    for value in line[metric["Name"]]
                ]
                cloudwatch.put_metric_data(Namespace=directive["Namespace"], MetricData=data)


class StoppedError(BaseException):
    """Ends a strict mapping, which takes every Exception for a batch to be tried again."""


def options_of(given: Properties) -> MappingOptions:
    """The numbers of an `AWS::Lambda::EventSourceMapping`; what it leaves out is Lambda's default."""
    age = given.get("MaximumRecordAgeInSeconds", -1)
    tries = given.get("MaximumRetryAttempts", -1)
    return MappingOptions(
        batch_size=given.get("BatchSize", 100),
        batching_window=timedelta(seconds=given.get("MaximumBatchingWindowInSeconds", 0)),
        bisect_batch_on_function_error=given.get("BisectBatchOnFunctionError", False),
        maximum_retry_attempts=None if tries == -1 else tries,
        maximum_record_age=None if age == -1 else timedelta(seconds=age),
        report_batch_item_failures="ReportBatchItemFailures" in given.get("FunctionResponseTypes", []),
    )


def landed(aws: Account, bucket: str) -> dict[str, int]:
    """Rows of `events` and `quarantine` in a landing bucket, and `duplicates` dropped on the way, by its names."""
    found = {"events": 0, "quarantine": 0, "duplicates": 0}
    for entry in aws.client("s3").list_objects_v2(Bucket=bucket).get("Contents", []):
        name = parse_landing_name(entry["Key"].rpartition("/")[2])
        assert name is not None, entry["Key"]
        found[entry["Key"].partition("/")[0]] += name.rows
        found["duplicates"] += name.duplicates
    return found


def messages(aws: Account, url: str) -> list[Any]:
    """Bodies of the messages in a queue, which is empty then."""
    sqs, found = aws.client("sqs"), []
    while got := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [json.loads(one["Body"]) for one in got]
        for one in got:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    return found


def listen(aws: Account, topic_arn: str) -> Callable[[], list[dict[str, Any]]]:
    """Subscribe a queue to a topic; returns what reads the messages that came since the last look."""
    url = aws.client("sqs").create_queue(QueueName="listener")["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:listener"
    aws.client("sns").subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn)
    return lambda: messages(aws, url)


def a_while_ago(hours: int = 2) -> datetime:
    """The start of an event hour that is over, in UTC: its events can be asserted now."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours)


def _last(arn: str, start: str) -> str:
    if not arn.startswith(start):
        raise NotWiredError(f"{arn} does not start with {start}")
    return arn.removeprefix(start)
