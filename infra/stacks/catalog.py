"""Parts of the stack compute: the databases of the Glue Data Catalog, the crawler of landing, and Athena's workgroup.

The tables of cleansed and analytics are Iceberg's: the jobs make them, and every commit of theirs swaps the catalog's
pointer. Nothing else may write there, least of all a crawler, which would take each Parquet file for a table of its
own. What landed is JSON and no table: a crawler finds its columns and hours, so that Athena can ask about it.

Not here: the tables' columns (socialsent_assets/domain/tables.py), who may read (policies/compute.py).
"""

from __future__ import annotations

import json

import aws_cdk as cdk
from aws_cdk import aws_athena as athena
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.policies import compute as may
from infra.stacks.stack import SocialSentStack
from socialsent_assets.domain.events.layout import LANDING_EVENTS

GIB = 1024**3
_ONE_TABLE = {
    "Version": 1.0,
    "Grouping": {"TableGroupingPolicy": "CombineCompatibleSchemas", "TableLevelConfiguration": 2},
    "CrawlerOutput": {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"}},
}
"""The second level below the root is the table: BUCKET, then `events`; what follows are its partitions."""


class Catalog(Construct):
    """Databases and the crawler.

    Attributes:
        crawler_name: of the crawler over landed events.
    """

    def __init__(self, stack: SocialSentStack, part: str, lake_key: kms.IKey, security: str) -> None:
        super().__init__(stack, part)
        self._stack = stack
        self._deployment = stack.deployment
        databases = self._databases()
        self.crawler_name = self._crawler(lake_key, security, databases["landing"])

    def _databases(self) -> dict[str, glue.CfnDatabase]:
        catalog, marts = self._deployment.catalog, self._deployment.marts_database
        made = {
            "landing": (self._deployment.landing_database, "Events as they landed, JSON.", "landing", ""),
            "cleansed": (catalog.cleansed, "Cleansed events of the lake, in Iceberg.", "cleansed", ""),
            "analytics": (catalog.analytics, "What the lake knows about its texts, in Iceberg.", "analytics", ""),
            "marts": (marts, "Marts that dbt builds with Athena.", "analytics", "/marts"),
        }
        return {
            part: self._database(part, name, meaning, f"{self._deployment.lake_uri(tier)}{folder}")
            for part, (name, meaning, tier, folder) in made.items()
        }

    def _database(self, part: str, name: str, meaning: str, location: str) -> glue.CfnDatabase:
        self._stack.output(f"{part.title()}Database", name, f"Glue database: {meaning}")
        return glue.CfnDatabase(
            self,
            f"{part.title()}Database",
            catalog_id=cdk.Aws.ACCOUNT_ID,
            database_name=name,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=name, description=meaning, location_uri=f"{location}/"
            ),
        )

    def _crawler(self, lake_key: kms.IKey, security: str, database: glue.CfnDatabase) -> str:
        name = self._deployment.named("landing-crawler")
        role = self._stack.make_role(
            "LandingCrawlerRole",
            "glue.amazonaws.com",
            "crawler of what landed",
            may.crawler(self._deployment, lake_key.key_arn),
        )
        crawler = glue.CfnCrawler(
            self,
            "LandingCrawler",
            name=name,
            description="Finds columns and hours of what landed",
            role=role.role_arn,
            database_name=self._deployment.landing_database,
            targets=glue.CfnCrawler.TargetsProperty(
                s3_targets=[
                    glue.CfnCrawler.S3TargetProperty(path=f"{self._deployment.lake_uri('landing')}/{LANDING_EVENTS}/")
                ]
            ),
            schedule=glue.CfnCrawler.ScheduleProperty(schedule_expression=self._deployment.size.compute.crawl_cron),
            # Glue takes new folders alone only from a crawler that changes and deletes nothing that it knows.
            schema_change_policy=glue.CfnCrawler.SchemaChangePolicyProperty(
                update_behavior="LOG", delete_behavior="LOG"
            ),
            recrawl_policy=glue.CfnCrawler.RecrawlPolicyProperty(recrawl_behavior="CRAWL_NEW_FOLDERS_ONLY"),
            configuration=json.dumps(_ONE_TABLE),
            crawler_security_configuration=security,
        )
        crawler.add_resource_dependency(database)
        return name


class AthenaWorkgroup(Construct):
    """The users of Athena, and how much a query may read.

    Attributes:
        name: of the workgroup.
        reader: role that may query lake and marts and nothing else.
    """

    def __init__(self, stack: SocialSentStack, part: str, lake_key: kms.IKey) -> None:
        super().__init__(stack, part)
        deployment = stack.deployment
        self.name = deployment.name
        kind = athena.CfnWorkGroup
        kind(
            self,
            "Workgroup",
            name=self.name,
            description="Queries over the lake of SocialSent",
            recursive_delete_option=not deployment.keeps_data,
            work_group_configuration=kind.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,  # no client overrides the result location or the encryption
                publish_cloud_watch_metrics_enabled=True,
                bytes_scanned_cutoff_per_query=deployment.size.compute.athena_scan_limit_gib * GIB,
                engine_version=kind.EngineVersionProperty(selected_engine_version="Athena engine version 3"),
                result_configuration=kind.ResultConfigurationProperty(
                    output_location=f"{deployment.lake_uri('artifacts')}/{may.ATHENA_RESULTS}/",
                    expected_bucket_owner=cdk.Aws.ACCOUNT_ID,
                    encryption_configuration=kind.EncryptionConfigurationProperty(
                        encryption_option="SSE_KMS", kms_key=lake_key.key_arn
                    ),
                ),
            ),
        )
        self.reader = stack.make_role(
            "AthenaReaderRole",
            iam.AccountRootPrincipal(),
            "who queries the lake with Athena",
            may.athena_reader(deployment, lake_key.key_arn),
        )
        stack.output("AthenaWorkgroup", self.name, "Athena workgroup")
