"""The drive to landing bites: one thing wrong in a copy of the templates, and it fails with a reason."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.aws.wired.account import Account, provision
from tests.aws.wired.alarms import alarm, series_in, series_read
from tests.aws.wired.breaking import REMOVED, Break
from tests.aws.wired.dagster_task import environment_of
from tests.aws.wired.functions import Clock, Functions, a_while_ago, landed, listen
from tests.infra.synthesized import ACCOUNT, REGION, Assembly

pytestmark = [
    pytest.mark.aws,
    pytest.mark.xdist_group("wired"),
]

NEEDED = ("lake", "ingest", "notifications", "observability")
FUNCTION = "AWS::Lambda::Function"
MOCK, CONSUMER = ("ingest", FUNCTION, "MockServer"), ("ingest", FUNCTION, "Consumer")
MAPPING = ("ingest", "AWS::Lambda::EventSourceMapping", "")
SCHEDULE = ("ingest", "AWS::Scheduler::Schedule", "")
QUARANTINE = ("observability", "AWS::CloudWatch::Alarm", "Quarantine2")
VARIABLES = ("Environment", "Variables")
ELSEWHERE = f"arn:aws:{{}}:{REGION}:{ACCOUNT}:{{}}"

BREAKS = [
    Break(MOCK, (*VARIABLES, "STREAM_NAME"), REMOVED, "KeyError.*STREAM_NAME"),
    Break(MOCK, (*VARIABLES, "STREAM_NAME"), "elsewhere", "stream elsewhere"),
    Break(MOCK, ("Handler",), "lambdas.mock_server.handler.handler", "has no attribute"),
    Break(MOCK, ("Handler",), "mock_server.handler.lambda_handler", "No module named"),
    Break(MOCK, ("Layers",), [{"Ref": "Missing"}], "LayerVersion with"),
    Break(MOCK, ("Code", "S3Key"), "missing.zip", "NoSuchKey"),
    Break(MOCK, (*VARIABLES, "POWERTOOLS_METRICS_NAMESPACE"), "Elsewhere", "RecordsSent"),
    Break(SCHEDULE, ("Target", "Arn"), ELSEWHERE.format("lambda", "function:elsewhere"), "called elsewhere"),
    Break(SCHEDULE, ("Target", "Input"), '{"detail": {}}', "KeyError.*time"),
    Break(SCHEDULE, ("State",), "DISABLED", "is DISABLED"),
    Break(CONSUMER, (*VARIABLES, "LANDING_URI"), REMOVED, "KeyError.*LANDING_URI"),
    Break(CONSUMER, (*VARIABLES, "LANDING_URI"), "s3://elsewhere", "s3://elsewhere"),
    Break(
        CONSUMER,
        (*VARIABLES, "LANDING_URI"),
        f"s3://socialsent-cleansed-{ACCOUNT}-{REGION}",
        "where Dagster looks for it",
    ),
    Break(CONSUMER, ("Handler",), "lambdas.mock_server.handler.lambda_handler", "No module named"),
    Break(MAPPING, ("FunctionName",), "elsewhere", "called elsewhere"),
    Break(
        MAPPING, ("EventSourceArn",), ELSEWHERE.format("kinesis", "stream/elsewhere"), "Stream elsewhere.*not found"
    ),
    Break(
        MAPPING,
        ("DestinationConfig", "OnFailure", "Destination"),
        ELSEWHERE.format("sqs", "elsewhere"),
        "queue does not exist",
    ),
    Break(QUARANTINE, ("AlarmActions", 0), ELSEWHERE.format("sns", "elsewhere"), "does not exist"),
    Break(
        QUARANTINE,
        ("Metrics", 1, "MetricStat", "Metric", "Dimensions", 0, "Value"),
        "consumer",
        "RecordsConsumed",
    ),
]


@pytest.fixture
def account(small: Assembly, empty_account: Account) -> Account:
    """What the whole templates describe, as far as landing."""
    empty_account.forget_everything()
    provision(small, empty_account, NEEDED)
    return empty_account


def drive(deployed: Assembly, aws: Account, folder: Path) -> None:
    """One tick to landing, its numbers to the alarms, an alarm to the topic. Raises whatever goes wrong."""
    at = a_while_ago() + timedelta(minutes=10)
    functions = Functions(deployed, aws, folder, Clock(at))
    sent = functions.tick(at)["records"]
    assert functions.drain() == sent
    settings = environment_of(deployed)
    bucket = settings["SOCIALSENT_LAKE_LANDING"].removeprefix("s3://")
    assert sum(landed(aws, bucket).values()) == sent, "what was sent is not where Dagster looks for it"
    namespace = settings["SOCIALSENT_METRICS_NAMESPACE"]
    sent_numbers = series_in(aws, namespace)
    assert "RecordsSent" in {one.name for one in sent_numbers}, f"{namespace} has no RecordsSent"
    missing = {one for one in series_read(deployed, namespace) if "service" in dict(one.dimensions)} - sent_numbers
    assert not missing, missing
    heard = listen(aws, settings["SOCIALSENT_ALERTS_TOPIC_ARN"])
    alarm(deployed, "quarantine").ring(aws)
    assert len(heard()) == 1


def test_the_templates_as_they_are_pass_the_drive(small: Assembly, account: Account, tmp_path: Path) -> None:
    """Prevents broken copies that fail for a reason of the drive's own."""
    drive(small, account, tmp_path)


@pytest.mark.parametrize("one", BREAKS, ids=[f"{one}-{number}" for number, one in enumerate(BREAKS)])
def test_one_thing_wrong_in_the_templates_fails_the_drive(
    one: Break, small: Assembly, account: Account, tmp_path: Path
) -> None:
    """Prevents a drive that takes a name from somewhere else than the templates."""
    with pytest.raises(Exception, match=f"(?s){one.notices}"):
        drive(one.of(small), account, tmp_path)
