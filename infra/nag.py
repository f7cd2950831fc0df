"""Findings of cdk-nag (AwsSolutions) that are accepted, each with its reason.

cdk-nag 3 matches a finding by its whole id, `AwsSolutions-IAM5[Action::s3:List*]`, so every one is named; a finding
that nobody named makes the synthesis fail.

Not here: cfn-lint (tests/infra).
"""

from __future__ import annotations

import aws_cdk as cdk
from constructs import IConstruct


def acknowledge(construct: IConstruct, reason: str, *findings: str) -> None:
    """Accept `findings` (whole ids without the pack's name: `IAM5[Resource::*]`) on this construct and below it."""
    acknowledged = [cdk.Acknowledgment(id=f"AwsSolutions-{finding}", reason=reason) for finding in findings]
    cdk.Validations.of(construct).acknowledge(*acknowledged)


def check(app: cdk.App) -> None:
    """Let the synthesis fail on every AwsSolutions finding that was not accepted."""
    from cdk_nag import AwsSolutionsChecks

    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
