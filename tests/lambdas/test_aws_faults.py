"""S3 and Kinesis when they fail: the right answer to Kinesis, one clear line, nothing lost, nothing doubled."""

from __future__ import annotations

import base64
import gzip
import http.server
import json
import logging
import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, EndpointConnectionError

from lambdas.kinesis_consumer.handler import consume
from lambdas.kinesis_consumer.sink import S3Store, _s3_client
from lambdas.mock_server.delivery import DeliveryError, deliver
from lambdas.mock_server.handler import _kinesis
from socialsent_assets.domain.events.kinds import KINDS
from socialsent_assets.local_aws.event_source_mapping import KinesisEventSourceMapping, MappingOptions
from socialsent_assets.simulator.feed import FeedRecord

START = datetime(2026, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
# Status and code as S3 sends them (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).
PASSING = [(503, "SlowDown"), (500, "InternalError"), (503, "ServiceUnavailable")]
LASTING = [
    (403, "AccessDenied", "allow the function's role s3:PutObject"),
    (404, "NoSuchBucket", "it is not there"),
    (400, "ExpiredToken", "the credentials do not work"),
    (403, "InvalidAccessKeyId", "the credentials do not work"),
    (503, "SlowDown", "it is over capacity"),
    (500, "InternalError", "the service itself failed"),
]


class FaultyS3(http.server.ThreadingHTTPServer):
    """Takes objects, unless `faults` has an answer waiting; one that is `None` lets a call through."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.objects: dict[str, bytes] = {}
        self.faults: list[tuple[int, str] | None] = []
        self.always: tuple[int, str] | None = None
        self.calls = 0


class _Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultyS3

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls += 1
        fault = self.server.faults.pop(0) if self.server.faults else self.server.always
        if fault is None:
            self.server.objects[self.path] = body
            return self._answer(200, b"")
        status, code = fault
        return self._answer(status, f"<Error><Code>{code}</Code><Message>as tested</Message></Error>".encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def s3() -> Iterator[FaultyS3]:
    server = FaultyS3()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def store(s3: FaultyS3, monkeypatch: pytest.MonkeyPatch) -> S3Store:
    """The consumer's own client and its own retries; only the waits between them are left out."""
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{s3.server_port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    return S3Store("lake", "landing", _s3_client())


def record(event_id: str, number: int, shard: str = "shardId-000000000000", hour: int = 9) -> dict[str, Any]:
    event = {**KINDS["post"].example, "event_id": event_id, "event_time": f"2026-11-22T{hour:02d}:40:00Z"}
    return {
        "eventID": f"{shard}:{number}",
        "kinesis": {
            "sequenceNumber": str(number),
            "data": base64.b64encode(json.dumps(event).encode()).decode(),
            "approximateArrivalTimestamp": NOON.timestamp(),
        },
    }


@pytest.mark.parametrize("fault", PASSING)
def test_a_passing_fault_of_s3_is_not_seen_outside(s3: FaultyS3, store: S3Store, fault: tuple[int, str]) -> None:
    """Prevents a batch that is sent again, and an alarm, for each hiccup of S3."""
    s3.faults = [fault, fault, fault]
    done = consume({"Records": [record("a", 1), record("b", 2)]}, store, START)
    assert (done.failed, done.counts.accepted, len(s3.objects)) == ((), 2, 1)


@pytest.mark.parametrize(("status", "code", "advice"), LASTING)
def test_a_lasting_fault_of_s3_asks_for_the_batch_again_and_says_what_to_do(
    s3: FaultyS3, store: S3Store, status: int, code: str, advice: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Prevents records that are acknowledged and lost, and a log that leaves its reader to guess."""
    s3.always = (status, code)
    event = {"Records": [record("a", 11), record("b", 12)]}
    with caplog.at_level(logging.ERROR):
        done = consume(event, store, START)
    assert (done.failed, done.counts.records, s3.objects) == (("11",), 0, {})
    (message,) = [entry.getMessage() for entry in caplog.records if entry.name.startswith("lambdas")]
    assert "s3://lake/landing/events/" in message
    assert code in message
    assert advice in message
    assert "\n" not in message
    s3.always = None
    assert consume(event, store, START).counts.accepted == 2
    assert len(s3.objects) == 1


def test_an_unreachable_s3_is_answered_within_seconds(store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a function that waits for minutes and is then ended by its own timeout, without an answer."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    client = _s3_client()
    done = consume({"Records": [record("a", 1)]}, S3Store("lake", "landing", client), START)
    assert done.failed == ("1",)
    config = client.meta.config
    longest = config.retries["total_max_attempts"] * (config.connect_timeout + config.read_timeout)
    assert longest <= 40, "seconds, to which waits are added; the function's timeout is two minutes"


def test_half_a_batch_written_before_the_fault_is_written_once_in_the_end(s3: FaultyS3, store: S3Store) -> None:
    """Prevents a second copy of the hour that had been written when the next one failed."""
    event = {"Records": [record("a", 1, hour=8), record("b", 2, hour=9), record("c", 3, hour=10)]}
    s3.faults = [None, (403, "AccessDenied")]
    assert consume(event, store, START).failed == ("1",)
    assert len(s3.objects) == 1
    assert consume(event, store, START).failed == ()
    assert len(s3.objects) == 3


@pytest.mark.parametrize("bisect", [False, True])
def test_a_stream_lands_while_s3_refuses_every_other_object(aws, s3: FaultyS3, store: S3Store, bisect: bool) -> None:
    """Prevents loss where retries, bisecting and half-written batches meet, and doubling without bisecting."""
    kinesis, stream = aws.client("kinesis"), f"faulty-{bisect}"
    kinesis.create_stream(StreamName=stream, ShardCount=2)
    for number in range(120):
        data = base64.b64decode(record(f"e{number}", 1, hour=number % 5)["kinesis"]["data"])
        kinesis.put_record(StreamName=stream, Data=data, PartitionKey=str(number))
    s3.faults = [(403, "AccessDenied") if number % 2 else None for number in range(14)]

    def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
        done = consume(event, store, START)
        return {"batchItemFailures": [{"itemIdentifier": number} for number in done.failed]}

    options = MappingOptions(batch_size=50, maximum_retry_attempts=20, bisect_batch_on_function_error=bisect)
    mapping = KinesisEventSourceMapping(kinesis, stream, handler, options)
    mapping.drain()
    assert mapping.statistics.failed_invocations > 0, "a stream without a fault would test nothing"
    lines = [line for content in s3.objects.values() for line in gzip.decompress(content).splitlines()]
    assert len(set(lines)) == 120
    assert bisect or len(lines) == 120, (
        "only batches that are cut differently may overlap; the cleanse job drops that"
    )


class RefusingKinesis:
    """A client whose calls fail as a whole."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def put_records(self, **_: Any) -> Any:
        raise self.error


def refusal(code: str, status: int = 400) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "as tested"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "PutRecords")


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (refusal("AccessDeniedException"), "allow the function's role kinesis:PutRecords on stream events"),
        (refusal("ResourceNotFoundException"), "it is not there"),
        (refusal("ExpiredTokenException"), "the credentials do not work"),
        (refusal("ProvisionedThroughputExceededException"), "it is over capacity"),
        (refusal("InternalFailure", 500), "the service itself failed"),
        (EndpointConnectionError(endpoint_url="https://kinesis.test"), "a function in a VPC needs an endpoint"),
        (refusal("ValidationException"), "unexpected error"),
    ],
)
def test_a_call_that_kinesis_refuses_as_a_whole_says_what_to_do(error: Exception, advice: str) -> None:
    """Prevents a tick that fails with the name of an exception and no way on."""
    records = [FeedRecord(b"{}", "post-1", NOON)]
    with pytest.raises(DeliveryError, match=r"^stream events \(STREAM_NAME\): ") as raised:
        deliver(records, "events", RefusingKinesis(error), random.Random(1), lambda _: None)
    assert advice in str(raised.value)


def test_boto3_is_told_to_ask_a_busy_stream_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents a tick that gives up at the first throttled call: the client's own retries see to those."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    client = _kinesis.__wrapped__()
    busy = AWSResponse("https://kinesis.test", 400, {}, None)  # type: ignore[arg-type]
    busy._content = b'{"__type": "ProvisionedThroughputExceededException", "message": "slow down"}'  # type: ignore[attr-defined]
    tries: list[None] = []
    client.meta.events.register("before-send.kinesis.PutRecords", lambda **_: tries.append(None) or busy)
    with pytest.raises(DeliveryError, match="raise its capacity"):
        deliver([FeedRecord(b"{}", "post-1", NOON)], "events", client, random.Random(1), lambda _: None)
    assert len(tries) == 5
