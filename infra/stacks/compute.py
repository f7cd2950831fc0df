"""The jobs on AWS Glue, and their code; with catalog.py, what queries find the tables by.

Not here: what the jobs do (socialsent_assets/jobs/), what they may do (policies/compute.py), marts (warehouse.py).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_glue as glue
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as s3_deployment
from constructs import Construct

from infra import nag
from infra.deployment import Deployment
from infra.packaging.glue_wheels import NAME as WHEELS
from infra.policies import Statement
from infra.policies import compute as may
from infra.stacks.catalog import AthenaWorkgroup, Catalog
from infra.stacks.lake import LakeStack
from infra.stacks.stack import SocialSentStack

GLUE_VERSION = "5.1"  # Spark 3.5.6, Python 3.11; a job that names none gets the newest, which is another Spark


_DESCRIPTIONS = {
    may.CLEANSE: "socialsent_assets.jobs.cleanse; started by Dagster, one run for many event hours",
    may.SCORE: "socialsent_assets.jobs.score; started by Dagster, one run for many event hours",
    may.UPKEEP: "socialsent_assets.lake.upkeep; started by Dagster once a day, for every table",
}


@dataclass(frozen=True)
class Code:
    """Addresses of the uploaded code, `s3://…`."""

    script: str
    wheels: str


class ComputeStack(SocialSentStack):
    """Glue jobs, the Data Catalog, Athena.

    Attributes:
        job_names: of the Glue jobs, by `cleanse`, `score` and `upkeep`.
        crawler_name: of the crawler over landed events.
        workgroup: name of the Athena workgroup.
    """

    def __init__(self, scope: Construct, part: str, *, deployment: Deployment, lake: LakeStack) -> None:
        super().__init__(scope, part, deployment, "Glue jobs, the Data Catalog and Athena")
        self.add_stack_dependency(lake)
        self._key = lake.key
        self._security = self._security_configuration()
        self._code = self._upload_code()
        size = deployment.size.compute
        key = self._key.key_arn
        self.job_names = {
            may.CLEANSE: self._job(may.CLEANSE, may.cleanse(deployment, key), size.cleanse_max_workers),
            may.SCORE: self._job(may.SCORE, may.score(deployment, key), size.score_max_workers),
            may.UPKEEP: self._job(may.UPKEEP, may.upkeep(deployment, key), size.upkeep_max_workers),
        }
        self.crawler_name = Catalog(self, "Catalog", self._key, self._security).crawler_name
        self.workgroup = AthenaWorkgroup(self, "Athena", self._key).name
        for job, name in self.job_names.items():
            self.output(f"{job.title()}Job", name, f"Glue job that runs {job}")
        self.output("LandingCrawler", self.crawler_name, "Crawler of what landed")

    def _security_configuration(self) -> str:
        """How jobs and crawlers encrypt what they write: objects, logs, and bookmarks, which they do not use."""
        name = self.deployment.named("glue")
        kind = glue.CfnSecurityConfiguration
        kind(
            self,
            "Security",
            name=name,
            encryption_configuration=kind.EncryptionConfigurationProperty(
                s3_encryptions=[
                    kind.S3EncryptionProperty(s3_encryption_mode="SSE-KMS", kms_key_arn=self._key.key_arn)
                ],
                cloud_watch_encryption=kind.CloudWatchEncryptionProperty(
                    cloud_watch_encryption_mode="SSE-KMS", kms_key_arn=self._key.key_arn
                ),
                job_bookmarks_encryption=kind.JobBookmarksEncryptionProperty(
                    job_bookmarks_encryption_mode="CSE-KMS", kms_key_arn=self._key.key_arn
                ),
            ),
        )
        return name

    def _upload_code(self) -> Code:
        """The wheels and the script, in a folder named by what is in them: a rollback finds the code it needs."""
        wheels = self.deployment.asset(f"wheels/{WHEELS}")
        script = self.deployment.glue_script
        digest = hashlib.sha256(wheels.read_bytes() + script.read_bytes()).hexdigest()[:16]
        folder = f"{may.CODE}/{digest}"
        role = self.make_role(
            "CodeUploadRole",
            "lambda.amazonaws.com",
            "upload of the jobs' code during a deployment",
            may.upload_code(self.deployment, self._key.key_arn),
        )
        self._upload = s3_deployment.BucketDeployment(
            self,
            "Code",
            destination_bucket=s3.Bucket.from_bucket_name(
                self, "Artifacts", self.deployment.bucket_name("artifacts")
            ),
            destination_key_prefix=folder,
            # A folder, because CDK gives a single file the name of its hash, and Glue knows the zip by its name.
            sources=[
                s3_deployment.Source.asset(str(wheels.parent), exclude=["*", f"!{wheels.name}"]),
                s3_deployment.Source.data(script.name, script.read_text(encoding="utf-8")),
            ],
            prune=False,
            retain_on_delete=True,  # jobs of an earlier deployment may still run from their folder
            role=role.without_policy_updates(),
            memory_limit=512,
            ephemeral_storage_size=cdk.Size.gibibytes(2),  # the wheels, zipped and not
            log_group=self.make_log_group("CodeUploadLogs", f"/aws/lambda/{self.deployment.named(may.UPLOAD)}"),
        )
        nag.acknowledge(
            self, "The function that uploads files is CDK's own, with the runtime that CDK gives it.", "L1"
        )
        uri = f"{self.deployment.lake_uri('artifacts')}/{folder}"
        return Code(script=f"{uri}/{script.name}", wheels=f"{uri}/{wheels.name}")

    def _job(self, job: str, statements: list[Statement], max_workers: int) -> str:
        size = self.deployment.size.compute
        name = self.deployment.named(job)
        role = self.make_role(f"{job.title()}Role", "glue.amazonaws.com", f"Glue job {job}", statements)
        for stream in ("error", "output"):
            logs = f"{may.job_logs(self.deployment, job)}/{stream}"
            self.make_log_group(f"{job.title()}{stream.title()}Logs", logs, self._key)
        made = glue.CfnJob(
            self,
            f"{job.title()}Job",
            name=name,
            description=_DESCRIPTIONS[job],
            role=role.role_arn,
            glue_version=GLUE_VERSION,
            command=glue.CfnJob.JobCommandProperty(
                name="glueetl", python_version="3", script_location=self._code.script
            ),
            worker_type=size.glue_worker_type,
            number_of_workers=max_workers,
            timeout=size.glue_timeout_minutes,
            max_retries=0,  # Dagster retries, and knows which hours
            execution_property=glue.CfnJob.ExecutionPropertyProperty(max_concurrent_runs=size.glue_runs_at_once),
            security_configuration=self._security,
            default_arguments={
                "--additional-python-modules": self._code.wheels,
                "--python-modules-installer-option": "--no-index",  # what the zip lacks is an error
                "--enable-auto-scaling": "true",
                "--job-bookmark-option": "job-bookmark-disable",  # the graph knows what is stale
                "--enable-metrics": "true",
                "--enable-observability-metrics": "true",
                "--enable-continuous-cloudwatch-log": "true",
                "--custom-logGroup-prefix": may.job_logs(self.deployment, job),
            },
        )
        made.node.add_dependency(self._upload)
        return name
