"""Permissions of the compute side: the Glue jobs, the crawlers, users of Athena, the upload of the jobs' code.

Not here: the jobs, the crawlers and the workgroup (stacks/compute.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk

from infra.deployment import Deployment
from infra.policies import (
    READ_AND_WRITE_WITH_KEY,
    READ_WITH_KEY,
    Statement,
    allow,
    list_bucket,
    send_metrics,
    write_logs,
)
from socialsent_assets.domain.events.layout import LANDING_EVENTS

CLEANSE = "cleanse"
SCORE = "score"
UPKEEP = "upkeep"
UPLOAD = "code-upload"

CODE = "code"
PIPES = "pipes"
MODELS = "models"
LEXICON = "lexicon"
ATHENA_RESULTS = "athena"
"""Folders of the artifacts tier."""

ASSETS = f"cdk-{cdk.DefaultStackSynthesizer.DEFAULT_QUALIFIER}-assets-{cdk.Aws.ACCOUNT_ID}-{cdk.Aws.REGION}"
"""The bucket that `cdk bootstrap` makes."""

COMMIT = ("glue:GetDatabase", "glue:GetTable", "glue:CreateTable", "glue:UpdateTable")
"""What a commit to an Iceberg table in the Data Catalog takes; the table is made by the first."""

CHANGE = ("glue:GetDatabase", "glue:GetTable", "glue:UpdateTable")
"""As COMMIT, where the table is there."""

_BY_HOUR = "Objects are named by table, month or hour, and content."
_READ_CATALOG = (
    *("glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables"),
    *("glue:GetPartition", "glue:GetPartitions", "glue:BatchGetPartition"),
)


def job_logs(deployment: Deployment, job: str) -> str:
    """What the names of a Glue job's log groups begin with; Glue adds `/error` and `/output`."""
    return f"/aws-glue/jobs/{deployment.named(job)}"


def cleanse(deployment: Deployment, lake_key: str) -> list[Statement]:
    """From landing to cleansed. Writes nothing to landing and sees nothing of analytics."""
    return [
        list_bucket("ListLanding", deployment.bucket_arn("landing")),
        _read("ReadLanded", deployment, "landing", LANDING_EVENTS),
        *_build("cleansed", deployment, deployment.catalog.cleansed),
        *_glue_job(deployment, CLEANSE, lake_key),
    ]


def score(deployment: Deployment, lake_key: str) -> list[Statement]:
    """From cleansed, champion and lexicon to analytics. Writes nothing to cleansed and sees nothing of landing."""
    return [
        list_bucket("ListCleansed", deployment.bucket_arn("cleansed")),
        allow("ReadCleansed", ["s3:GetObject"], [f"{deployment.bucket_arn('cleansed')}/*"], because=_BY_HOUR),
        _read("ReadModels", deployment, "artifacts", MODELS),
        _read("ReadLexicon", deployment, "artifacts", LEXICON),
        _read_catalog(deployment, [deployment.catalog.cleansed]),
        *_build("analytics", deployment, deployment.catalog.analytics),
        *_glue_job(deployment, SCORE, lake_key),
    ]


def upkeep(deployment: Deployment, lake_key: str) -> list[Statement]:
    """Rewrite, expire and remove files of every table. Sees nothing of landing and makes no table."""
    tiers = {"cleansed": deployment.catalog.cleansed, "analytics": deployment.catalog.analytics}
    return [
        *(one for tier, database in tiers.items() for one in _build(tier, deployment, database, CHANGE)),
        *_glue_job(deployment, UPKEEP, lake_key),
    ]


def _build(tier: str, deployment: Deployment, database: str, commit: Sequence[str] = COMMIT) -> list[Statement]:
    """Commit to the tables of a tier: write data and metadata, then swap the pointer in the catalog.

    The database is the stack's: a job neither makes nor deletes one, and deletes no table.
    """
    bucket = deployment.bucket_arn(tier)
    objects = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
    return [
        list_bucket(f"List{tier.title()}", bucket),
        allow(f"Build{tier.title()}", objects, [f"{bucket}/*"], because=_BY_HOUR),
        allow(
            f"Commit{tier.title()}",
            commit,
            catalog_arns(deployment, [database]),
            because="Every table of the tier's database.",
        ),
    ]


def _glue_job(deployment: Deployment, job: str, lake_key: str) -> list[Statement]:
    """What any Glue job of ours needs: its code, the parameters and messages of a run, logs and metrics."""
    groups = deployment.arn("logs", f"log-group:{job_logs(deployment, job)}")
    return [
        list_bucket("ListArtifacts", deployment.bucket_arn("artifacts")),
        _read("ReadCode", deployment, "artifacts", CODE),
        allow(
            "TalkThroughPipes",
            ["s3:GetObject", "s3:PutObject"],
            [f"{deployment.bucket_arn('artifacts')}/{PIPES}/*"],
            because="Parameters and messages of a run are named by the run.",
        ),
        allow("UseLakeKey", READ_AND_WRITE_WITH_KEY, [lake_key]),
        allow(
            "WriteLogs",
            ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey"],
            [f"{groups}*"],
            because="Glue names its log groups and streams itself, below the prefix that the job gives.",
        ),
        _encrypt_as_told(),
        send_metrics("Glue"),
    ]


def _encrypt_as_told() -> Statement:
    because = "Security configurations have no ARN."
    return allow("ReadSecurityConfiguration", ["glue:GetSecurityConfiguration"], ["*"], because=because)


def crawler(deployment: Deployment, lake_key: str) -> list[Statement]:
    """Find columns and hours of what landed. Sees no other tier, and no other database."""
    landing = deployment.bucket_arn("landing")
    tables = ["glue:CreateTable", "glue:UpdateTable", "glue:BatchCreatePartition", "glue:CreatePartition"]
    return [
        list_bucket("ListLanding", landing),
        _read("ReadLanded", deployment, "landing", LANDING_EVENTS),
        allow("ReadWithLakeKey", READ_WITH_KEY, [lake_key]),
        _read_catalog(deployment, [deployment.landing_database]),
        allow(
            "DescribeLanding",
            tables,
            catalog_arns(deployment, [deployment.landing_database]),
            because="The table of its own database, which it names by what it finds.",
        ),
        allow(
            "WriteLogs",
            ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey"],
            [deployment.arn("logs", "log-group:/aws-glue/crawlers*")],
            because="Glue names the log group of crawlers after role and security configuration.",
        ),
        _encrypt_as_told(),
    ]


def athena_reader(deployment: Deployment, lake_key: str) -> list[Statement]:
    """Ask Athena about the lake and the marts. Writes nothing but results, and only through the workgroup."""
    catalog = deployment.catalog
    results = f"{deployment.bucket_arn('artifacts')}/{ATHENA_RESULTS}/*"
    return [
        query_athena(deployment),
        _read_catalog(
            deployment,
            [deployment.landing_database, catalog.cleansed, catalog.analytics, deployment.marts_database],
        ),
        list_bucket("ListLanding", deployment.bucket_arn("landing")),
        _read("ReadLanded", deployment, "landing", LANDING_EVENTS),
        *_read_tiers(deployment, ["cleansed", "analytics"], lake_key),
        list_bucket("FindResults", deployment.bucket_arn("artifacts")),
        allow(
            "KeepResults",
            ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
            [results],
            because="Athena names the results of a query by the query.",
        ),
        allow("WriteWithLakeKey", ["kms:GenerateDataKey"], [lake_key]),
    ]


def query_athena(deployment: Deployment) -> Statement:
    """Start, follow, read and stop queries of the workgroup."""
    actions = [
        *("athena:StartQueryExecution", "athena:StopQueryExecution", "athena:GetQueryExecution"),
        *("athena:GetQueryResults", "athena:GetWorkGroup"),
    ]
    return allow("QueryAthena", actions, [deployment.arn("athena", f"workgroup/{deployment.name}")])


def upload_code(deployment: Deployment, lake_key: str) -> list[Statement]:
    """Copy the wheel and the script of a deployment to the artifacts tier; deletes nothing."""
    assets = f"arn:{cdk.Aws.PARTITION}:s3:::{ASSETS}"
    return [
        list_bucket("FindAssets", assets),
        allow(
            "ReadAssets",
            ["s3:GetObject"],
            [f"{assets}/*"],
            because="CDK names what it uploads by content.",
        ),
        list_bucket("FindCode", deployment.bucket_arn("artifacts")),
        allow(
            "PutCode",
            ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
            [f"{deployment.bucket_arn('artifacts')}/{CODE}/*"],
            because="Code is named by its digest.",
        ),
        allow("UseLakeKey", READ_AND_WRITE_WITH_KEY, [lake_key]),
        write_logs([deployment.arn("logs", f"log-group:/aws/lambda/{deployment.named(UPLOAD)}")]),
    ]


def _read(sid: str, deployment: Deployment, tier: str, folder: str) -> Statement:
    resource = f"{deployment.bucket_arn(tier)}/{folder}/*"
    return allow(sid, ["s3:GetObject"], [resource], because="One folder of the tier, read only.")


def _read_tiers(deployment: Deployment, tiers: Sequence[str], lake_key: str) -> list[Statement]:
    buckets = [deployment.bucket_arn(tier) for tier in tiers]
    return [
        allow("ListTiers", ["s3:ListBucket", "s3:GetBucketLocation"], buckets),
        allow("ReadTiers", ["s3:GetObject"], [f"{bucket}/*" for bucket in buckets], because=_BY_HOUR),
        allow("ReadWithLakeKey", READ_WITH_KEY, [lake_key]),
    ]


def _read_catalog(deployment: Deployment, databases: Sequence[str]) -> Statement:
    resources = catalog_arns(deployment, databases)
    return allow("ReadCatalog", _READ_CATALOG, resources, because="Every table of the named databases.")


def catalog_arns(deployment: Deployment, databases: Sequence[str]) -> list[str]:
    """Every table of the databases, with what Glue requires besides: the catalog and the databases."""
    return [
        deployment.arn("glue", "catalog"),
        *(deployment.arn("glue", f"database/{database}") for database in databases),
        *(deployment.arn("glue", f"table/{database}/*") for database in databases),
    ]
