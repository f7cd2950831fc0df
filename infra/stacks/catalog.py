"""Parts of the stack compute: the Glue Data Catalog over the lake, its crawlers, and Athena's workgroup.

The tables are those of the contract; the graph registers every hour that it builds. Crawlers only find hours that
were put there by other means (a restored backup), and say when files and contract differ: they change no table.

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
from socialsent_assets.domain.catalog_tables import table_input, table_location
from socialsent_assets.domain.tables import TABLES, Table

TIERS = ("cleansed", "analytics")
GIB = 1024**3
_LIKE_THE_TABLE = {"Version": 1.0, "CrawlerOutput": {"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"}}}


class Catalog(Construct):
    """Databases, tables and crawlers.

    Attributes:
        crawler_names: by tier, `cleansed` and `analytics`.
    """

    def __init__(self, stack: SocialSentStack, part: str, lake_key: kms.IKey, security: str) -> None:
        super().__init__(stack, part)
        self._stack = stack
        self._deployment = stack.deployment
        databases = self._databases()
        tables = [self._table(table, databases[table.tier]) for table in TABLES if table.tier in TIERS]
        self.crawler_names = {tier: self._crawler(tier, lake_key, security, tables) for tier in TIERS}

    def _databases(self) -> dict[str, glue.CfnDatabase]:
        catalog, marts = self._deployment.catalog, self._deployment.marts_database
        made = {
            "cleansed": (catalog.cleansed, "Cleansed events of the lake, by event hour.", "cleansed", ""),
            "analytics": (catalog.analytics, "What the lake knows about its texts, by event hour.", "analytics", ""),
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

    def _table(self, table: Table, database: glue.CfnDatabase) -> cdk.CfnResource:
        name = "".join(word.title() for word in (table.tier, *table.name.split("_")))
        return cdk.CfnResource(
            self,
            f"{name}Table",
            type="AWS::Glue::Table",
            properties={
                "CatalogId": cdk.Aws.ACCOUNT_ID,
                "DatabaseName": database.ref,
                "TableInput": table_input(table, table_location(self._deployment.lake_uri(table.tier), table)),
            },
        )

    def _crawler(self, tier: str, lake_key: kms.IKey, security: str, tables: list[cdk.CfnResource]) -> str:
        name = self._deployment.named(f"{tier}-crawler")
        role = self._stack.make_role(
            f"{tier.title()}CrawlerRole",
            "glue.amazonaws.com",
            f"crawler of the {tier} tier",
            may.crawler(self._deployment, tier, lake_key.key_arn),
        )
        crawler = glue.CfnCrawler(
            self,
            f"{tier.title()}Crawler",
            name=name,
            description=f"Finds hours of the {tier} tier that the catalog does not know",
            role=role.role_arn,
            # Tables, not paths: a crawler of paths would make tables of its own out of `_receipts` and `_staging`.
            targets=glue.CfnCrawler.TargetsProperty(
                catalog_targets=[
                    glue.CfnCrawler.CatalogTargetProperty(
                        database_name=getattr(self._deployment.catalog, tier),
                        tables=[table.name for table in TABLES if table.tier == tier],
                    )
                ]
            ),
            schedule=glue.CfnCrawler.ScheduleProperty(schedule_expression=self._deployment.size.compute.crawl_cron),
            schema_change_policy=glue.CfnCrawler.SchemaChangePolicyProperty(
                update_behavior="LOG", delete_behavior="LOG"
            ),
            recrawl_policy=glue.CfnCrawler.RecrawlPolicyProperty(recrawl_behavior="CRAWL_EVERYTHING"),
            configuration=json.dumps(_LIKE_THE_TABLE),
            crawler_security_configuration=security,
        )
        for table in tables:
            crawler.add_resource_dependency(table)
        return name


class AthenaWorkgroup(Construct):
    """Who asks Athena, and how much a query may read.

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
                enforce_work_group_configuration=True,  # nobody chooses another place or no encryption
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
            "who asks Athena about the lake",
            may.athena_reader(deployment, lake_key.key_arn),
        )
        stack.output("AthenaWorkgroup", self.name, "Athena workgroup")
