"""Calls that no role may make: one line per call, each made against the account and denied."""

from __future__ import annotations

import pytest

from tests.aws.least_privilege.account import SENDER, Account
from tests.aws.least_privilege.calls import (
    ARCHIVE,
    CLEANSED,
    CODE,
    FAILED_BATCHES,
    LABELS,
    LANDED,
    METADATA,
    MODEL,
    PIPES,
    QUARANTINED,
    SCORED,
    STREAM,
    TOPIC,
    WORKGROUP,
    Call,
    bucket,
    call,
    delete,
    get,
    listing,
    metric,
    put,
    send,
)
from tests.infra.synthesized import ACCOUNT, REGION

pytestmark = pytest.mark.aws

PRODUCER, CONSUMER, TICK = "ingest/MockServerRole", "ingest/ConsumerRole", "ingest/TickRole"
CLEANSE, SCORE, UPKEEP = "compute/CleanseRole", "compute/ScoreRole", "compute/UpkeepRole"
CRAWLER = "compute/LandingCrawlerRole"
READER, UPLOAD = "compute/AthenaReaderRole", "compute/CodeUploadRole"
ENDPOINT, SPECTRUM, SETUP = "models/EndpointRole", "warehouse/SpectrumRole", "warehouse/SetupRole"
TASK, EXECUTION, FLOW_LOGS = "orchestration/TaskRole", "orchestration/ExecutionRole", "network/VpcFlowLogIAMRole"
EVERYBODY = (
    *(PRODUCER, CONSUMER, TICK, SENDER, CLEANSE, SCORE, UPKEEP, CRAWLER, READER, UPLOAD),
    *(ENDPOINT, SPECTRUM, SETUP, TASK, EXECUTION, FLOW_LOGS),
)
DATA = ("landing", "cleansed", "analytics", "artifacts")
OTHER_ROLE = f"arn:aws:iam::{ACCOUNT}:role/somebody-else"
CONTAINER = {"Image": "image", "ModelDataUrl": f"s3://{ARCHIVE[0]}/{ARCHIVE[1]}"}
POSTS = {"DatabaseName": "socialsent_cleansed", "TableName": "posts"}
HOUR = ["2026-11-22", "09"]


def everybody(role: str) -> list[Call]:
    """What would undo the deployment, or take its place."""
    return [
        call(role, "s3", "delete_bucket", Bucket=bucket("landing")),
        call(role, "s3", "put_bucket_policy", Bucket=bucket("landing"), Policy="{}"),
        call(role, "s3", "list_buckets"),
        call(role, "kinesis", "delete_stream", StreamName=STREAM),
        call(role, "kms", "schedule_key_deletion", KeyId="a"),
        call(role, "kms", "create_grant", KeyId="a", GranteePrincipal=OTHER_ROLE, Operations=["Decrypt"]),
        call(role, "iam", "create_role", RoleName="a", AssumeRolePolicyDocument="{}"),
        call(role, "iam", "put_role_policy", RoleName="a", PolicyName="a", PolicyDocument="{}"),
        call(role, "iam", "create_access_key", UserName="a"),
        call(role, "sts", "assume_role", RoleArn=OTHER_ROLE, RoleSessionName="abc"),
        call(role, "glue", "delete_table", DatabaseName="socialsent_cleansed", Name="posts"),
        call(role, "glue", "update_job", JobName="socialsent-cleanse", JobUpdate={}),
        call(role, "sns", "subscribe", TopicArn=TOPIC, Protocol="email", Endpoint="a@example.org"),
        call(
            role, "secretsmanager", "get_secret_value", SecretId=f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:a"
        ),
        call(role, "logs", "delete_log_group", logGroupName="/socialsent/dagster"),
        metric(role, "Somebody/Else"),
    ]


def nothing_of(role: str, *places: tuple[str, str]) -> list[Call]:
    """Neither reads nor writes nor removes."""
    return [made(role, place) for place in places for made in (get, put, delete)]


def unchanged(role: str, *places: tuple[str, str]) -> list[Call]:
    """Neither writes nor removes."""
    return [made(role, place) for place in places for made in (put, delete)]


FORBIDDEN = [
    *(made for role in EVERYBODY for made in everybody(role)),
    # Records go in by the stream; no one who sends may read it back, or the lake.
    *nothing_of(PRODUCER, LANDED, CLEANSED, MODEL),
    call(PRODUCER, "kinesis", "get_shard_iterator", StreamName=STREAM, ShardId="a", ShardIteratorType="LATEST"),
    call(PRODUCER, "kinesis", "put_records", StreamName="another", Records=[{"Data": b"a", "PartitionKey": "a"}]),
    send(PRODUCER, FAILED_BATCHES),
    *nothing_of(SENDER, LANDED, CLEANSED, MODEL),
    call(SENDER, "kinesis", "get_shard_iterator", StreamName=STREAM, ShardId="a", ShardIteratorType="LATEST"),
    *nothing_of(TICK, LANDED, CLEANSED, MODEL),
    call(TICK, "lambda", "invoke", FunctionName="socialsent-kinesis-consumer"),
    # The consumer adds to landing, and can neither see nor undo what landed.
    *(made(CONSUMER, place) for place in (LANDED, QUARANTINED) for made in (get, delete)),
    *nothing_of(CONSUMER, LABELS, CLEANSED, SCORED, MODEL),
    *(listing(CONSUMER, tier) for tier in DATA),
    call(CONSUMER, "s3", "delete_objects", Bucket=bucket("landing"), Delete={"Objects": [{"Key": LANDED[1]}]}),
    call(CONSUMER, "kinesis", "put_record", StreamName=STREAM, Data=b"a", PartitionKey="a"),
    # Each job writes its own tier, and no earlier one.
    *unchanged(CLEANSE, LANDED, QUARANTINED, LABELS, MODEL, CODE),
    *(get(CLEANSE, place) for place in (QUARANTINED, LABELS, MODEL)),
    *nothing_of(CLEANSE, SCORED),
    call(CLEANSE, "s3", "copy_object", Bucket=bucket("cleansed"), Key="posts/copied",
         CopySource={"Bucket": SCORED[0], "Key": SCORED[1]}),
    listing(CLEANSE, "analytics"),
    delete(CLEANSE, PIPES),
    call(CLEANSE, "glue", "start_job_run", JobName="socialsent-score"),
    *unchanged(SCORE, CLEANSED, MODEL, CODE),
    *nothing_of(SCORE, LANDED, QUARANTINED, LABELS),
    listing(SCORE, "landing"),
    delete(SCORE, PIPES),
    call(SCORE, "glue", "start_job_run", JobName="socialsent-cleanse"),
    # Upkeep rewrites tables, and sees nothing of what they are made from; it makes none.
    *nothing_of(UPKEEP, LANDED, QUARANTINED, LABELS, MODEL),
    *unchanged(UPKEEP, CODE),
    listing(UPKEEP, "landing"),
    delete(UPKEEP, PIPES),
    call(UPKEEP, "glue", "start_job_run", JobName="socialsent-cleanse"),
    call(UPKEEP, "glue", "create_table", DatabaseName="socialsent_cleansed", TableInput={"Name": "a"}),
    call(UPKEEP, "glue", "update_table", DatabaseName="socialsent_marts", TableInput={"Name": "a"}),
    # Jobs commit to their own database, and take no table away.
    call(CLEANSE, "glue", "update_table", DatabaseName="socialsent_analytics", TableInput={"Name": "sentiment"}),
    call(SCORE, "glue", "update_table", DatabaseName="socialsent_cleansed", TableInput={"Name": "posts"}),
    call(CLEANSE, "glue", "create_database", DatabaseInput={"Name": "socialsent_cleansed"}),
    # The crawler describes what landed, and never changes a file, or a table of the lake.
    *unchanged(CRAWLER, LANDED, CLEANSED, SCORED, MODEL),
    *(call(CRAWLER, "glue", kind, DatabaseName="socialsent_cleansed", TableInput={"Name": "posts"})
      for kind in ("create_table", "update_table")),
    *(get(CRAWLER, place) for place in (QUARANTINED, LABELS, CLEANSED, SCORED)),
    call(CRAWLER, "glue", "batch_create_partition", **POSTS, PartitionInputList=[{"Values": HOUR}]),
    # Neither the caller nor the service changes the result.
    *unchanged(READER, LANDED, CLEANSED, SCORED, MODEL),
    *(get(READER, place) for place in (QUARANTINED, LABELS, MODEL)),
    call(READER, "glue", "create_table", DatabaseName="socialsent_cleansed", TableInput={"Name": "a"}),
    call(READER, "athena", "start_query_execution", QueryString="select 1", WorkGroup="primary"),
    *unchanged(SPECTRUM, LANDED, CLEANSED, SCORED, MODEL),
    *(get(SPECTRUM, place) for place in (LANDED, LABELS, MODEL)),
    *(listing(SPECTRUM, tier) for tier in ("landing", "artifacts")),
    call(SPECTRUM, "glue", "get_table", DatabaseName="socialsent_marts", Name="a"),
    call(SPECTRUM, "glue", "create_table", DatabaseName="socialsent_cleansed", TableInput={"Name": "a"}),
    *unchanged(ENDPOINT, ARCHIVE, LANDED),
    *(get(ENDPOINT, place) for place in (LANDED, CLEANSED, SCORED, MODEL)),
    *(listing(ENDPOINT, tier) for tier in ("landing", "cleansed", "analytics")),
    call(ENDPOINT, "ecr", "batch_get_image", repositoryName="another", imageIds=[{"imageTag": "1"}]),
    # Deployment and start of a task.
    *nothing_of(UPLOAD, LANDED, CLEANSED, SCORED, MODEL),
    delete(UPLOAD, CODE),
    *nothing_of(SETUP, LANDED, CLEANSED, MODEL),
    call(SETUP, "redshift-data", "execute_statement", WorkgroupName="another", Database="dev", Sql="select 1"),
    *nothing_of(EXECUTION, LANDED, CLEANSED, MODEL),
    call(EXECUTION, "ecr", "put_image", repositoryName="socialsent", imageManifest="{}"),
    *nothing_of(FLOW_LOGS, LANDED, CLEANSED, MODEL),
    # Dagster orders tables and models; it writes no row itself, and nothing beside the deployment.
    *unchanged(TASK, LANDED, QUARANTINED, CLEANSED, SCORED),
    delete(TASK, METADATA),
    delete(TASK, LABELS),
    call(TASK, "glue", "start_job_run", JobName="another"),
    call(TASK, "glue", "create_table", DatabaseName="another", TableInput={"Name": "a"}),
    call(TASK, "glue", "batch_create_partition", **POSTS, PartitionInputList=[{"Values": HOUR}]),
    call(TASK, "sns", "publish", TopicArn=f"arn:aws:sns:{REGION}:{ACCOUNT}:another", Message="a"),
    call(TASK, "sagemaker", "delete_endpoint", EndpointName="socialsent-sentiment"),
    call(TASK, "sagemaker", "describe_endpoint", EndpointName="another"),
    call(TASK, "sagemaker", "create_model", ModelName="socialsent-sentiment-a", ExecutionRoleArn=OTHER_ROLE,
         PrimaryContainer=CONTAINER),
    call(TASK, "kinesis", "put_record", StreamName=STREAM, Data=b"a", PartitionKey="a"),
    call(TASK, "ecs", "run_task", cluster="socialsent", taskDefinition="socialsent-dagster"),
    call(TASK, "rds", "delete_db_instance", DBInstanceIdentifier="socialsent-dagster", SkipFinalSnapshot=True),
    call(TASK, "redshift-data", "execute_statement", WorkgroupName=WORKGROUP, Database="dev", Sql="select 1"),
]  # fmt: skip


@pytest.mark.parametrize("made", FORBIDDEN, ids=str)
def test_a_role_may_not(account: Account, made: Call) -> None:
    """Prevents a role that can do more than its component does."""
    assert account.attempt(made.role, made.service, made.operation, **made.arguments) == "denied"


def test_every_role_of_the_deployment_has_lines_in_the_table(account: Account) -> None:
    """Prevents a new role that no one looks at."""
    assert {made.role for made in FORBIDDEN} == set(account.policies)
