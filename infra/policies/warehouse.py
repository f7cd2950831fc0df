"""Permissions of the warehouse and its users.

Not here: grants inside the database (warehouse_setup/handler.py).
"""

from __future__ import annotations

from infra.deployment import Deployment
from infra.policies import READ_WITH_KEY, Statement, allow, list_bucket, write_logs

SETUP = "warehouse-setup"

READ_TIERS = ("cleansed", "analytics")
READ_CATALOG = (
    *("glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables"),
    *("glue:GetPartition", "glue:GetPartitions", "glue:BatchGetPartition"),
)


def spectrum(deployment: Deployment, lake_key_arn: str) -> list[Statement]:
    """Redshift reading the lake: the tables' descriptions in the Data Catalog, and their objects."""
    databases = (deployment.catalog.cleansed, deployment.catalog.analytics)
    return [
        allow(
            "ReadCatalog",
            READ_CATALOG,
            [
                deployment.arn("glue", "catalog"),
                *(deployment.arn("glue", f"database/{name}") for name in databases),
                *(deployment.arn("glue", f"table/{name}/*") for name in databases),
            ],
            because="Every table of the two databases, and no other database.",
        ),
        *(list_bucket(f"List{tier.title()}", deployment.bucket_arn(tier)) for tier in READ_TIERS),
        allow(
            "ReadTiers",
            ["s3:GetObject"],
            [f"{deployment.bucket_arn(tier)}/*" for tier in READ_TIERS],
            because="Every object of the two tiers: hours are added all the time.",
        ),
        allow("DecryptLake", READ_WITH_KEY, [lake_key_arn]),
    ]


def setup_log_group(deployment: Deployment) -> str:
    """Log group of the Lambda that sets the warehouse up."""
    return f"/aws/lambda/{deployment.named(SETUP)}"


def setup(
    deployment: Deployment, warehouse_arn: str, secret_arns: list[str], key_arn: str, namespace_arn: str
) -> list[Statement]:
    """The Lambda that sets the warehouse up: statements as its administrator, and the day's limit.

    `namespace_arn` is that of a serverless warehouse, "" for a cluster.
    """
    statements = [
        allow("RunStatements", ["redshift-data:ExecuteStatement"], [warehouse_arn]),
        allow(
            "FollowStatements",
            ["redshift-data:DescribeStatement"],
            ["*"],
            because="Statements and usage limits have no names before they are made; everybody sees only the "
            "statements that they sent themselves.",
        ),
        allow(
            "ReadPasswords",
            ["secretsmanager:GetSecretValue"],
            secret_arns,
            because="The one secret of the administrator: AWS ends its name at random.",
        ),
        allow("DecryptPasswords", READ_WITH_KEY, [key_arn]),
        write_logs([deployment.arn("logs", f"log-group:{setup_log_group(deployment)}")]),
    ]
    if namespace_arn:
        calls = ["ListUsageLimits", "CreateUsageLimit", "UpdateUsageLimit"]
        statements.append(allow("FindPassword", ["redshift-serverless:GetNamespace"], [namespace_arn]))
        statements.append(allow("LimitUsage", [f"redshift-serverless:{call}" for call in calls], ["*"]))
    return statements
