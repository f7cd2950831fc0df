"""Settings of Dagster's task lead to what the stacks create; one error in a copy of the templates is noticed."""

from __future__ import annotations

import pytest

from tests.aws.wired.account import Account
from tests.aws.wired.breaking import REMOVED, Break
from tests.aws.wired.dagster_task import environment_of
from tests.aws.wired.following import follow
from tests.aws.wired.functions import options_of
from tests.infra.synthesized import ACCOUNT, REGION, Assembly

pytestmark = [pytest.mark.aws, pytest.mark.xdist_group("wired")]

TASK = ("orchestration", "AWS::ECS::TaskDefinition", "")


def setting(small: Assembly, name: str) -> int:
    """Place of a variable in the environment of the container `code`."""
    return list(environment_of(small)).index(name)


BREAKS = [
    ("SOCIALSENT_LAKE_LANDING", "s3://elsewhere", "HeadBucket.*Not Found"),
    ("SOCIALSENT_LAKE_CLEANSED", REMOVED, "is not in S3"),
    ("SOCIALSENT_LAKE_CLEANSED", f"s3://socialsent-analytics-{ACCOUNT}-{REGION}", "cleansed is elsewhere"),
    ("SOCIALSENT_COMPUTE", REMOVED, "does not use Glue"),
    ("SOCIALSENT_GLUE_JOB_CLEANSE", "elsewhere", "elsewhere.*not found"),
    ("SOCIALSENT_GLUE_JOB_SCORE", REMOVED, "SOCIALSENT_GLUE_JOB_SCORE is missing"),
    ("SOCIALSENT_GLUE_PIPES", "s3://elsewhere/pipes", "HeadBucket.*Not Found"),
    ("SOCIALSENT_GLUE_DEADLINE_MINUTES", "10", "give a run up before Glue"),
    ("SOCIALSENT_CATALOG", REMOVED, "does not use the Data Catalog"),
    ("SOCIALSENT_GLUE_DATABASE_ANALYTICS", "elsewhere", "elsewhere"),
    ("SOCIALSENT_ATHENA_WORKGROUP", "elsewhere", "no workgroup elsewhere"),
    ("SOCIALSENT_ATHENA_MARTS", "elsewhere", "elsewhere"),
    ("SOCIALSENT_DBT_TARGET", REMOVED, "does not use Redshift"),
    ("SOCIALSENT_REDSHIFT_HOST", "elsewhere.serverless", "no such warehouse"),
    ("SOCIALSENT_REDSHIFT_PORT", "5439", "listens at 5440"),
    ("SOCIALSENT_REDSHIFT_USER", "somebody", "another user's"),
    ("SOCIALSENT_SPECTRUM_ANALYTICS", "elsewhere", "what dbt reads"),
    ("SOCIALSENT_SAGEMAKER_MODEL_GROUP", "elsewhere", "elsewhere"),
    ("SOCIALSENT_SAGEMAKER_ROLE_ARN", f"arn:aws:iam::{ACCOUNT}:role/elsewhere", "Role elsewhere not found"),
    ("SOCIALSENT_ALERTS_TOPIC_ARN", f"arn:aws:sns:{REGION}:{ACCOUNT}:elsewhere", "does not exist"),
    ("SOCIALSENT_METRICS_NAMESPACE", "Elsewhere", "no alarm reads"),
]


def test_what_dagster_is_told_leads_to_what_the_stacks_make(small: Assembly, aws: Account) -> None:
    """Prevents a name in the task definition that no stack makes."""
    follow(small, aws)


@pytest.mark.parametrize(
    ("name", "value", "notices"), BREAKS, ids=[f"{name}-{number}" for number, (name, *_) in enumerate(BREAKS)]
)
def test_one_wrong_setting_of_dagster_is_noticed(
    name: str, value: object, notices: str, small: Assembly, aws: Account
) -> None:
    """Prevents settings that are followed by something else than their value."""
    place = setting(small, name)
    containers = [
        one["Name"] for _, task in small.every("AWS::ECS::TaskDefinition") for one in task["ContainerDefinitions"]
    ]
    path = ("ContainerDefinitions", containers.index("code"), "Environment", place)
    broken = Break(TASK, path if value is REMOVED else (*path, "Value"), value).of(small)
    with pytest.raises(Exception, match=f"(?is){notices}"):
        follow(broken, aws)


def test_the_lambdas_and_dagster_start_at_the_same_time(small: Assembly) -> None:
    """Prevents events that land in hours which the graph has no partitions for."""
    consumer = small.one("ingest", "AWS::Lambda::Function", Handler="lambdas.kinesis_consumer.handler.lambda_handler")
    start = environment_of(small)["SOCIALSENT_START"]
    assert consumer["Environment"]["Variables"]["SOCIALSENT_START"] == start


def test_a_mapping_that_leaves_numbers_out_has_lambdas_own(small: Assembly) -> None:
    """Prevents a drive that is kinder than Lambda: without these it would try a bad batch indefinitely."""
    with pytest.raises(ValueError, match="without a limit"):
        options_of({})
    [(_, given)] = small.every("AWS::Lambda::EventSourceMapping")
    assert options_of(given).batch_size == given["BatchSize"]
