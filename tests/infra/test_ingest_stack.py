"""Stream, Lambdas and tick: their settings are those that the code reads, their roles fit one job each."""

from __future__ import annotations

import ast
import importlib
import itertools
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.sizes import IngestSize, load_size
from socialsent_assets.domain.events import ingest_metrics
from socialsent_assets.domain.events.start import start_hour
from tests.infra.synthesized import ACCOUNT, REGION, ROOT, Assembly, Properties

pytestmark = pytest.mark.aws

FUNCTIONS = {"mock_server": "socialsent-mock-server", "kinesis_consumer": "socialsent-kinesis-consumer"}
STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/socialsent-events"
LANDING = f"arn:aws:s3:::socialsent-landing-{ACCOUNT}-{REGION}"


def function(assembly: Assembly, module: str) -> Properties:
    return assembly.one("ingest", "AWS::Lambda::Function", FunctionName=FUNCTIONS[module])


def environment(assembly: Assembly, module: str) -> dict[str, str]:
    return function(assembly, module)["Environment"]["Variables"]


def size_of(assembly: Assembly, small: Assembly) -> IngestSize:
    return load_size("small" if assembly == small else "production").ingest


def names_read(*folders: str) -> set[str]:
    """Names of environment variables that the code below reads: environ["X"] and environ.get("X")."""
    found = set()
    for file in itertools.chain.from_iterable((ROOT / folder).rglob("*.py") for folder in folders):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Subscript) and "environ" in ast.unparse(node.value):
                found.add(node.slice)
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("environ.get"):
                found.add(node.args[0])
    return {name.value for name in found if isinstance(name, ast.Constant) and isinstance(name.value, str)}


@pytest.mark.parametrize("module", FUNCTIONS)
def test_every_variable_of_a_function_is_one_that_its_code_reads(assembly: Assembly, module: str) -> None:
    """Prevents a setting that is misspelt in the stack and quietly left at its default."""
    read = names_read(f"lambdas/{module}", "socialsent_assets/domain/events", "lambdas")
    given = {name for name in environment(assembly, module) if not name.startswith("POWERTOOLS_")}
    assert given <= read
    assert given >= (
        {"STREAM_NAME", "FEED_START"} if module == "mock_server" else {"LANDING_URI", "SOCIALSENT_START"}
    )


@pytest.mark.parametrize("module", FUNCTIONS)
def test_what_lambda_calls_is_in_the_zip_that_it_gets(assembly: Assembly, module: str) -> None:
    handler = function(assembly, module)["Handler"]
    name, _, attribute = handler.rpartition(".")
    assert callable(getattr(importlib.import_module(name), attribute))
    assert f"{name.replace('.', '/')}.py" in asset(assembly, function(assembly, module)["Code"]["S3Key"]).namelist()


def test_both_functions_get_the_layer_of_powertools(assembly: Assembly) -> None:
    layer = assembly.one("ingest", "AWS::Lambda::LayerVersion")
    assert "python/aws_lambda_powertools/__init__.py" in asset(assembly, layer["Content"]["S3Key"]).namelist()
    for module in FUNCTIONS:
        (arn,) = function(assembly, module)["Layers"]
        assert f":layer:{layer['LayerName']}:" in arn
        assert function(assembly, module)["Architectures"] == layer["CompatibleArchitectures"] == ["arm64"]
        assert [function(assembly, module)["Runtime"]] == layer["CompatibleRuntimes"]


@pytest.mark.parametrize("module", FUNCTIONS)
def test_metrics_come_under_the_service_that_the_alarms_name(assembly: Assembly, module: str) -> None:
    variables = environment(assembly, module)
    service = ingest_metrics.MOCK_SERVER if module == "mock_server" else ingest_metrics.CONSUMER
    assert variables["POWERTOOLS_SERVICE_NAME"] == service
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == ingest_metrics.NAMESPACE


@pytest.mark.parametrize("module", FUNCTIONS)
def test_a_function_is_traced_and_logs_to_its_own_encrypted_group(assembly: Assembly, module: str) -> None:
    made = function(assembly, module)
    assert made["TracingConfig"] == {"Mode": "Active"}
    group = assembly.one("ingest", "AWS::Logs::LogGroup", LogGroupName=made["LoggingConfig"]["LogGroup"])
    assert group["KmsKeyId"] == assembly.output("ingest", "IngestKeyArn")


def test_the_tick_is_an_event_that_the_mock_server_understands(assembly: Assembly) -> None:
    """Runs the handler's own reading on what the schedule sends, with the settings of the stack."""
    from lambdas.mock_server.handler import FeedSettings, due

    settings = FeedSettings.from_env(environment(assembly, "mock_server"))
    sent = json.loads(schedule(assembly)["Target"]["Input"])
    assert sent["time"] == "<aws.scheduler.scheduled-time>", "the planned minute, not the one in which it was called"
    sent["time"] = "2026-11-22T09:40:00Z"
    assert settings.stream == "socialsent-events"
    assert len(list(due(sent, settings))) > 0


def test_the_feed_ticks_every_minute_in_small_and_not_at_all_in_production(
    small: Assembly, production: Assembly
) -> None:
    assert schedule(small)["ScheduleExpression"] == "cron(* * * * ? *)"
    assert schedule(small)["State"] == "ENABLED"
    assert schedule(production)["State"] == "DISABLED"


def test_a_tick_that_fails_is_kept_where_somebody_sees_it(assembly: Assembly) -> None:
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:socialsent-failed-ticks"
    assert schedule(assembly)["Target"]["DeadLetterConfig"] == {"Arn": queue}
    (asynchronous,) = assembly.resources("ingest", "AWS::Lambda::EventInvokeConfig").values()
    assert asynchronous["DestinationConfig"]["OnFailure"]["Destination"] == queue
    assert asynchronous["FunctionName"] == FUNCTIONS["mock_server"]


def test_the_stream_feeds_the_consumer_without_losing_a_batch(assembly: Assembly, small: Assembly) -> None:
    """Each of these settings is one way in which records get lost, or stop all that come after them."""
    size = size_of(assembly, small)
    (mapping,) = assembly.resources("ingest", "AWS::Lambda::EventSourceMapping").values()
    assert mapping["EventSourceArn"] == STREAM
    assert mapping["FunctionName"] == FUNCTIONS["kinesis_consumer"]
    assert mapping["StartingPosition"] == "TRIM_HORIZON", (
        "LATEST would skip what was sent before the first deployment"
    )
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["MaximumRetryAttempts"] == size.batch_retries
    assert mapping["MaximumRecordAgeInSeconds"] == size.record_max_age_hours * 3600
    assert mapping["BatchSize"] == size.batch_records
    assert mapping["MaximumBatchingWindowInSeconds"] == size.batch_window_seconds
    assert mapping["ParallelizationFactor"] == size.batches_at_once_per_shard
    failed = f"arn:aws:sqs:{REGION}:{ACCOUNT}:socialsent-failed-batches"
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == failed


def test_the_stream_is_encrypted_and_kept_as_long_as_the_size_says(assembly: Assembly, small: Assembly) -> None:
    stream = assembly.one("ingest", "AWS::Kinesis::Stream", Name="socialsent-events")
    assert stream["StreamEncryption"] == {"EncryptionType": "KMS", "KeyId": assembly.output("ingest", "IngestKeyArn")}
    assert stream["RetentionPeriodHours"] == size_of(assembly, small).stream_retention_hours
    on_demand = stream["StreamModeDetails"]["StreamMode"] == "ON_DEMAND"
    assert ("ShardCount" in stream) is not on_demand


def test_the_consumer_grows_with_its_stream(assembly: Assembly) -> None:
    """A reserved concurrency is the most that runs too: it once stopped the consumer at 20 shards."""
    assert "ReservedConcurrentExecutions" not in function(assembly, "kinesis_consumer")


def test_the_consumer_writes_to_landing_where_it_reads_nothing(assembly: Assembly) -> None:
    statements = {s["Sid"]: s for s in assembly.role("ingest", "ConsumerRoleArn")}
    assert statements["PutLanded"]["Action"] == "s3:PutObject"
    assert statements["PutLanded"]["Resource"] == [f"{LANDING}/events/*", f"{LANDING}/quarantine/*"]
    assert not [s for s in statements.values() if s is not statements["PutLanded"] and "s3:" in json.dumps(s)]
    assert statements["ReadStream"]["Resource"] == STREAM


def test_the_landing_uri_is_the_bucket_that_the_consumer_may_write(assembly: Assembly) -> None:
    variables = environment(assembly, "kinesis_consumer")
    assert variables["LANDING_URI"] == LANDING.replace("arn:aws:s3:::", "s3://")
    assert start_hour(variables) == datetime(2026, 1, 1, tzinfo=UTC)


def test_nothing_of_cdk_widens_a_role_behind_our_back(assembly: Assembly) -> None:
    """CDK attaches grants as AWS::IAM::Policy; ours are in the roles, where they are read and tested."""
    for part in ("ingest", "compute"):
        assert not assembly.resources(part, "AWS::IAM::Policy")


def schedule(assembly: Assembly) -> Any:
    return assembly.one("ingest", "AWS::Scheduler::Schedule", Name="socialsent-every-minute")


def asset(assembly: Assembly, key: str) -> zipfile.ZipFile:
    """The zip that CDK uploads under `key`."""
    return zipfile.ZipFile(assembly.folder / f"asset.{Path(key).stem}.zip")
