"""The lake's buckets: landing, cleansed, analytics, artifacts, and one for the access logs of the four.

Not here: the catalog over them (compute.py), who may read and write (policies/).
"""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra import nag
from infra.deployment import TIERS, Deployment
from infra.stacks.stack import SocialSentStack

ACCESS_LOGS = "access-logs"


class LakeStack(SocialSentStack):
    """Encrypted, private, versioned buckets.

    Attributes:
        key: encrypts the four tiers.
        buckets: by tier: landing, cleansed, analytics, artifacts.
        access_logs: S3 server access logs of the four; other services may put logs there too.
    """

    def __init__(self, scope: Construct, part: str, *, deployment: Deployment) -> None:
        super().__init__(scope, part, deployment, "buckets of the lake")
        self.key = self.make_key("the lake")
        self.access_logs = self._access_logs_bucket()
        self.buckets: dict[str, s3.Bucket] = {tier: self._bucket(tier) for tier in TIERS}
        self.output("LakeKeyArn", self.key.key_arn, "Key that encrypts the lake")
        for tier in TIERS:
            self.output(f"{tier.title()}Bucket", self.buckets[tier].bucket_name, f"Bucket of the {tier} tier")

    def take_access_logs(self, prefix: str, bucket_arn: str) -> None:
        """Let S3 put the access logs of another stack's bucket below `prefix`."""
        self.access_logs.add_to_resource_policy(
            iam.PolicyStatement(
                sid=f"LogsOf{prefix.title()}",
                principals=[iam.ServicePrincipal("logging.s3.amazonaws.com")],
                actions=["s3:PutObject"],
                resources=[f"{self.deployment.bucket_arn(ACCESS_LOGS)}/{prefix}/*"],
                conditions={
                    "ArnLike": {"aws:SourceArn": bucket_arn},
                    "StringEquals": {"aws:SourceAccount": self.account},
                },
            )
        )

    def _bucket(self, tier: str) -> s3.Bucket:
        return s3.Bucket(
            self,
            tier.title(),
            bucket_name=self.deployment.bucket_name(tier),
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,  # one call to KMS for many objects
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,  # a wrong write or delete can be taken back
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            server_access_logs_bucket=self.access_logs,
            server_access_logs_prefix=f"{tier}/",
            lifecycle_rules=self._lifecycle(tier),
            removal_policy=self.deployment.removal_policy,
            auto_delete_objects=not self.deployment.keeps_data,
        )

    def _lifecycle(self, tier: str) -> Sequence[s3.LifecycleRule]:
        size = self.deployment.size.lake
        rules = [
            s3.LifecycleRule(
                id="OldVersionsAndUnfinishedUploads",
                noncurrent_version_expiration=cdk.Duration.days(size.old_versions_days),
                abort_incomplete_multipart_upload_after=cdk.Duration.days(2),
                expired_object_delete_marker=True,
            )
        ]
        if tier == "landing":
            rules.append(_to_intelligent_tiering("LandedEvents", size.landing_cold_after_days))
        if tier == "artifacts":
            rules.append(_expire("GluePipes", "pipes/", size.pipes_days))
            rules.append(_expire("AthenaResults", "athena/", size.athena_results_days))
        return rules

    def _access_logs_bucket(self) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "AccessLogs",
            bucket_name=self.deployment.bucket_name(ACCESS_LOGS),
            encryption=s3.BucketEncryption.S3_MANAGED,  # S3 cannot deliver access logs to a bucket with a KMS key
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=False,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[_expire("AccessLogs", None, self.deployment.size.lake.access_logs_days)],
            removal_policy=self.deployment.removal_policy,
            auto_delete_objects=not self.deployment.keeps_data,
        )
        nag.acknowledge(bucket, "It receives the access logs: logging its own access would never end.", "S1")
        return bucket


def _expire(rule: str, prefix: str | None, days: int) -> s3.LifecycleRule:
    return s3.LifecycleRule(id=rule, prefix=prefix, expiration=cdk.Duration.days(days))


def _to_intelligent_tiering(rule: str, days: int) -> s3.LifecycleRule:
    transition = s3.Transition(
        storage_class=s3.StorageClass.INTELLIGENT_TIERING, transition_after=cdk.Duration.days(days)
    )
    return s3.LifecycleRule(id=rule, prefix="events/", transitions=[transition])
