"""Zips and layer, unpacked and run as on Lambda: schedule -> stream -> consumer -> bucket, with logs and metrics."""

from __future__ import annotations

import json
import select
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.packaging.__main__ import main
from infra.packaging.lambda_zips import HANDLERS
from socialsent_assets.domain.events import ingest_metrics
from socialsent_assets.domain.events.layout import parse_landing_name
from socialsent_assets.domain.events.rejection import REASONS
from socialsent_assets.local_aws.event_source_mapping import KinesisEventSourceMapping, MappingOptions
from tests.lambdas.bare_runtime import BareRuntime, Invocation

pytestmark = pytest.mark.aws

SCHEDULED = {"source": "aws.events", "detail-type": "Scheduled Event", "time": "2026-11-22T12:00:00Z", "detail": {}}
RECORDS = 700  # enough for the mock network's faults to be among them


class Daemon:
    """Listens where the X-Ray SDK sends its segments (UDP), as Lambda's daemon does."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"

    def segments(self) -> list[dict[str, Any]]:
        """What has arrived by now; UDP on one machine is there when `send` returns."""
        found = []
        while select.select([self.socket], [], [], 0)[0]:
            _header, _, document = self.socket.recv(65_536).partition(b"\n")
            found.append(json.loads(document))
        return found


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    running = Daemon()
    yield running
    running.socket.close()


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lambdas")
    assert main(["lambdas", "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def runtime(aws, packages: Path, daemon: Daemon, tmp_path_factory: pytest.TempPathFactory) -> BareRuntime:
    environ = {
        "AWS_ENDPOINT_URL": aws.endpoint,
        "AWS_ACCESS_KEY_ID": "embedded",
        "AWS_SECRET_ACCESS_KEY": "embedded",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "NO_PROXY": "127.0.0.1",
        "AWS_XRAY_DAEMON_ADDRESS": daemon.address,
        "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
        "STREAM_NAME": "packaged",
        "EVENTS_PER_TICK": str(RECORDS),
        "LANDING_URI": "s3://packaged/landing",
    }
    return BareRuntime(tmp_path_factory.mktemp("runtime"), packages / "powertools_layer.zip", environ)


@pytest.fixture(scope="module")
def tick(aws, runtime: BareRuntime, packages: Path) -> Invocation:
    aws.client("kinesis").create_stream(StreamName="packaged", ShardCount=1)
    aws.client("s3").create_bucket(Bucket="packaged")
    return invoke(runtime, packages, "mock_server", SCHEDULED)


@pytest.fixture(scope="module")
def consumed(aws, runtime: BareRuntime, packages: Path, tick: Invocation) -> list[Invocation]:
    invocations = []

    def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
        invocations.append(invoke(runtime, packages, "kinesis_consumer", event))
        return invocations[-1].answer

    KinesisEventSourceMapping(aws.client("kinesis"), "packaged", handler, MappingOptions(batch_size=500)).drain()
    return invocations


def invoke(runtime: BareRuntime, packages: Path, name: str, event: dict[str, Any], **settings: str) -> Invocation:
    return runtime.invoke(packages / f"{name}.zip", HANDLERS[name], event, **settings)


def test_the_packaged_mock_server_fills_the_stream_and_says_so(tick: Invocation) -> None:
    """Prevents a zip that lacks a module, and a tick without metrics in CloudWatch."""
    assert tick.answer == {"records": RECORDS, "retried": 0}, tick.stderr
    assert tick.counted("service") == {"RecordsSent": RECORDS, "RecordsRetried": 0}
    assert {line["service"] for line in tick.lines} == {ingest_metrics.MOCK_SERVER}


def test_every_record_of_the_tick_is_in_the_bucket_or_counted(aws, consumed: list[Invocation]) -> None:
    """Prevents records that get lost between two packages that were never run together."""
    assert all(invocation.answer == {"batchItemFailures": []} for invocation in consumed), consumed[0].stderr
    landed = {"events": 0, "quarantine": 0}
    for entry in aws.client("s3").list_objects_v2(Bucket="packaged", Prefix="landing/")["Contents"]:
        name = parse_landing_name(entry["Key"].rpartition("/")[2])
        assert name is not None
        landed[entry["Key"].split("/")[1]] += name.rows
    total = {name: sum(one.counted("service")[name] for one in consumed) for name in consumed[0].counted("service")}
    assert total == {
        "RecordsConsumed": RECORDS,
        "RecordsLanded": landed["events"],
        "RecordsDuplicate": RECORDS - landed["events"] - landed["quarantine"],
        "RecordsQuarantined": landed["quarantine"],
        "BatchesFailed": 0,
    }
    assert landed["quarantine"] > 0, "a feed without faults would test nothing here"


def test_quarantined_records_are_counted_by_reason(consumed: list[Invocation]) -> None:
    """Prevents an alarm that rings without saying why."""
    by_reason: dict[str, float] = {}
    for invocation in consumed:
        for name, number in invocation.counted("service", "reason").items():
            by_reason[name] = by_reason.get(name, 0) + number
    assert sum(by_reason.values()) == sum(one.counted("service")["RecordsQuarantined"] for one in consumed)
    assert {name.partition("/")[0] for name in by_reason} == {ingest_metrics.RECORDS_QUARANTINED}
    assert {name.partition("/")[2] for name in by_reason} <= set(REASONS)


def test_metrics_are_sent_under_the_names_that_the_alarms_use(tick: Invocation, consumed: list[Invocation]) -> None:
    """Prevents an alarm on a metric that no one sends: in CloudWatch such an alarm stays quiet indefinitely."""
    for service, invocation in ((ingest_metrics.MOCK_SERVER, tick), (ingest_metrics.CONSUMER, consumed[0])):
        assert set(invocation.counted("service")) == set(ingest_metrics.METRICS_OF[service])
        for line in invocation.metrics:
            (directive,) = line["_aws"]["CloudWatchMetrics"]
            assert directive["Namespace"] == ingest_metrics.NAMESPACE
            assert line["service"] == service
            assert {metric["Unit"] for metric in directive["Metrics"]} == {"Count"}


def test_every_log_line_is_json_and_carries_the_request(tick: Invocation, consumed: list[Invocation]) -> None:
    """Prevents lines that CloudWatch's queries cannot read, and lines that no invocation can be found by."""
    for invocation in (tick, *consumed):
        assert invocation.lines
        assert {line["function_request_id"] for line in invocation.lines} == {"request-1"}
        assert {line["level"] for line in invocation.lines} == {"INFO"}
        assert {line["xray_trace_id"] for line in invocation.lines} == {"1-5759e988-bd862e3fe1be46a994272793"}


def test_traces_show_the_calls_to_aws(daemon: Daemon, tick: Invocation, consumed: list[Invocation]) -> None:
    """Prevents tracing that is switched on, paid for and empty."""
    text = json.dumps(daemon.segments())
    assert '"## lambda_handler"' in text
    assert '"operation": "PutRecords"' in text
    assert '"operation": "PutObject"' in text


def test_a_lambda_finds_everything_in_zip_layer_and_runtime(runtime: BareRuntime, consumed: list[Invocation]) -> None:
    """Prevents a test that passes because this machine has what Lambda has not."""
    packaged = [path for path in consumed[0].modules if "site-packages" in path]
    assert not packaged, "nothing installed may help"
    ours = [path for path in consumed[0].modules if "socialsent_assets" in path or "aws_lambda_powertools" in path]
    assert ours
    assert all(path.startswith(str(runtime.folder)) for path in ours)


def test_an_error_ends_in_one_clear_line_of_the_log(runtime: BareRuntime, packages: Path, tick: Invocation) -> None:
    """Prevents a function whose log has only the fact that it failed."""
    done = invoke(runtime, packages, "mock_server", SCHEDULED, STREAM_NAME="gone")
    assert done.answer is None
    (line,) = [line for line in done.lines if line["level"] == "ERROR"]
    assert line["message"].startswith("DeliveryError: stream gone (STREAM_NAME): ")
    assert line["message"].endswith("it is not there: correct the name, or deploy the stack that makes it")


def test_without_a_trace_header_or_daemon_nothing_fails(runtime: BareRuntime, packages: Path, tick) -> None:
    """Prevents an X-Ray SDK that ends an invocation because tracing is off."""
    off = {"AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:9", "_X_AMZN_TRACE_ID": ""}
    assert invoke(runtime, packages, "mock_server", SCHEDULED, **off).answer == {"records": RECORDS, "retried": 0}
