"""Alarms watch metrics that are sent, name the next step, and notify on recovery."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from infra.alarms import counted, ours
from infra.sizes import load_size
from socialsent_assets.domain.events import ingest_metrics
from socialsent_assets.domain.monitoring import metrics_catalog
from tests.infra.granted import granted
from tests.infra.synthesized import ACCOUNT, REGION, Assembly, Properties

pytestmark = pytest.mark.aws

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:socialsent-alerts"

# Alarms on a heartbeat: silence is what they are for.
HEARTBEATS = {"socialsent-freshness", "socialsent-dagster-down"}

# AWS's own metrics that alarms and dashboard use, with their dimensions, as each service's user guide lists them.
OF_AWS = {
    ("AWS/Lambda", "Errors"): {"FunctionName"},
    ("AWS/Lambda", "Throttles"): {"FunctionName"},
    ("AWS/Lambda", "IteratorAge"): {"FunctionName"},
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): {"QueueName"},
    ("AWS/Kinesis", "WriteProvisionedThroughputExceeded"): {"StreamName"},
    ("AWS/Redshift-Serverless", "ComputeCapacity"): {"Workgroup"},
    ("AWS/Redshift", "CPUUtilization"): {"ClusterIdentifier"},
    ("AWS/Redshift", "PercentageDiskSpaceUsed"): {"ClusterIdentifier"},
    ("AWS/Athena", "ProcessedBytes"): {"WorkGroup"},
    ("AWS/RDS", "FreeStorageSpace"): {"DBInstanceIdentifier"},
    ("ECS/ContainerInsights", "RunningTaskCount"): {"ClusterName", "ServiceName"},
    ("AWS/Events", "FailedInvocations"): {"RuleName"},
    ("Glue", "glue.driver.aggregate.elapsedTime"): {"JobName", "JobRunId", "Type"},
}


def alarms(assembly: Assembly) -> dict[str, Properties]:
    found = assembly.resources("observability", "AWS::CloudWatch::Alarm").values()
    return {alarm["AlarmName"]: alarm for alarm in found}


def metrics_of(alarm: Properties) -> Iterator[tuple[str, str, dict[str, str]]]:
    for one in (
        [alarm]
        if "MetricName" in alarm
        else [m["MetricStat"]["Metric"] for m in alarm["Metrics"] if "MetricStat" in m]
    ):
        yield one["Namespace"], one["MetricName"], {d["Name"]: d["Value"] for d in one.get("Dimensions", ())}


def on_dashboard(assembly: Assembly) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Metrics of the dashboard: lists of namespace, name, then dimension and value in turn, then options."""
    body = json.loads(assembly.one("observability", "AWS::CloudWatch::Dashboard")["DashboardBody"])
    for widget in body["widgets"]:
        for line in widget["properties"].get("metrics", ()):
            words = [word for word in line if isinstance(word, str)]
            if words:
                yield words[0], words[1], dict(zip(words[2::2], words[3::2], strict=True))


def known(namespace: str, name: str, dimensions: dict[str, str]) -> bool:
    """Whether this metric is sent under exactly these dimensions."""
    if namespace != ingest_metrics.NAMESPACE:
        return OF_AWS.get((namespace, name)) == set(dimensions)
    of_lambdas = any(
        name in names and dimensions == {ingest_metrics.SERVICE: service}
        for service, names in ingest_metrics.METRICS_OF.items()
    )
    return of_lambdas or any(
        metric.name == name and set(metric.dimensions) == set(dimensions) for metric in metrics_catalog.METRICS
    )


def test_every_metric_that_is_watched_or_drawn_is_one_that_somebody_sends(
    assembly: Assembly, everything: Assembly
) -> None:
    """In CloudWatch a misspelt metric is no error, but an alarm that never rings."""
    for each in (assembly, everything):
        watched = [metric for alarm in alarms(each).values() for metric in metrics_of(alarm)]
        drawn = list(on_dashboard(each))
        assert len(watched) > 15
        assert len(drawn) > 20
        assert not [metric for metric in (*watched, *drawn) if not known(*metric)]


def test_watched_things_have_the_names_of_things_that_exist(assembly: Assembly, everything: Assembly) -> None:
    """Prevents an alarm on a queue or function that was renamed in another stack."""
    for each in (assembly, everything):
        names: dict[str, set[str]] = {
            "FunctionName": {
                f["FunctionName"] for _, f in each.every("AWS::Lambda::Function") if "FunctionName" in f
            },
            "QueueName": {queue["QueueName"] for _, queue in each.every("AWS::SQS::Queue")},
            "RuleName": {rule["Name"] for _, rule in each.every("AWS::Events::Rule")},
            "StreamName": {stream["Name"] for _, stream in each.every("AWS::Kinesis::Stream")},
            "Workgroup": {w["WorkgroupName"] for _, w in each.every("AWS::RedshiftServerless::Workgroup")},
            "ClusterIdentifier": {c["ClusterIdentifier"] for _, c in each.every("AWS::Redshift::Cluster")},
            "WorkGroup": {group["Name"] for _, group in each.every("AWS::Athena::WorkGroup")},
            "DBInstanceIdentifier": {d["DBInstanceIdentifier"] for _, d in each.every("AWS::RDS::DBInstance")},
            "ClusterName": {cluster["ClusterName"] for _, cluster in each.every("AWS::ECS::Cluster")},
            "ServiceName": {service["ServiceName"] for _, service in each.every("AWS::ECS::Service")},
            "JobName": {job["Name"] for _, job in each.every("AWS::Glue::Job")},
            "Tier": set(metrics_catalog.TIERS),
        }
        everywhere = [m for alarm in alarms(each).values() for m in metrics_of(alarm)] + list(on_dashboard(each))
        for _, metric, dimensions in everywhere:
            for dimension, value in dimensions.items():
                assert value in names.get(dimension, {value}), (metric, dimension, value)


def test_every_alarm_rings_and_says_when_it_is_over(assembly: Assembly) -> None:
    for name, alarm in alarms(assembly).items():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [TOPIC], name


def test_every_alarm_says_what_is_wrong_and_what_to_do(assembly: Assembly) -> None:
    """SNS sends the description alone: at night no one searches for a page about it."""
    texts = [alarm["AlarmDescription"] for alarm in alarms(assembly).values()]
    assert len(set(texts)) == len(texts)
    assert not [text for text in texts if len(text) < 60 or len(text) > 1024]


def test_silence_alarms_where_it_is_bad_and_nowhere_else(assembly: Assembly, everything: Assembly) -> None:
    """Prevents a dead Dagster that looks fine, and a quiet night that rings."""
    for each in (assembly, everything):
        bad = {name for name, a in alarms(each).items() if a["TreatMissingData"] == "breaching"}
        assert bad - {"socialsent-warehouse-cpu"} == HEARTBEATS
        assert all("TreatMissingData" in alarm for alarm in alarms(each).values())


def test_the_asked_for_alarms_are_there(assembly: Assembly) -> None:
    wanted = ["kinesis-consumer-errors", "mock-server-errors", "iterator-age", "failed-batches", "quarantine"]
    wanted += ["freshness", "athena-scan", "warehouse-rpu", "run-failures", "dagster-down"]
    assert {f"socialsent-{name}" for name in wanted} <= set(alarms(assembly))


@pytest.mark.parametrize("name", ["small", "production"])
def test_no_threshold_lies_where_nothing_can_get(name: str) -> None:
    """A workgroup never takes more than its maximum: an alarm at the maximum never rings."""
    size = load_size(name)
    assert size.warehouse.base_rpu <= size.observability.rpu_alarm < size.warehouse.max_rpu
    assert size.observability.iterator_age_minutes < 60 * size.ingest.record_max_age_hours


def test_a_heartbeat_is_missed_only_after_several_beats() -> None:
    """Prevents an alarm at each deployment: five minutes without Dagster are no news."""
    assert metrics_catalog.HEARTBEAT_SECONDS <= 300
    with pytest.raises(ValueError, match="dimensions"):
        ours(metrics_catalog.FRESHNESS_MINUTES, 5)
    with pytest.raises(ValueError, match="does not count"):
        counted(ingest_metrics.CONSUMER, ingest_metrics.RECORDS_SENT)


def test_freshness_waits_half_an_hour_before_it_rings(assembly: Assembly) -> None:
    alarm = alarms(assembly)["socialsent-freshness"]
    assert alarm["Period"] * alarm["EvaluationPeriods"] >= 1800


def test_a_failed_glue_run_of_ours_is_told(assembly: Assembly) -> None:
    rule = assembly.one("observability", "AWS::Events::Rule")
    detail = rule["EventPattern"]["detail"]
    assert set(detail["jobName"]) == {job["Name"] for _, job in assembly.every("AWS::Glue::Job")}
    assert {"FAILED", "TIMEOUT"} <= set(detail["state"])
    assert "SUCCEEDED" not in detail["state"]
    (target,) = rule["Targets"]
    assert target["Arn"] == TOPIC
    template = target["InputTransformer"]["InputTemplate"]
    named = set(re.findall(r"<([\w-]+)>", template))
    assert named == set(target["InputTransformer"]["InputPathsMap"])
    assert len(named) >= 4


def test_the_topic_can_be_used_by_who_publishes(assembly: Assembly) -> None:
    """An encrypted topic swallows what its sender may not encrypt: CloudWatch's alarms would reach no one."""
    services = {"cloudwatch.amazonaws.com", "events.amazonaws.com", "budgets.amazonaws.com"}

    def allowed(policy: dict[str, Any], action: str) -> set[str]:
        return {
            service
            for s in policy["Statement"]
            if s["Effect"] == "Allow" and action in s["Action"] and "Service" in s.get("Principal", {})
            for service in _listed(s["Principal"]["Service"])
        }

    topic_policy = assembly.one("notifications", "AWS::SNS::TopicPolicy")["PolicyDocument"]
    key_policy = assembly.one("notifications", "AWS::KMS::Key")["KeyPolicy"]
    assert services <= allowed(topic_policy, "sns:Publish")
    assert services <= allowed(key_policy, "kms:GenerateDataKey")
    assert services <= allowed(key_policy, "kms:Decrypt")
    may = granted(assembly, "orchestration", "TaskRoleArn")
    assert may["sns:Publish"] == [TOPIC]


def test_people_of_the_size_are_subscribed(small: Assembly, everything: Assembly) -> None:
    found = everything.resources("notifications", "AWS::SNS::Subscription").values()
    assert {(s["Protocol"], s["Endpoint"]) for s in found} == {
        ("email", "on-call@example.org"),
        ("sms", "+491701234567"),
    }
    assert small.resources("notifications", "AWS::SNS::Subscription") == {}


def test_the_budget_is_told_before_it_is_spent(assembly: Assembly, everything: Assembly) -> None:
    budget = assembly.one("observability", "AWS::Budgets::Budget")
    assert "CostFilters" not in budget["Budget"]  # a tag that is not activated would count nothing, silently
    told = {
        (n["Notification"]["NotificationType"], n["Notification"]["Threshold"])
        for n in budget["NotificationsWithSubscribers"]
    }
    assert {("ACTUAL", 80), ("FORECASTED", 100)} <= told
    for notification in budget["NotificationsWithSubscribers"]:
        assert {"SubscriptionType": "SNS", "Address": TOPIC} in notification["Subscribers"]
    by_tag = everything.one("observability", "AWS::Budgets::Budget")
    assert by_tag["Budget"]["CostFilters"] == {"TagKeyValue": ["user:project$socialsent"]}
    subscribers = by_tag["NotificationsWithSubscribers"][0]["Subscribers"]
    assert {"SubscriptionType": "EMAIL", "Address": "on-call@example.org"} in subscribers


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
