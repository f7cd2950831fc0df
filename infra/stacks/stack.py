"""Base of every stack: name and tags, its KMS key, log groups, roles.

Each stack has its own KMS key: a key whose policy names a role of another stack makes the two depend on each other.

Not here: resources of one stack alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct, IConstruct

from infra import nag
from infra.deployment import Deployment
from infra.policies import Statement
from socialsent_assets.settings import UserError


class SocialSentStack(cdk.Stack):
    """A stack called `<deployment.name>-<part>`.

    Attributes:
        deployment: names and numbers.
    """

    def __init__(self, scope: Construct, part: str, deployment: Deployment, description: str) -> None:
        super().__init__(
            scope,
            deployment.named(part),
            env=deployment.environment,
            description=f"SocialSent ({deployment.size.name}): {description}",
            tags=deployment.tags,
            termination_protection=deployment.keeps_data,
        )
        self.deployment = deployment

    def make_key(self, what: str) -> kms.Key:
        """A key for `what`, renewed every year; CloudWatch Logs may use it for log groups of this account."""
        key = kms.Key(
            self,
            "Key",
            description=f"SocialSent: {what}",
            enable_key_rotation=True,
            removal_policy=self.deployment.removal_policy,
        )
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="LogGroupsOfThisAccount",
                principals=[iam.ServicePrincipal(f"logs.{self.region}.amazonaws.com")],
                actions=[
                    *("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:DescribeKey"),
                    *("kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"),
                ],
                resources=["*"],  # in a key's policy: this key
                conditions={
                    "ArnLike": {"kms:EncryptionContext:aws:logs:arn": self.deployment.arn("logs", "log-group:*")}
                },
            )
        )
        return key

    def make_log_group(self, logical_id: str, name: str, key: kms.IKey | None = None) -> logs.LogGroup:
        """A log group with the retention of the size."""
        return logs.LogGroup(
            self,
            logical_id,
            log_group_name=name,
            encryption_key=key,
            retention=retention(self.deployment.size.log_retention_days),
            removal_policy=self.deployment.removal_policy,
        )

    def make_role(
        self, logical_id: str, service: iam.IPrincipal | str, what: str, statements: Sequence[Statement]
    ) -> iam.Role:
        """A role with exactly `statements`, and its ARN as the output `<logical_id>Arn`.

        Hand `role.without_policy_updates()` to other constructs: nothing of CDK then widens it.
        """
        role = iam.Role(
            self,
            logical_id,
            assumed_by=iam.ServicePrincipal(service) if isinstance(service, str) else service,
            description=f"SocialSent: {what}",
            inline_policies={logical_id: document(statements)},
        )
        accept_wildcards(role, statements)
        self.output(f"{logical_id}Arn", role.role_arn, f"Role: {what}")
        return role

    def output(self, name: str, value: str, description: str) -> None:
        """A CloudFormation output under exactly this name."""
        cdk.CfnOutput(self, f"{name}Output", value=value, description=description).override_logical_id(name)


def document(statements: Sequence[Statement]) -> iam.PolicyDocument:
    """Statements as a policy document."""
    return iam.PolicyDocument(statements=[iam.PolicyStatement.from_json(s.as_json()) for s in statements])


def accept_wildcards(construct: IConstruct, statements: Sequence[Statement]) -> None:
    """Accept cdk-nag's finding about each wildcard, with the reason that its statement gives."""
    reasons = {resource: s.because for s in statements if s.because for resource in s.wildcards}
    for resource, reason in reasons.items():
        nag.acknowledge(construct, reason, nag.wildcard(resource))


def retention(days: int) -> logs.RetentionDays:
    """CloudWatch's own constant for so many days. Raises UserError for a number that it does not offer."""
    offered: dict[int, Any] = {
        1: logs.RetentionDays.ONE_DAY,
        7: logs.RetentionDays.ONE_WEEK,
        14: logs.RetentionDays.TWO_WEEKS,
        30: logs.RetentionDays.ONE_MONTH,
        90: logs.RetentionDays.THREE_MONTHS,
        180: logs.RetentionDays.SIX_MONTHS,
        365: logs.RetentionDays.ONE_YEAR,
    }
    if days not in offered:
        raise UserError(f"log_retention_days = {days}: CloudWatch keeps logs for one of {sorted(offered)} days")
    retention: logs.RetentionDays = offered[days]
    return retention
