"""The handlers of the ingest side, with nothing but their own roles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lambdas.kinesis_consumer import handler as consumer
from lambdas.kinesis_consumer.sink import store_at
from lambdas.mock_server import handler as producer
from lambdas.mock_server.delivery import DeliveryError
from socialsent_assets.local_aws.event_source_mapping import KinesisEventSourceMapping
from tests.aws.least_privilege.account import Account
from tests.aws.least_privilege.calls import STREAM, bucket

pytestmark = pytest.mark.aws

PRODUCER, CONSUMER = "ingest/MockServerRole", "ingest/ConsumerRole"
MINUTE = {"time": "2026-11-22T09:01:00Z"}


@pytest.fixture(autouse=True)
def fresh_clients() -> Iterator[None]:
    """The handlers keep their clients for the life of a process."""
    for cached in (producer._kinesis, store_at):
        cached.cache_clear()
    yield
    for cached in (producer._kinesis, store_at):
        cached.cache_clear()


def become(monkeypatch: pytest.MonkeyPatch, account: Account, role: str, function: str) -> None:
    """The environment of a function as the template gives it, with a role."""
    given = account.assembly.one("ingest", "AWS::Lambda::Function", FunctionName=function)["Environment"]["Variables"]
    variables = {name: str(value) for name, value in given.items() if not name.startswith("POWERTOOLS")}
    account.become(monkeypatch, role, variables)


def test_records_go_from_the_producer_into_landing(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a stream that fills and a landing tier that stays empty, for want of one permission."""
    become(monkeypatch, account, PRODUCER, "socialsent-mock-server")
    sent = producer.lambda_handler(MINUTE, None)["records"]
    assert sent > 0

    become(monkeypatch, account, CONSUMER, "socialsent-kinesis-consumer")
    mapping = KinesisEventSourceMapping(_client("kinesis"), STREAM, consumer.lambda_handler)
    before = len(account.decisions)
    assert mapping.drain() >= sent
    assert mapping.last_error is None
    assert mapping.statistics.failed_invocations == 0
    made = account.decisions[before:]
    assert {need.action for _, need, is_given in made if not is_given} == set()
    assert {"s3:PutObject", "kms:GenerateDataKey"} <= {need.action for _, need, _ in made}
    landed = account.admin("s3").list_objects_v2(Bucket=bucket("landing"), Prefix="events/")
    assert landed["KeyCount"] > 1


def test_the_producer_cannot_be_turned_into_a_consumer(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each handler fails under the other's role: prevents one role that is handed to both."""
    become(monkeypatch, account, CONSUMER, "socialsent-mock-server")
    with pytest.raises(DeliveryError, match="kinesis:PutRecords"):
        producer.lambda_handler(MINUTE, None)


def test_a_put_that_is_not_allowed_sends_the_batch_again(
    account: Account, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Prevents records that are taken off the stream and land nowhere."""
    become(monkeypatch, account, PRODUCER, "socialsent-kinesis-consumer")
    data = {"sequenceNumber": "1", "data": "e30=", "approximateArrivalTimestamp": 1_795_338_000.0}
    record = {"eventID": "shardId-000000000000:1", "kinesis": data}
    answer = consumer.lambda_handler({"Records": [record]}, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert "s3:PutObject" in caplog.text


def _client(service: str) -> Any:
    import boto3

    session: Any = boto3.Session()
    return session.client(service)
