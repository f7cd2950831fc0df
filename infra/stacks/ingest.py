"""From events on a stream to objects in landing: the stream, the two Lambdas, the minute's tick, what failed.

Not here: the buckets (lake.py), what the functions may do (policies/ingest.py), alarms (observability.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra import nag
from infra.deployment import Deployment
from infra.packaging.lambda_zips import HANDLERS
from infra.packaging.lambda_zips import RUNTIME as PYTHON
from infra.policies import Statement
from infra.policies import ingest as may
from infra.sizes import IngestSize
from infra.stacks.lake import LakeStack
from infra.stacks.stack import SocialSentStack, document
from socialsent_assets.domain.events import ingest_metrics
from socialsent_assets.settings import UserError

RUNTIME = lambda_.Runtime(f"python{PYTHON}", lambda_.RuntimeFamily.PYTHON)
ARCHITECTURE = lambda_.Architecture.ARM_64

MOST_ON_DEMAND_SHARDS = 200
"""That an on-demand stream grows to by itself: 200 MB/s (Kinesis developer guide, "Quotas and limits")."""

# EventBridge Scheduler puts the planned time in the place of the words in brackets, and the same one when it tries
# again. A rule with a rate would give the time it fired at: a late minute would then be sent twice, or never.
TICK = {
    "source": "aws.scheduler",
    "detail-type": "Scheduled Event",
    "time": "<aws.scheduler.scheduled-time>",
    "detail": {},
}


class IngestStack(SocialSentStack):
    """Stream, producer, consumer.

    Attributes:
        key: encrypts the stream, the queues and the log groups.
        stream: Kinesis stream of the events.
        mock_server, consumer: the two Lambda functions.
        failed_batches: SQS queue with a message for every batch that was given up.
        failed_ticks: SQS queue of the ticks that did not reach the mock server.
        senders: policy for the account's own systems that send events.
    """

    def __init__(self, scope: Construct, part: str, *, deployment: Deployment, lake: LakeStack) -> None:
        super().__init__(scope, part, deployment, "the stream and the Lambdas on both ends of it")
        self.add_stack_dependency(lake)
        self.key = self.make_key("the stream, its queues and the logs of its Lambdas")
        self.stream = self._stream()
        self.failed_batches = self._queue("FailedBatches", may.FAILED_BATCHES)
        self.failed_ticks = self._queue("FailedTicks", may.FAILED_TICKS)
        self._layer = self._powertools()
        self.mock_server = self._mock_server()
        self.consumer = self._consumer(lake)
        self._feed_consumer()
        self._tick()
        self.senders = self._senders()
        self._tell()

    def _stream(self) -> kinesis.Stream:
        size = self.deployment.size.ingest
        on_demand = size.stream_mode == "on_demand"
        stream = kinesis.Stream(
            self,
            "Events",
            stream_name=self.deployment.named(may.STREAM),
            stream_mode=kinesis.StreamMode.ON_DEMAND if on_demand else kinesis.StreamMode.PROVISIONED,
            shard_count=None if on_demand else size.stream_shards,
            retention_period=cdk.Duration.hours(size.stream_retention_hours),
            encryption=kinesis.StreamEncryption.KMS,
            encryption_key=self.key,
            removal_policy=self.deployment.removal_policy,
        )
        nag.acknowledge(stream, "A customer managed key: its policy decides who may read the stream.", "KDS3")
        return stream

    def _queue(self, logical_id: str, name: str) -> sqs.Queue:
        queue = sqs.Queue(
            self,
            logical_id,
            queue_name=self.deployment.named(name),
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=self.key,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(self.deployment.size.ingest.failed_batches_days),
            visibility_timeout=cdk.Duration.minutes(5),
        )
        nag.acknowledge(queue, "It is itself where failures end; a person reads it, and an alarm watches it.", "SQS3")
        return queue

    def _powertools(self) -> lambda_.LayerVersion:
        return lambda_.LayerVersion(
            self,
            "Powertools",
            layer_version_name=self.deployment.named("powertools"),
            description="AWS Lambda Powertools, as uv.lock pins it",
            code=lambda_.Code.from_asset(str(self.deployment.asset("lambdas/powertools_layer.zip"))),
            compatible_runtimes=[RUNTIME],
            compatible_architectures=[ARCHITECTURE],
        )

    def _mock_server(self) -> lambda_.Function:
        size = self.deployment.size.ingest
        function = self._function(
            "MockServer",
            may.MOCK_SERVER,
            module="mock_server",
            service=ingest_metrics.MOCK_SERVER,
            statements=may.mock_server(self.deployment, self.key.key_arn),
            memory_mb=size.mock_server_memory_mb,
            timeout_seconds=size.mock_server_timeout_seconds,
            reserved_concurrency=0,
            environment={
                "STREAM_NAME": self.stream.stream_name,
                "EVENTS_PER_TICK": str(size.events_per_tick),
                "SEED": str(size.feed_seed),
                "FEED_START": self.deployment.start,
            },
        )
        function.configure_async_invoke(
            retry_attempts=2,
            max_event_age=cdk.Duration.hours(1),
            on_failure=destinations.SqsDestination(self.failed_ticks),
        )
        return function

    def _consumer(self, lake: LakeStack) -> lambda_.Function:
        size = self.deployment.size.ingest
        check_fan_out(size)
        return self._function(
            "Consumer",
            may.CONSUMER,
            module="kinesis_consumer",
            service=ingest_metrics.CONSUMER,
            statements=may.consumer(self.deployment, self.key.key_arn, lake.key.key_arn),
            memory_mb=size.consumer_memory_mb,
            timeout_seconds=size.consumer_timeout_seconds,
            reserved_concurrency=size.consumer_reserved_concurrency,
            environment={
                "LANDING_URI": self.deployment.lake_uri("landing"),
                "SOCIALSENT_START": self.deployment.start,
            },
        )

    def _function(
        self,
        logical_id: str,
        name: str,
        *,
        module: str,
        service: str,
        statements: Sequence[Statement],
        memory_mb: int,
        timeout_seconds: int,
        reserved_concurrency: int,
        environment: Mapping[str, str],
    ) -> lambda_.Function:
        role = self.make_role(f"{logical_id}Role", "lambda.amazonaws.com", f"Lambda {name}", statements)
        function = lambda_.Function(
            self,
            logical_id,
            function_name=self.deployment.named(name),
            runtime=RUNTIME,
            architecture=ARCHITECTURE,
            handler=HANDLERS[module],
            code=lambda_.Code.from_asset(str(self.deployment.asset(f"lambdas/{module}.zip"))),
            layers=[self._layer],
            role=role.without_policy_updates(),
            memory_size=memory_mb,
            timeout=cdk.Duration.seconds(timeout_seconds),
            reserved_concurrent_executions=reserved_concurrency or None,
            tracing=lambda_.Tracing.ACTIVE,
            log_group=self.make_log_group(f"{logical_id}Logs", may.log_group_name(self.deployment, name), self.key),
            environment={
                **environment,
                "POWERTOOLS_SERVICE_NAME": service,
                "POWERTOOLS_METRICS_NAMESPACE": ingest_metrics.NAMESPACE,
                "POWERTOOLS_LOG_LEVEL": "INFO",
            },
        )
        nag.acknowledge(function, "Powertools and the tests of the zips are held to this runtime.", "L1")
        return function

    def _feed_consumer(self) -> None:
        size = self.deployment.size.ingest
        lambda_.EventSourceMapping(
            self,
            "EventsToConsumer",
            target=self.consumer,
            event_source_arn=self.stream.stream_arn,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=size.batch_records,
            max_batching_window=cdk.Duration.seconds(size.batch_window_seconds),
            parallelization_factor=size.batches_at_once_per_shard,
            report_batch_item_failures=True,
            bisect_batch_on_error=True,
            retry_attempts=size.batch_retries,
            max_record_age=cdk.Duration.hours(size.record_max_age_hours),
            on_failure=event_sources.SqsDlq(self.failed_batches),
        )

    def _tick(self) -> None:
        size = self.deployment.size.ingest
        role = self.make_role(
            "TickRole",
            iam.ServicePrincipal(  # or a schedule of another account could be pointed at this role
                "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": self.account}}
            ),
            "schedule of the mock server",
            may.tick(self.deployment, self.key.key_arn),
        )
        scheduler.CfnSchedule(
            self,
            "EveryMinute",
            name=self.deployment.named("every-minute"),
            description="The mock network's tick; switched on and off by ingest.feed_on of the size",
            schedule_expression="cron(* * * * ? *)",
            schedule_expression_timezone="UTC",
            state="ENABLED" if size.feed_on else "DISABLED",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=self.mock_server.function_arn,
                role_arn=role.role_arn,
                input=json.dumps(TICK),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=3600, maximum_retry_attempts=10
                ),
                dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=self.failed_ticks.queue_arn),
            ),
        )

    def _senders(self) -> iam.ManagedPolicy:
        return iam.ManagedPolicy(
            self,
            "Senders",
            description="SocialSent: put events on the stream",
            document=document(may.sender(self.deployment, self.key.key_arn)),
        )

    def _tell(self) -> None:
        self.output("StreamName", self.stream.stream_name, "Stream that takes events")
        self.output("IngestKeyArn", self.key.key_arn, "Key that encrypts the stream")
        self.output("MockServerName", self.mock_server.function_name, "Lambda that sends the mock feed")
        self.output("ConsumerName", self.consumer.function_name, "Lambda that lands events")
        self.output("FailedBatchesUrl", self.failed_batches.queue_url, "Queue of the batches that were given up")
        self.output("FailedTicksUrl", self.failed_ticks.queue_url, "Queue of the ticks that were given up")
        self.output("SendersPolicyArn", self.senders.managed_policy_arn, "Policy for systems that send events")


def check_fan_out(size: IngestSize) -> None:
    """A reserved concurrency is the most that runs: below shards times batches, shards wait for each other.

    Raises:
        UserError: the reserved concurrency is less than what the stream can have at work.
    """
    reserved = size.consumer_reserved_concurrency
    shards = MOST_ON_DEMAND_SHARDS if size.stream_mode == "on_demand" else size.stream_shards
    needed = shards * size.batches_at_once_per_shard
    if reserved and reserved < needed:
        raise UserError(
            f"sizes.toml: ingest.consumer_reserved_concurrency = {reserved} stops the consumer at "
            f"{reserved // size.batches_at_once_per_shard} of {shards} shards: write 0 (none reserved) or {needed}"
        )
