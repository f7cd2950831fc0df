"""Settings of Dagster's task that name something of AWS, resolved against the account.

Not here: using it (dagster_task.py), the settings' own rules (tests/infra).
"""

from __future__ import annotations

import re

from socialsent_assets.settings import Settings
from tests.aws.wired.account import Account
from tests.aws.wired.alarms import series_read
from tests.aws.wired.dagster_task import environment_of
from tests.infra.synthesized import ACCOUNT, REGION, Assembly

ADDRESS = f"{ACCOUNT}.{REGION}.redshift-serverless.amazonaws.com"  # what only AWS knows, as it looks there


def follow(deployed: Assembly, aws: Account) -> None:
    """Ask for everything that the settings of Dagster's task name. Raises whatever AWS answers, or AssertionError."""
    given = environment_of(deployed)
    environment = {name: value.replace("Workgroup.Endpoint.Address", ADDRESS) for name, value in given.items()}
    settings = Settings.from_env(environment)
    for uri in (settings.landing, settings.cleansed, settings.analytics, settings.artifacts):
        aws.client("s3").head_bucket(Bucket=bucket_of(uri))
    _follow_glue(settings, aws)
    _follow_athena(settings, aws)
    _follow_warehouse(deployed, settings, environment)
    _follow_sagemaker(settings, aws)
    aws.client("sns").get_topic_attributes(TopicArn=settings.alerts.topic_arn)
    assert settings.alerts.metrics_namespace, "metrics are not sent"
    assert len(series_read(deployed, settings.alerts.metrics_namespace)) > 5, "no alarm reads this namespace"


def bucket_of(uri: str) -> str:
    assert uri.startswith("s3://"), f"{uri} is not in S3"
    return uri.removeprefix("s3://").partition("/")[0]


def _follow_glue(settings: Settings, aws: Account) -> None:
    assert settings.glue is not None, "Dagster does not use Glue"
    aws.client("s3").head_bucket(Bucket=bucket_of(settings.glue.pipes))
    for name in (settings.glue.cleanse_job, settings.glue.score_job, settings.glue.upkeep_job):
        job = aws.client("glue").get_job(JobName=name)["Job"]
        aws.client("iam").get_role(RoleName=job["Role"].rpartition("/")[2])
        assert aws.fetch(job["Command"]["ScriptLocation"])
        assert aws.fetch(job["DefaultArguments"]["--additional-python-modules"])
        assert settings.glue.deadline_minutes > job["Timeout"], "Dagster would give a run up before Glue does"


def _follow_athena(settings: Settings, aws: Account) -> None:
    assert settings.catalog.kind == "glue", "Dagster does not use the Data Catalog"
    assert settings.athena is not None, "Dagster does not use Athena"
    databases = {"cleansed": settings.catalog.cleansed, "analytics": settings.catalog.analytics}
    for tier, database in databases.items():
        known = aws.client("glue").get_database(Name=database)["Database"]
        assert known["LocationUri"] == f"{getattr(settings, tier)}/", f"{tier} is elsewhere"
    aws.client("glue").get_database(Name=settings.athena.marts)
    answer = aws.client("athena").get_work_group(WorkGroup=settings.athena.workgroup)
    assert "WorkGroup" in answer, f"there is no workgroup {settings.athena.workgroup}"  # moto answers with nothing
    results = answer["WorkGroup"]["Configuration"]["ResultConfiguration"]["OutputLocation"]
    aws.client("s3").head_bucket(Bucket=bucket_of(results))


def _follow_warehouse(deployed: Assembly, settings: Settings, environment: dict[str, str]) -> None:
    assert settings.redshift is not None, "Dagster does not use Redshift"
    [(_, contents)] = deployed.every("Custom::WarehouseContents")
    assert settings.redshift.user == contents["Builder"], "the marts' schema is another user's"
    assert (settings.redshift.database, settings.redshift.schema) == (contents["Database"], contents["MartsSchema"])
    assert contents["ExternalSchemas"] == {
        environment["SOCIALSENT_SPECTRUM_CLEANSED"]: settings.catalog.cleansed,
        environment["SOCIALSENT_SPECTRUM_ANALYTICS"]: settings.catalog.analytics,
    }, "Spectrum does not show what dbt reads"
    [(_, workgroup)] = deployed.every("AWS::RedshiftServerless::Workgroup")
    assert settings.redshift.host.startswith(f"{workgroup['WorkgroupName']}."), "no such warehouse"
    assert settings.redshift.port == workgroup["Port"], f"Redshift listens at {workgroup['Port']}"


def _follow_sagemaker(settings: Settings, aws: Account) -> None:
    hosted = settings.sagemaker
    assert hosted is not None, "Dagster hosts no model"
    aws.client("sagemaker").describe_model_package_group(ModelPackageGroupName=hosted.model_group)
    aws.client("iam").get_role(RoleName=hosted.role_arn.rpartition("/")[2])
    aws.client("s3").head_bucket(Bucket=bucket_of(hosted.archives))
    image = re.fullmatch(rf"{ACCOUNT}\.dkr\.ecr\.{REGION}\.amazonaws\.com/([a-z-]+):\S+", hosted.image_uri)
    assert image, hosted.image_uri
    aws.client("ecr").describe_repositories(repositoryNames=[image[1]])
