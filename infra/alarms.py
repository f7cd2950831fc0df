"""CloudWatch alarm definitions: metric, threshold, missing-data treatment and runbook text.

CloudWatch watches the machinery, and the few numbers that only mean something from outside, such as Dagster being
silent. Anomalies in the data are found and reported by the graph itself (socialsent_assets/domain/monitoring/).

Not here: the topic (stacks/notifications.py), the dashboard (stacks/observability.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cw

from infra.deployment import Deployment
from infra.policies import ingest
from infra.sizes import ObservabilitySize
from socialsent_assets.domain.events import ingest_metrics
from socialsent_assets.domain.monitoring import metrics_catalog as pipeline

GIB = 1024**3
GLUE_FAILURES = "glue-failures"
"""Rule of EventBridge that publishes failed Glue runs."""

# Treatment of missing data, by kind of metric.
SILENCE_IS_FINE = cw.TreatMissingData.NOT_BREACHING  # sent only when something happens: nothing happened
SILENCE_IS_BAD = cw.TreatMissingData.BREACHING  # a heartbeat: its sender is gone
SILENCE_SAYS_NOTHING = cw.TreatMissingData.IGNORE  # sent only while its source is in use: what was true still is


@dataclass(frozen=True)
class Watch:
    """One alarm: over `threshold` in `breaches` of the last `periods` values of `metric`.

    Attributes:
        name: last part of the alarm's name.
        metric: with its statistic and period.
        threshold: the highest value that is still fine.
        missing: what no value means, one of the three above.
        meaning: what is wrong, and what to do; the text of the message.
        at_least: the alarm is for too little, not for too much: `threshold` is the lowest fine value.
    """

    name: str
    metric: cw.IMetric
    threshold: float
    missing: cw.TreatMissingData
    meaning: str
    periods: int = 1
    breaches: int = 1
    at_least: bool = field(default=False, kw_only=True)

    @property
    def operator(self) -> cw.ComparisonOperator:
        """How a value is compared with `threshold`."""
        if self.at_least:
            return cw.ComparisonOperator.LESS_THAN_THRESHOLD
        return cw.ComparisonOperator.GREATER_THAN_THRESHOLD


def metric(
    namespace: str, name: str, statistic: str, minutes: int, label: str | None = None, **dimensions: str
) -> cw.Metric:
    """A metric of CloudWatch: `metric("AWS/SQS", "X", "Maximum", 5, QueueName="q")`."""
    return cw.Metric(
        namespace=namespace,
        metric_name=name,
        statistic=statistic,
        period=cdk.Duration.minutes(minutes),
        dimensions_map=dimensions or None,
        label=label,
    )


def ours(number: pipeline.Metric, minutes: int, **dimensions: str) -> cw.Metric:
    """A metric that Dagster sends, by its own table. Raises ValueError unless exactly its dimensions are given."""
    if set(dimensions) != set(number.dimensions):
        raise ValueError(f"{number.name} has the dimensions {number.dimensions}, not {sorted(dimensions)}")
    return metric(ingest_metrics.NAMESPACE, number.name, number.statistic, minutes, **dimensions)


def of_lambda(deployment: Deployment, function: str, name: str, statistic: str, minutes: int = 5) -> cw.Metric:
    """A metric that AWS sends of a Lambda."""
    return metric("AWS/Lambda", name, statistic, minutes, FunctionName=deployment.named(function))


def counted(service: str, name: str, minutes: int = 5) -> cw.Metric:
    """A metric that a Lambda sends of itself. Raises ValueError for a name that it does not send."""
    if name not in ingest_metrics.METRICS_OF[service]:
        raise ValueError(f"{service} does not count {name}")
    return metric(ingest_metrics.NAMESPACE, name, "Sum", minutes, **{ingest_metrics.SERVICE: service})


def quarantine_percent(minutes: int) -> cw.MathExpression:
    """Of the records that the consumer took, how many per hundred were quarantined."""
    return cw.MathExpression(
        expression="IF(consumed > 0, 100 * quarantined / consumed, 0)",
        using_metrics={
            "consumed": counted(ingest_metrics.CONSUMER, ingest_metrics.RECORDS_CONSUMED, minutes),
            "quarantined": counted(ingest_metrics.CONSUMER, ingest_metrics.RECORDS_QUARANTINED, minutes),
        },
        label="quarantined, percent",
        period=cdk.Duration.minutes(minutes),
    )


def watches(deployment: Deployment, workgroup: str) -> list[Watch]:
    """Every alarm of a deployment; `workgroup` is Athena's."""
    size = deployment.size.observability
    return [
        *_ingest(deployment, size),
        *_pipeline(deployment, size),
        *_warehouse(deployment, size),
        *_machinery(deployment),
        Watch(
            "athena-scan",
            athena_scan(workgroup),
            size.athena_scanned_gib_a_day * GIB,
            SILENCE_IS_FINE,
            "Athena read more in a day than planned (5 USD per TB). Look in the workgroup's history for queries "
            "without a condition on event_hour.",
        ),
    ]


def athena_scan(workgroup: str) -> cw.Metric:
    """Bytes that Athena read in a day."""
    return metric("AWS/Athena", "ProcessedBytes", "Sum", 24 * 60, WorkGroup=workgroup)


def iterator_age(deployment: Deployment) -> cw.Metric:
    """Milliseconds that the oldest record of the last batch had waited."""
    return of_lambda(deployment, ingest.CONSUMER, "IteratorAge", "Maximum")


def queue_depth(deployment: Deployment, queue: str) -> cw.Metric:
    """Messages in one of the queues of what failed."""
    name = deployment.named(queue)
    return metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", 5, QueueName=name)


def _ingest(deployment: Deployment, size: ObservabilitySize) -> Sequence[Watch]:
    functions = (ingest.MOCK_SERVER, ingest.CONSUMER)
    errors = [
        Watch(
            f"{function}-errors",
            of_lambda(deployment, function, "Errors", "Sum"),
            0,
            SILENCE_IS_FINE,
            f"The Lambda {function} failed. Its log has the reason: /aws/lambda/{deployment.named(function)}. "
            "Kinesis and Scheduler retry automatically.",
            3,
            2,
        )
        for function in functions
    ]
    throttles = [
        Watch(
            f"{function}-throttles",
            of_lambda(deployment, function, "Throttles", "Sum"),
            0,
            SILENCE_IS_FINE,
            f"AWS throttled calls of the Lambda {function}: raise the account's concurrency quota or "
            "ingest.consumer_reserved_concurrency.",
            3,
            3,
        )
        for function in functions
    ]
    queues = {
        ingest.FAILED_BATCHES: "Batches of events failed after all retries and did not land. The message has their "
        "position on the stream: replay them before the stream's retention ends.",
        ingest.FAILED_TICKS: "Ticks did not reach the mock server. Invoke it with the message's payload.",
    }
    depths = [
        # An empty queue stops reporting after hours without use, a filled one does not.
        Watch(queue, queue_depth(deployment, queue), 0, SILENCE_SAYS_NOTHING, meaning)
        for queue, meaning in queues.items()
    ]
    return [
        *errors,
        *throttles,
        *depths,
        Watch(
            "iterator-age",
            iterator_age(deployment),
            size.iterator_age_minutes * 60_000,
            SILENCE_IS_FINE,
            "Events wait too long on the stream before they land. Look for errors of the consumer; "
            "if there are none, raise ingest.stream_shards or ingest.batches_at_once_per_shard.",
            3,
            3,
        ),
        Watch(
            "stream-full",
            metric(
                "AWS/Kinesis", "WriteProvisionedThroughputExceeded", "Sum", 5,
                StreamName=deployment.named(ingest.STREAM),
            ),
            0,
            SILENCE_IS_FINE,
            "The stream throttles records: senders retry, but raise ingest.stream_shards.",
            3,
            3,
        ),
        Watch(
            "landing-refused",
            counted(ingest_metrics.CONSUMER, ingest_metrics.BATCHES_FAILED),
            0,
            SILENCE_IS_FINE,
            "The consumer cannot write into landing; nothing is lost while the stream keeps it. Its log has the "
            "response of S3.",
            3,
            3,
        ),
        Watch(
            "quarantine",
            quarantine_percent(15),
            size.quarantine_percent,
            SILENCE_IS_FINE,
            "More records than usual are not valid events, so a sender has probably changed. "
            "Group landing/quarantine by reason.",
            4,
            2,
        ),
    ]  # fmt: skip


def _pipeline(deployment: Deployment, size: ObservabilitySize) -> Sequence[Watch]:
    return [
        Watch(
            "freshness",
            ours(pipeline.FRESHNESS_MINUTES, 5, Tier="analytics"),
            size.freshness_minutes,
            SILENCE_IS_BAD,
            "The newest scored hour is old, or Dagster sends no metrics. Look at the ECS service first, then at "
            "the runs in Dagster's UI, then at the stream.",
            6,
            6,
        ),
        Watch(
            "quarantine-of-hours",
            ours(pipeline.QUARANTINE_RATE, 15),
            size.quarantine_percent / 100,
            SILENCE_IS_FINE,  # no record, no rate; `freshness` covers a silent Dagster
            "Hours that were built hold more quarantined records than usual: `socialsent status` shows the tier.",
            4,
            4,
        ),
        Watch(
            "run-failures",
            ours(pipeline.RUN_FAILURES, 60),
            2,
            SILENCE_IS_FINE,
            "Runs keep failing. Each had its own message; this alarm means that retries do not help.",
        ),
        Watch(
            "stale-hours",
            ours(pipeline.STALE_HOURS, 15),
            size.stale_hours,
            SILENCE_IS_FINE,  # a heartbeat too, but `freshness` covers its absence
            "Landed hours wait to be built. Is a run stuck, or is the daemon down? `socialsent status` lists them.",
            4,
            4,
        ),
        Watch(
            "unsent-messages",
            ours(pipeline.UNSENT_MESSAGES, 15),
            0,
            SILENCE_IS_FINE,
            "Alerts of Dagster do not reach SNS. Its log has the response of SNS; `socialsent alerts` lists them.",
            2,
            2,
        ),
        Watch(
            "dagster-down",
            metric(
                "ECS/ContainerInsights", "RunningTaskCount", "Minimum", 5,
                ClusterName=deployment.name, ServiceName=deployment.named("dagster"),
            ),
            1,
            SILENCE_IS_BAD,
            "Dagster's task is not running. The events of the ECS service have the reason; the log is in "
            f"/{deployment.name}/dagster.",
            3,
            3,
            at_least=True,
        ),
    ]  # fmt: skip


def rpu(deployment: Deployment) -> cw.Metric:
    """Redshift processing units in use."""
    name = deployment.named("warehouse")
    return metric("AWS/Redshift-Serverless", "ComputeCapacity", "Maximum", 5, Workgroup=name)


def warehouse_metrics(deployment: Deployment) -> list[cw.Metric]:
    """What the dashboard shows of the warehouse, whichever kind it is."""
    name = deployment.named("warehouse")
    if deployment.size.warehouse.kind == "serverless":
        return [rpu(deployment)]
    return [
        metric("AWS/Redshift", "CPUUtilization", "Average", 5, ClusterIdentifier=name),
        metric("AWS/Redshift", "PercentageDiskSpaceUsed", "Maximum", 5, ClusterIdentifier=name),
    ]


def _warehouse(deployment: Deployment, size: ObservabilitySize) -> Sequence[Watch]:
    if deployment.size.warehouse.kind == "serverless":
        return [
            Watch(
                "warehouse-rpu",
                rpu(deployment),
                size.rpu_alarm,
                SILENCE_IS_FINE,  # an idle workgroup uses none and sends none
                "The warehouse has grown for half an hour, and so does the bill. Look for its longest queries in "
                "sys_query_history; warehouse.max_rpu and rpu_hours_a_day limit it.",
                6,
                6,
            )
        ]
    processor, disk = warehouse_metrics(deployment)
    return [
        Watch(
            "warehouse-cpu",
            processor,
            90,
            SILENCE_IS_BAD,
            "The cluster is busy, or does not respond. See its queries and events.",
            6,
            6,
        ),
        Watch("warehouse-disk", disk, 80, SILENCE_IS_FINE, "The cluster fills up: raise warehouse.nodes.", 3, 3),
    ]


def _machinery(deployment: Deployment) -> Sequence[Watch]:
    gib = deployment.size.orchestration.database_gib
    return [
        Watch(
            "unsent-glue-failures",
            metric("AWS/Events", "FailedInvocations", "Sum", 5, RuleName=deployment.named(GLUE_FAILURES)),
            0,
            SILENCE_IS_FINE,
            "A Glue run failed and EventBridge could not publish it: the policies of the alerts' topic and of its "
            "key must allow events.amazonaws.com without a condition.",
        ),
        Watch(
            "dagster-disk",
            metric("AWS/RDS", "FreeStorageSpace", "Minimum", 15, DBInstanceIdentifier=deployment.named("dagster")),
            gib * GIB // 10,
            SILENCE_SAYS_NOTHING,
            "Dagster's database has less than a tenth of its first size left. It grows by itself up to four times "
            "that; then runs cannot be written any more.",
            2,
            2,
            at_least=True,
        ),
    ]
