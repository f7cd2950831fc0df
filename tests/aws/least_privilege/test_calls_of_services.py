"""Calls of AWS' services with our roles are allowed: fetch code, write logs, poll, crawl, encrypt."""

from __future__ import annotations

import pytest

from tests.aws.least_privilege.account import SENDER, Account
from tests.aws.least_privilege.calls import (
    ARCHIVE,
    CLEANSED,
    CODE,
    FAILED_BATCHES,
    FAILED_TICKS,
    LANDED,
    METADATA,
    RESULT,
    SCORED,
    STREAM,
    WORKGROUP,
    Call,
    bucket,
    call,
    catalog,
    get,
    listing,
    log,
    metric,
    pull,
    put,
    send,
)
from tests.aws.least_privilege.evaluation import Need, is_allowed
from tests.aws.least_privilege.needs import arn

pytestmark = pytest.mark.aws

CONSUMER, PRODUCER, TICK = "ingest/ConsumerRole", "ingest/MockServerRole", "ingest/TickRole"
READER, UPLOAD = "compute/AthenaReaderRole", "compute/CodeUploadRole"
ENDPOINT, SPECTRUM, SETUP = "models/EndpointRole", "warehouse/SpectrumRole", "warehouse/SetupRole"
TASK, EXECUTION = "orchestration/TaskRole", "orchestration/ExecutionRole"
ASSETS = ("cdk-hnb659fds-assets-123456789012-eu-central-1", "a.zip")


def glue_job(role: str, job: str) -> list[Call]:
    group = f"/aws-glue/jobs/socialsent-{job}-glue-role/error"
    return [
        get(role, CODE),
        listing(role, "artifacts"),
        call(role, "glue", "get_security_configuration", Name="socialsent-glue"),
        call(role, "logs", "create_log_group", logGroupName=group),
        call(role, "logs", "associate_kms_key", logGroupName=group, kmsKeyId=arn("kms", "key/a")),
        *log(role, group),
        metric(role, "Glue"),
    ]


def crawler(role: str) -> list[Call]:
    names = {"DatabaseName": "socialsent_landing", "TableName": "events"}
    return [
        listing(role, "landing"),
        get(role, LANDED),
        call(role, "glue", "get_database", Name="socialsent_landing"),
        call(role, "glue", "create_table", DatabaseName="socialsent_landing", TableInput={"Name": "events"}),
        call(role, "glue", "batch_create_partition", **names, PartitionInputList=[{"Values": ["2026-11-21", "09"]}]),
        call(role, "glue", "get_security_configuration", Name="socialsent-glue"),
        call(role, "logs", "create_log_group", logGroupName="/aws-glue/crawlers-role/socialsent"),
        *log(role, "/aws-glue/crawlers-role/socialsent"),
    ]


def commit(role: str, database: str) -> list[Call]:
    """Make a table of Iceberg's, and swap its pointer."""
    one = {"DatabaseName": database, "TableInput": {"Name": "made"}}
    return [
        call(role, "glue", "get_database", Name=database),
        call(role, "glue", "create_table", **one),
        call(role, "glue", "get_table", DatabaseName=database, Name="made"),
        call(role, "glue", "update_table", **one),
    ]


ALLOWED = [
    *log(PRODUCER, "/aws/lambda/socialsent-mock-server"),
    send(PRODUCER, FAILED_TICKS),
    *log(CONSUMER, "/aws/lambda/socialsent-kinesis-consumer"),
    call(CONSUMER, "kinesis", "describe_stream", StreamName=STREAM),
    send(CONSUMER, FAILED_BATCHES),
    call(TICK, "lambda", "invoke", FunctionName="socialsent-mock-server"),
    send(TICK, FAILED_TICKS),
    call(SENDER, "kinesis", "put_record", StreamName=STREAM, Data=b"a", PartitionKey="a"),
    call(SENDER, "kinesis", "describe_stream_summary", StreamName=STREAM),
    *glue_job("compute/CleanseRole", "cleanse"),
    *glue_job("compute/ScoreRole", "score"),
    *glue_job("compute/UpkeepRole", "upkeep"),
    *commit("compute/CleanseRole", "socialsent_cleansed"),
    *commit("compute/ScoreRole", "socialsent_analytics"),
    call("compute/ScoreRole", "glue", "get_table", DatabaseName="socialsent_cleansed", Name="posts"),
    *crawler("compute/LandingCrawlerRole"),
    get(READER, LANDED),
    *catalog(READER, "socialsent_cleansed"),
    *catalog(READER, "socialsent_analytics"),
    call(READER, "athena", "start_query_execution", QueryString="select 1", WorkGroup="socialsent"),
    call(READER, "s3", "get_bucket_location", Bucket=bucket("artifacts")),
    get(READER, CLEANSED),
    get(READER, SCORED),
    put(READER, RESULT),
    get(READER, RESULT),
    listing(UPLOAD, "artifacts"),
    get(UPLOAD, ASSETS),
    put(UPLOAD, CODE),
    *log(UPLOAD, "/aws/lambda/socialsent-code-upload"),
    get(ENDPOINT, ARCHIVE),
    *pull(ENDPOINT),
    call(ENDPOINT, "logs", "create_log_group", logGroupName="/aws/sagemaker/Endpoints/socialsent-sentiment"),
    *log(ENDPOINT, "/aws/sagemaker/Endpoints/socialsent-sentiment"),
    metric(ENDPOINT, "/aws/sagemaker/Endpoints"),
    *catalog(SPECTRUM, "socialsent_cleansed"),
    *catalog(SPECTRUM, "socialsent_analytics"),
    listing(SPECTRUM, "cleansed"),
    listing(SPECTRUM, "analytics"),
    get(SPECTRUM, CLEANSED),
    get(SPECTRUM, SCORED),
    call(SETUP, "redshift-data", "execute_statement", WorkgroupName=WORKGROUP, Database="dev", Sql="select 1"),
    call(SETUP, "redshift-data", "describe_statement", Id="00000000-0000-0000-0000-000000000000"),
    *log(SETUP, "/aws/lambda/socialsent-warehouse-setup"),
    # What Dagster's task does only when something changes or goes wrong; the rest runs in the tests beside this one.
    call(TASK, "glue", "batch_stop_job_run", JobName="socialsent-cleanse", JobRunIds=["jr_1"]),
    *commit(TASK, "socialsent_cleansed"),
    *commit(TASK, "socialsent_analytics"),
    put(TASK, METADATA),
    call(TASK, "sagemaker", "update_endpoint", EndpointName="socialsent-sentiment",
         EndpointConfigName="socialsent-sentiment-a"),
    call(TASK, "sagemaker", "update_model_package", ModelApprovalStatus="Approved",
         ModelPackageArn=arn("sagemaker", "model-package/socialsent-sentiment/1")),
    *pull(EXECUTION),
    *log(EXECUTION, "/socialsent/dagster"),
    *log("network/VpcFlowLogIAMRole", "/socialsent/network"),
]  # fmt: skip


@pytest.mark.parametrize("made", ALLOWED, ids=str)
def test_a_service_may_do_its_part(account: Account, made: Call) -> None:
    """Prevents a deployment that exists and does nothing: each of these calls is needed before our code is."""
    assert account.attempt(made.role, made.service, made.operation, **made.arguments) == "allowed", account.missing()


# moto has no Redshift Serverless, checks no permission for X-Ray, and ECS Exec has a protocol of its own: only the
# statements are evaluated.
ALLOWED_ON_PAPER = [
    (PRODUCER, "xray:PutTraceSegments", "*"),
    (CONSUMER, "xray:PutTraceSegments", "*"),
    (TASK, "redshift-serverless:GetCredentials", arn("redshift-serverless", f"workgroup/{WORKGROUP}")),
    (TASK, "ssmmessages:OpenDataChannel", "*"),
    (SETUP, "redshift-serverless:GetNamespace", arn("redshift-serverless", f"namespace/{WORKGROUP}")),
    (SETUP, "redshift-serverless:ListUsageLimits", "*"),
    (SETUP, "redshift-serverless:CreateUsageLimit", "*"),
    (
        SETUP,
        "secretsmanager:GetSecretValue",
        arn("secretsmanager", f"secret:redshift!{WORKGROUP}-warehouse_admin-aB12"),
    ),
]


@pytest.mark.parametrize(("role", "action", "resource"), ALLOWED_ON_PAPER)
def test_calls_that_moto_cannot_take_are_allowed_by_the_statements(
    account: Account, role: str, action: str, resource: str
) -> None:
    assert is_allowed(account.policies[role], Need(action, resource))


def test_ecs_may_read_the_very_password_that_the_containers_ask_for(account: Account) -> None:
    """Prevents a task that never starts: the name in the container and the one in the policy are written apart."""
    task = account.assembly.one("orchestration", "AWS::ECS::TaskDefinition")
    asked = {secret["ValueFrom"] for container in task["ContainerDefinitions"] for secret in container["Secrets"]}
    (value,) = asked
    (allowed,) = (s["Resource"][0] for s in account.policies[EXECUTION] if s.get("Sid") == "ReadPassword")
    assert allowed.endswith(f":secret:{value.partition(':')[0]}"), (value, allowed)
