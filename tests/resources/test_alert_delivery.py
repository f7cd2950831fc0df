"""SNS and CloudWatch, against a moto server: what really arrives in a queue and in a namespace.

moto evaluates no alarm and no filter on the body; that a policy lets the role publish is shown elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from socialsent_assets.domain.monitoring import metrics_catalog as names
from socialsent_assets.domain.monitoring.alerts import AlertState, Message, apply_findings
from socialsent_assets.domain.monitoring.findings import Finding
from socialsent_assets.domain.monitoring.metrics import MetricDatum
from socialsent_assets.local_aws.server import REGION
from socialsent_assets.monitoring.delivery import MetricsError, NotificationError
from socialsent_assets.resources.metrics import CloudWatchMetrics
from socialsent_assets.resources.notifications import SnsNotifications, publication
from tests.resources.conftest import Account

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ABSENT = f"arn:aws:sns:{REGION}:123456789012:absent"


@pytest.fixture
def message() -> Message:
    finding = Finding(
        "sentiment", "Straßenbahn", "breach", NOON, "2026-11-22-12:00",
        observed=0.45, expected=0.2, low=0.05, high=0.38, cases=60,
    )  # fmt: skip
    return apply_findings(AlertState(), [finding], NOON + timedelta(hours=1)).messages[0]


def subscribe(
    account: Account, name: str, filter_policy: dict[str, Any] | None = None
) -> tuple[str, Callable[[], list[dict[str, Any]]]]:
    """A topic with a queue; returns its ARN and a way to read what came."""
    sns, sqs = account.aws.client("sns"), account.aws.client("sqs")
    arn = sns.create_topic(Name="alerts")["TopicArn"]
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    attributes = {"FilterPolicy": json.dumps(filter_policy)} if filter_policy else {}
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue, Attributes=attributes)

    def read() -> list[dict[str, Any]]:
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0)
        return [json.loads(one["Body"]) for one in found.get("Messages", [])]

    return arn, read


def test_a_queue_gets_the_subject_the_attributes_and_json(account: Account, message: Message) -> None:
    """Prevents a message that people can read and no filter or function can use."""
    arn, read = subscribe(account, "all")
    assert SnsNotifications(topic_arn=arn).send(message).startswith("sns ")
    [got] = read()
    assert got["Subject"] == message.title
    assert {name: value["Value"] for name, value in got["MessageAttributes"].items()} == {
        "severity": "notice", "kind": "sentiment", "stage": "open", "topic": "Straßenbahn", "message_id": message.id,
    }  # fmt: skip
    body = json.loads(got["Message"])
    assert (body["alert_id"], body["span"]) == ("sentiment:Straßenbahn", "2026-11-22-12:00")
    assert "what to do" in body["text"].lower()


def test_a_subscription_can_ask_for_critical_alerts_alone(account: Account, message: Message) -> None:
    """Prevents a phone that rings for a change of mood."""
    arn, read = subscribe(account, "critical", {"severity": ["critical"]})
    SnsNotifications(topic_arn=arn).send(message)
    SnsNotifications(topic_arn=arn).send(replace(message, severity="critical", id="other"))
    assert [got["MessageAttributes"]["message_id"]["Value"] for got in read()] == ["other"]


def test_every_protocol_has_a_text_of_its_own(message: Message) -> None:
    """Prevents an SMS in six parts, and a publication without the default that SNS demands."""
    sent = publication(message)
    bodies = json.loads(sent["Message"])
    assert bodies["default"] == bodies["email"] == f"{message.text}\n"
    assert bodies["sms"] == message.sms
    assert len(bodies["sms"]) <= 140
    assert len(json.dumps(sent).encode()) < 256 * 1024


def test_a_topic_that_is_gone_is_one_clear_line(account: Account, message: Message) -> None:
    """Prevents a traceback of botocore in place of what was not sent and why."""
    with pytest.raises(NotificationError, match="SNS did not accept 'SocialSent OPEN"):
        SnsNotifications(topic_arn=ABSENT).send(message)


def test_an_endpoint_that_cannot_be_reached_is_one_clear_line(
    account: Account, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents a tick that waits for minutes, or fails, because there is no network."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(NotificationError, match="Could not connect"):
        SnsNotifications(topic_arn=ABSENT).send(message)
    with pytest.raises(MetricsError, match="did not accept 1 metrics"):
        CloudWatchMetrics(namespace="SocialSent").send([MetricDatum(names.OPEN_ALERTS, 1, NOON)])


def test_a_metric_can_be_read_back_by_its_name_dimensions_and_statistic(account: Account) -> None:
    """Prevents an alarm on a metric that no one sends: the names come from the table that alarms read."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    points = [
        MetricDatum(names.QUARANTINE_RATE, 0.08, now),
        MetricDatum(names.FRESHNESS_MINUTES, 30, now, ("cleansed",)),
        MetricDatum(names.FRESHNESS_MINUTES, 90, now, ("analytics",)),
        *(MetricDatum(names.ROWS, number, now, ("cleansed", f"table {number}")) for number in range(600)),
    ]
    CloudWatchMetrics(namespace="SocialSent").send(points)
    cloudwatch = account.aws.client("cloudwatch")

    def read(metric: names.Metric, *dimensions: str) -> list[float]:
        found = cloudwatch.get_metric_statistics(
            Namespace="SocialSent", MetricName=metric.name, Statistics=[metric.statistic], Period=3600,
            Dimensions=[{"Name": n, "Value": v} for n, v in zip(metric.dimensions, dimensions, strict=True)],
            StartTime=now - timedelta(hours=1), EndTime=now + timedelta(hours=1),
        )  # fmt: skip
        return [point[metric.statistic] for point in found["Datapoints"]]

    assert read(names.QUARANTINE_RATE) == [0.08]
    assert read(names.FRESHNESS_MINUTES, "analytics") == [90]
    assert read(names.ROWS, "cleansed", "table 599") == [599]
