"""Permissions of Dagster's task (web server, daemon and runs), and of ECS to start it.

Runs start Glue jobs, build marts, train and host models, and send alerts. They write no row of the lake themselves:
that is the Glue jobs' right alone.

Not here: hosting models (models.py), connecting to the warehouse (stacks/warehouse.py).
"""

from __future__ import annotations

import aws_cdk as cdk

from infra.deployment import TIERS, Deployment
from infra.policies import (
    READ_AND_WRITE_WITH_KEY,
    READ_WITH_KEY,
    Statement,
    allow,
    list_bucket,
    send_metrics,
    write_logs,
)
from infra.policies.compute import catalog_arns
from infra.policies.warehouse import READ_CATALOG
from socialsent_assets.domain.events.layout import LANDING_LABELS

LOG_GROUP = "dagster"
DATABASE_SECRET = "dagster-database"  # noqa: S105 - a name


def role_name(deployment: Deployment) -> str:
    """Name of the task's role; Redshift knows its user by it. Roles are global, so it holds the region."""
    return f"{deployment.named('dagster')}-{deployment.region or cdk.Aws.REGION}"


def log_group_name(deployment: Deployment) -> str:
    """Log group of all containers."""
    return f"/{deployment.name}/{LOG_GROUP}"


def lake_access(deployment: Deployment, lake_key_arn: str) -> list[Statement]:
    """Read every tier; write artifacts (models, reports, logs, alerts), and human labels into landing."""
    artifacts = f"{deployment.bucket_arn('artifacts')}/*"
    return [
        *(list_bucket(f"List{tier.title()}", deployment.bucket_arn(tier)) for tier in TIERS),
        allow(
            "ReadLake",
            ["s3:GetObject"],
            [f"{deployment.bucket_arn(tier)}/*" for tier in TIERS],
            because="Every object of a tier: hours are added all the time. Of artifacts all may be written, too.",
        ),
        allow("WriteArtifacts", ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"], [artifacts]),
        allow(
            "WriteLabels",
            ["s3:PutObject"],
            [f"{deployment.bucket_arn('landing')}/{LANDING_LABELS}/*"],
            because="Human labels, under names that their importer chooses; no event can be written.",
        ),
        allow("UseLakeKey", READ_AND_WRITE_WITH_KEY, [lake_key_arn]),
    ]


def glue_jobs(deployment: Deployment, job_names: list[str]) -> list[Statement]:
    """Start, follow and stop the jobs."""
    return [
        allow(
            "RunGlueJobs",
            ["glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"],
            [deployment.arn("glue", f"job/{name}") for name in job_names],
        )
    ]


def catalog(deployment: Deployment) -> list[Statement]:
    """Read the tables of lake and marts; make a table of the lake that is missing, or give it a new column.

    The first to open a table creates it empty: that takes its metadata and the catalog's pointer. Rows take data
    files, which are the Glue jobs' right alone.
    """
    tiers = (deployment.catalog.cleansed, deployment.catalog.analytics)
    metadata = [f"{deployment.bucket_arn(tier)}/*/metadata/*" for tier in ("cleansed", "analytics")]
    return [
        allow(
            "ReadCatalog",
            READ_CATALOG,
            catalog_arns(deployment, [*tiers, deployment.marts_database]),
            because="Every table of our databases, and no other database.",
        ),
        allow(
            "MakeTables",
            ["glue:CreateTable", "glue:UpdateTable"],
            catalog_arns(deployment, tiers),
            because="Every table of our databases, and no other database.",
        ),
        allow("WriteMetadata", ["s3:PutObject"], metadata, because="Metadata of Iceberg's tables, and no rows."),
    ]


def telling(topic_arn: str, topic_key_arn: str, namespace: str) -> list[Statement]:
    """Publish alerts; send metrics, in our namespace alone."""
    return [
        allow("PublishAlerts", ["sns:Publish"], [topic_arn]),
        allow("UseAlertsKey", READ_AND_WRITE_WITH_KEY, [topic_key_arn]),
        send_metrics(namespace),
    ]


def tunnels() -> list[Statement]:
    """Allow ECS Exec sessions to reach the UI and a shell; without it there is no way in."""
    return [
        allow(
            "OpenTunnels",
            [f"ssmmessages:{call}{side}Channel" for call in ("Create", "Open") for side in ("Control", "Data")],
            ["*"],
            because="Channels of a tunnel and metrics have no resources to name; a condition names the namespace.",
        )
    ]


def execution(deployment: Deployment, secret_arn: str, key_arn: str) -> list[Statement]:
    """What ECS does before our code runs: pull the image, read the database's password, write logs."""
    pull = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"]
    return [
        allow("PullImage", pull, [deployment.arn("ecr", f"repository/{deployment.name}")]),
        allow(
            "LogInToEcr", ["ecr:GetAuthorizationToken"], ["*"], because="Logging in to ECR has no resource to name."
        ),
        allow("ReadPassword", ["secretsmanager:GetSecretValue"], [secret_arn]),
        allow("DecryptPassword", READ_WITH_KEY, [key_arn]),
        write_logs([deployment.arn("logs", f"log-group:{log_group_name(deployment)}")]),
    ]
