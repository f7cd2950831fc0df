"""Name, account, region and size of one deployment: names, tags, buckets, ARNs.

Names are fixed, so that a policy, a setting and a page of the docs can name a thing without asking CloudFormation,
and no stack waits for another's export. The account and region stay CloudFormation's (`AWS::AccountId`) unless
they are given: templates need no credentials.

Not here: numbers (sizes.py), resources (stacks/).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import aws_cdk as cdk

from infra.sizes import Size
from socialsent_assets.domain.events.start import DEFAULT_START, start_hour
from socialsent_assets.settings import CatalogSettings, UserError

ROOT = Path(__file__).resolve().parents[1]
TIERS = ("landing", "cleansed", "analytics", "artifacts")


@dataclass(frozen=True)
class Deployment:
    """One deployment of the project to one account and region.

    Attributes:
        size: see sizes.py.
        name: lower case; the first part of every name, so that two deployments can share an account.
        account, region: where it goes; None: wherever CloudFormation runs the template.
        build: folder with `lambdas/` and `wheels/`, as `make lambdas wheel` leave them.
        glue_script: what Glue runs; it starts the job of the wheel.
        start: SOCIALSENT_START of the deployment: first accepted event time.
    """

    size: Size
    name: str = "socialsent"
    account: str | None = None
    region: str | None = None
    build: Path = ROOT / "build"
    glue_script: Path = ROOT / "infra" / "glue" / "run_job.py"
    start: str = DEFAULT_START

    def __post_init__(self) -> None:
        """Raises UserError for a name that some service would reject, and for a start that is no time."""
        start_hour({"SOCIALSENT_START": self.start})
        if not re.fullmatch(r"[a-z][a-z0-9]{1,14}", self.name):
            raise UserError(f"--name {self.name}: use 2 to 15 lower-case letters and digits, a letter first")

    @property
    def keeps_data(self) -> bool:
        """Whether data and keys outlive their stacks."""
        return self.size.lake.keep_on_delete

    @property
    def removal_policy(self) -> cdk.RemovalPolicy:
        """Of everything that holds data.

        What is kept is still removed when the very stack that makes it fails to come up: its names are fixed, and
        the next try would find them taken.
        """
        kept = cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE  # CloudFormation's RetainExceptOnCreate
        return kept if self.keeps_data else cdk.RemovalPolicy.DESTROY

    @property
    def environment(self) -> cdk.Environment | None:
        """Account and region of the stacks, if they were given."""
        if self.account is None and self.region is None:
            return None
        return cdk.Environment(account=self.account, region=self.region)

    @property
    def tags(self) -> dict[str, str]:
        """On every resource; budgets and cost reports filter by them."""
        return {"project": self.name, "size": self.size.name}

    @property
    def catalog(self) -> CatalogSettings:
        """Databases of the Glue Data Catalog, one per tier; the defaults of the settings for the default name."""
        return CatalogSettings(cleansed=f"{self.name}_cleansed", analytics=f"{self.name}_analytics")

    @property
    def landing_database(self) -> str:
        """Glue database of what a crawler finds in landing."""
        return f"{self.name}_landing"

    @property
    def marts_database(self) -> str:
        """Glue database of the marts that the dbt target `athena` builds."""
        return f"{self.name}_marts"

    def named(self, part: str) -> str:
        """Name of a thing that is unique in account and region: `socialsent-<part>`."""
        return f"{self.name}-{part}"

    def bucket_name(self, tier: str) -> str:
        """Name of a tier's bucket (or `access-logs`); account and region make it unique in the world."""
        return f"{self.named(tier)}-{self.account or cdk.Aws.ACCOUNT_ID}-{self.region or cdk.Aws.REGION}"

    def bucket_arn(self, tier: str) -> str:
        """ARN of a tier's bucket."""
        return f"arn:{cdk.Aws.PARTITION}:s3:::{self.bucket_name(tier)}"

    def lake_uri(self, tier: str) -> str:
        """Value of SOCIALSENT_LAKE_<TIER>."""
        return f"s3://{self.bucket_name(tier)}"

    def arn(self, service: str, resource: str) -> str:
        """ARN of a named thing in this account and region: `arn("glue", "database/x")`."""
        return ":".join(
            (
                "arn",
                cdk.Aws.PARTITION,
                service,
                self.region or cdk.Aws.REGION,
                self.account or cdk.Aws.ACCOUNT_ID,
                resource,
            )
        )

    def asset(self, path: str) -> Path:
        """A built file below `build`. Raises UserError when it was not built."""
        found = self.build / path
        if not found.exists():
            raise UserError(f"{found} is missing: run `make lambdas wheel`")
        return found
