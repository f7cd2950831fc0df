"""Tick -> mock server -> stream -> consumer -> landing -> CloudWatch -> topic, by the templates' names alone."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from pathlib import Path

import pytest

from socialsent_assets.domain.events.layout import EventHour
from tests.aws.wired.account import NOT_DRIVEN, PLAYED, PROVISIONED, Account
from tests.aws.wired.alarms import alarm, series_in, series_read
from tests.aws.wired.dagster_task import environment_of
from tests.aws.wired.functions import Clock, Functions, a_while_ago, landed, listen, messages
from tests.infra.synthesized import Assembly

pytestmark = [
    pytest.mark.aws,
    pytest.mark.xdist_group("wired"),
]

RUBBISH = 60
HOUR = a_while_ago()


@pytest.fixture(scope="module")
def functions(small: Assembly, aws: Account, folder: Path) -> Functions:
    return Functions(small, aws, folder, Clock(HOUR))


@pytest.fixture(scope="module")
def bucket(small: Assembly) -> str:
    """Where Dagster looks for what has landed."""
    return environment_of(small)["SOCIALSENT_LAKE_LANDING"].removeprefix("s3://")


def test_every_type_of_the_templates_is_provisioned_played_or_left_out_for_a_reason(
    small: Assembly, everything: Assembly
) -> None:
    """Prevents a resource that no one wired, and a list that explains resources which no one makes any more."""
    dealt_with = [*PROVISIONED, *PLAYED, *NOT_DRIVEN]
    assert len(dealt_with) == len(set(dealt_with))
    templates = [*small.templates.values(), *everything.templates.values()]
    used = {resource["Type"] for part in templates for resource in part["Resources"].values()}
    assert used == set(dealt_with)


def test_a_tick_lands_and_every_record_is_accounted_for(
    small: Assembly, aws: Account, functions: Functions, bucket: str
) -> None:
    """Prevents a wrong name, handler, variable or address anywhere between the schedule and the landing bucket."""
    functions.clock.now = HOUR + timedelta(minutes=10)
    sent = functions.tick(functions.clock.now)["records"]
    assert functions.drain() == sent > 0
    [(_, given)] = small.every("AWS::Lambda::EventSourceMapping")
    assert functions.mapping.statistics.invocations == -(-sent // given["BatchSize"])
    found = landed(aws, bucket)
    assert sum(found.values()) == sent
    assert found["events"] > 0


def test_a_burst_of_rubbish_rings_the_alarm_of_the_templates_at_their_topic(
    small: Assembly, aws: Account, functions: Functions, bucket: str
) -> None:
    """Prevents an alarm on a metric that is never sent, or without a recipient."""
    heard = listen(aws, environment_of(small)["SOCIALSENT_ALERTS_TOPIC_ARN"])
    quarantine = alarm(small, "quarantine")
    assert not quarantine.is_on(aws, HOUR + timedelta(hours=1))
    stream, kinesis = small.output("ingest", "StreamName"), aws.client("kinesis")
    for minute in (25, 40):
        functions.clock.now = HOUR + timedelta(minutes=minute)
        rubbish = [{"Data": f"rubbish {minute} {n}".encode(), "PartitionKey": str(n)} for n in range(RUBBISH)]
        assert not kinesis.put_records(StreamName=stream, Records=rubbish)["FailedRecordCount"]
        assert functions.drain() == RUBBISH
    assert quarantine.is_on(aws, HOUR + timedelta(hours=1))
    quarantine.ring(aws)
    [message] = heard()
    assert message["Subject"] == f"ALARM: {quarantine.given['AlarmName']}"
    # Its text recommends grouping landing/quarantine by reason: so the records are there, with one.
    prefix = f"quarantine/{EventHour(HOUR).path}/"
    kept = aws.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
    lines = gzip.decompress(aws.fetch(f"s3://{bucket}/{kept[-1]['Key']}")).splitlines()
    assert json.loads(lines[0])["reason"] == "not_json"


def test_every_number_of_the_lambdas_that_an_alarm_reads_has_arrived(small: Assembly, aws: Account) -> None:
    """Prevents an alarm that differs from its metric by a dimension: it would stay quiet indefinitely."""
    namespace = environment_of(small)["SOCIALSENT_METRICS_NAMESPACE"]  # one dashboard shows Lambdas and Dagster
    read = {one for one in series_read(small, namespace) if "service" in dict(one.dimensions)}
    assert {one.name for one in read} >= {"RecordsConsumed", "RecordsQuarantined", "BatchesFailed"}
    assert read <= series_in(aws, namespace)


def test_a_batch_that_never_lands_is_told_to_the_queue_that_an_alarm_watches(
    small: Assembly, aws: Account, functions: Functions, bucket: str
) -> None:
    """Prevents records that are given up without a word: a wrong queue, an alarm on another, tries without an end."""
    [(_, given)] = small.every("AWS::Lambda::EventSourceMapping")
    before = functions.mapping.statistics.failed_invocations
    _remove(aws, bucket)
    stream = small.output("ingest", "StreamName")
    aws.client("kinesis").put_record(StreamName=stream, Data=b"lost", PartitionKey="1")
    functions.is_strict = False
    functions.drain()
    assert functions.mapping.statistics.failed_invocations - before == given["MaximumRetryAttempts"] + 1
    queue = given["DestinationConfig"]["OnFailure"]["Destination"]
    [told] = messages(aws, functions.queue_url(queue))
    assert told["KinesisBatchInfo"]["batchSize"] == 1
    [watched] = alarm(small, "failed-batches").series
    assert watched.dimensions == (("QueueName", queue.rpartition(":")[2]),)


def _remove(aws: Account, bucket: str) -> None:
    s3 = aws.client("s3")
    for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=entry["Key"])
    s3.delete_bucket(Bucket=bucket)
