"""Findings of cdk-nag (AwsSolutions) that are accepted, each with its reason.

cdk-nag 3 matches a finding by its whole id, `AwsSolutions-IAM5[Action::s3:List*]`, so every one is named; a finding
that no one named makes the synthesis fail.

Not here: cfn-lint (tests/infra).
"""

from __future__ import annotations

import re

import aws_cdk as cdk
from constructs import IConstruct

_PSEUDO_PARAMETERS = {
    cdk.Aws.PARTITION: "<AWS::Partition>",
    cdk.Aws.REGION: "<AWS::Region>",
    cdk.Aws.ACCOUNT_ID: "<AWS::AccountId>",
}


def acknowledge(construct: IConstruct, reason: str, *findings: str) -> None:
    """Accept `findings` (whole ids without the pack's name: `IAM5[Resource::*]`) on this construct and below it."""
    acknowledged = [cdk.Acknowledgment(id=f"AwsSolutions-{finding}", reason=reason) for finding in findings]
    cdk.Validations.of(construct).acknowledge(*acknowledged)


def wildcard(resource: str) -> str:
    """Id of the finding that a statement names many resources: `IAM5[Resource::arn:<AWS::Partition>:s3:::x/*]`."""
    for parameter, shown in _PSEUDO_PARAMETERS.items():
        resource = resource.replace(parameter, shown)
    if leftover := re.search(r"\$\{Token\[.*?]}", resource):
        raise ValueError(f"{leftover[0]} in {resource}: name resources by Deployment, so that the finding has an id")
    return f"IAM5[Resource::{resource}]"


def check(app: cdk.App) -> None:
    """Let the synthesis fail on every AwsSolutions finding that was not accepted."""
    from cdk_nag import AwsSolutionsChecks

    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
