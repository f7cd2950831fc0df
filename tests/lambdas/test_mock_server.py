"""The mock server Lambda: what is due, once per record, within the limits of the API, until the stream took it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lambdas.kinesis_consumer.handler import consume
from lambdas.kinesis_consumer.sink import FolderStore
from lambdas.mock_server import handler
from lambdas.mock_server.delivery import ATTEMPTS, DeliveryError, batches, deliver, wait_seconds
from socialsent_assets.domain.events.event import Event, parse
from socialsent_assets.local_aws.event_source_mapping import KinesisEventSourceMapping, MappingOptions
from socialsent_assets.simulator.feed import FeedRecord, mock_feed

ROOT = Path(__file__).resolve().parents[2]
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
START = datetime(2026, 1, 1, tzinfo=UTC)
# As EventBridge sends it (https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html).
SCHEDULED = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "123456789012",
    "time": "2026-11-22T12:00:00Z",
    "region": "us-east-1",
    "resources": ["arn:aws:events:us-east-1:123456789012:rule/every-minute"],
    "detail": {},
}


class FakeKinesis:
    """Takes what it is given; `refuse(call, index)` is true for the records that it throttles."""

    def __init__(self, refuse=lambda call, index: False):
        self.refuse = refuse
        self.calls: list[list[dict]] = []
        self.taken: list[dict] = []

    def put_records(self, StreamName, Records):
        call = len(self.calls)
        self.calls.append(Records)
        results = []
        for index, record in enumerate(Records):
            if self.refuse(call, index):
                results.append({"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow down"})
            else:
                self.taken.append(record)
                results.append({"SequenceNumber": str(len(self.taken)), "ShardId": "shardId-000000000000"})
        return {"FailedRecordCount": sum("ErrorCode" in result for result in results), "Records": results}


def records(number: int, size: int = 10) -> list[FeedRecord]:
    return [FeedRecord(f"{i:05d}".encode().ljust(size, b"x"), f"post-{i % 7}", NOON) for i in range(number)]


def send(kinesis: FakeKinesis, feed, waits: list[float] | None = None):
    return deliver(feed, "stream", kinesis, random.Random(1), (waits if waits is not None else []).append)


def test_the_mock_server_answers_a_bare_scheduled_event(monkeypatch):
    """Prevents a producer that cannot run as it is called in production: with a schedule and its environment."""
    kinesis = FakeKinesis()
    monkeypatch.setattr(handler, "_kinesis", lambda: kinesis)
    monkeypatch.setenv("STREAM_NAME", "events")
    monkeypatch.setenv("EVENTS_PER_TICK", "25")
    assert handler.lambda_handler(SCHEDULED, None) == {"records": 25, "retried": 0}
    first = list(kinesis.taken)
    assert handler.lambda_handler(SCHEDULED, None)["records"] == 25
    assert kinesis.taken[25:] == first, "a repeated call sends the same records"


def test_a_real_client_is_made_from_the_environment_alone(aws, monkeypatch):
    for name, value in {
        "AWS_ENDPOINT_URL": aws.endpoint,
        "AWS_ACCESS_KEY_ID": "embedded",
        "AWS_SECRET_ACCESS_KEY": "embedded",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NO_PROXY": "127.0.0.1",
        "STREAM_NAME": "from-the-environment",
    }.items():
        monkeypatch.setenv(name, value)
    aws.client("kinesis").create_stream(StreamName="from-the-environment", ShardCount=1)
    handler._kinesis.cache_clear()
    try:
        assert handler.lambda_handler(SCHEDULED, None) == {"records": 60, "retried": 0}
    finally:
        handler._kinesis.cache_clear()


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({}, "STREAM_NAME"),
        ({"STREAM_NAME": "s", "EVENTS_PER_TICK": "0"}, "EVENTS_PER_TICK"),
        ({"STREAM_NAME": "s", "FEED_START": "2026-01-01"}, "offset"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(settings, complaint):
    with pytest.raises((KeyError, ValueError), match=complaint):
        handler.FeedSettings.from_env(settings)


def test_each_event_is_one_record_keyed_by_what_it_is_about():
    """Prevents a thousand events in one record, and a random key that loses the order of what happens to a post."""
    kinesis = FakeKinesis()
    feed = list(mock_feed(7, NOON, 2, 2000))
    assert send(kinesis, feed).records == len(kinesis.taken) == 2000
    keys = defaultdict(set)
    for record in kinesis.taken:
        event = parse(record["Data"], NOON, START)
        if isinstance(event, Event):
            about = event.data.get("post_id") or event.data.get("target_user_id") or event.data["user_id"]
            keys[about].add(record["PartitionKey"])
            assert record["PartitionKey"] == about
    assert all(len(found) == 1 for found in keys.values())
    assert len(keys) > 400


def test_the_consumer_reads_whatever_the_mock_server_writes(aws, tmp_path):
    """Prevents a writer and a reader that do not agree: every record lands, repeats or is rejected for a reason."""
    kinesis = aws.client("kinesis")
    kinesis.create_stream(StreamName="agreement", ShardCount=2)
    settings = handler.FeedSettings("agreement", 700, 7, START)
    handler.tick(SCHEDULED, settings, kinesis)
    counts = []

    def lambda_handler(event, _context):
        done = consume(event, FolderStore(tmp_path), START)
        counts.append(done.counts)
        return {"batchItemFailures": [{"itemIdentifier": number} for number in done.failed]}

    KinesisEventSourceMapping(kinesis, "agreement", lambda_handler, MappingOptions(batch_size=100)).drain()
    assert sum(count.records for count in counts) == 700
    assert sum(count.accepted for count in counts) > 650


def test_a_planned_tick_sends_exactly_the_minutes_it_names():
    plan = {"events": 900, "hours": 2, "until": "2026-11-22T12:00:00Z"}
    settings = handler.FeedSettings("s", 1, 7, START)
    whole = list(mock_feed(7, NOON, 2, 900))
    parts = [
        record
        for end in ("2026-11-22T10:50:00Z", "2026-11-22T12:00:00+00:00")
        for record in handler.due(
            {"time": end, "detail": {"plan": plan, "minutes": 50 if "10:50" in end else 70}}, settings
        )
    ]
    assert parts == whole


def test_batches_keep_the_limits_of_the_api():
    entries = [{"Data": b"x" * size, "PartitionKey": "k"} for size in [10] * 1201 + [900_000] * 13 + [10]]
    made = list(batches(iter(entries)))
    assert [entry for batch in made for entry in batch] == entries
    assert all(len(batch) <= 500 for batch in made)
    assert all(sum(len(entry["Data"]) + 1 for entry in batch) <= 5 * 1024 * 1024 for batch in made)
    assert [len(batch) for batch in made] == [500, 500, 206, 5, 4]


def test_a_record_that_kinesis_can_never_take_is_named_at_once():
    with pytest.raises(ValueError, match="1 MiB"):
        list(batches([{"Data": b"x" * 1024 * 1024, "PartitionKey": "k"}]))


def test_only_the_records_that_failed_are_sent_again_and_each_lands_once():
    """Prevents a retry that sends the neighbours twice."""
    kinesis = FakeKinesis(refuse=lambda call, index: call < 3 and index % 3 == 0)
    waits: list[float] = []
    done = send(kinesis, records(90), waits)
    assert [len(call) for call in kinesis.calls] == [90, 30, 10, 4]
    assert sorted(record["Data"] for record in kinesis.taken) == [record.raw for record in records(90)]
    assert (done.records, done.retried) == (90, 30 + 10 + 4)
    assert waits == sorted(waits)
    assert len(waits) == 3


def test_a_stream_that_never_takes_a_record_is_an_error():
    kinesis = FakeKinesis(refuse=lambda call, index: index == 0)
    waits: list[float] = []
    with pytest.raises(DeliveryError, match=r"1 of 3 records.*ProvisionedThroughputExceeded"):
        send(kinesis, records(3), waits)
    assert len(kinesis.calls) == ATTEMPTS
    assert len(waits) == ATTEMPTS - 1


def test_waits_double_up_to_a_bound_and_are_spread():
    longest = [max(wait_seconds(attempt, random.Random(i)) for i in range(200)) for attempt in range(1, 12)]
    shortest = [min(wait_seconds(attempt, random.Random(i)) for i in range(200)) for attempt in range(1, 12)]
    assert longest[0] < 0.1 < longest[1] < 0.2 < longest[2]
    assert max(longest) <= 5
    assert all(low < 0.6 * high for low, high in zip(shortest, longest, strict=True))


def test_the_mock_server_needs_the_standard_library_alone():
    """Prevents a Lambda zip that lacks a package: boto3 is in the runtime and is imported when it is needed."""
    code = (
        "from lambdas.mock_server.handler import FeedSettings, due\n"
        "event = {'time': '2026-11-22T12:00:00Z', 'detail': {}}\n"
        "settings = FeedSettings.from_env({'STREAM_NAME': 's', 'EVENTS_PER_TICK': '40'})\n"
        "print(sum(1 for _ in due(event, settings)))"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == 40
