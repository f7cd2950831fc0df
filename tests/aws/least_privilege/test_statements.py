"""Every statement of every role, read against AWS' service authorization reference (the copy in cfn-lint).

moto does not know which actions take which resources: a grant on the wrong kind is a grant of nothing, a `*` where an
ARN would do is one of everything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import pytest

from tests.aws.least_privilege.account import policies_of
from tests.aws.least_privilege.evaluation import Need, Statement, is_allowed, listed
from tests.infra.synthesized import Assembly

pytestmark = pytest.mark.aws

_INTERFACES = "interfaces have no name before QuickSight makes them, and it asks for this form"
EVERYTHING_FOR_A_REASON = {
    **{f"ec2:{call}NetworkInterface": _INTERFACES for call in ("Create", "Delete")},
    "ec2:ModifyNetworkInterfaceAttribute": _INTERFACES,
    "cloudwatch:PutMetricData": "the condition names the namespace; its one resource is no metric",
    "kms:Decrypt": "Airflow's queues lie in an account of AWS, under keys that nobody knows; the condition names SQS",
    "kms:DescribeKey": "as kms:Decrypt",
    "kms:Encrypt": "as kms:Decrypt",
    "kms:GenerateDataKey": "as kms:Decrypt",
    "logs:DescribeLogGroups": "Amazon MWAA asks for it in this form (its user guide)",
}
"""Actions on `*` that could name a resource."""

BY_CONDITION = {"cloudwatch:PutMetricData", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"}
"""Of these, those that are allowed on `*` only under a condition."""


@pytest.fixture(params=["small", "everything"])
def policies(request: pytest.FixtureRequest) -> dict[str, list[Statement]]:
    assembly: Assembly = request.getfixturevalue(request.param)
    return policies_of(assembly)


@cache
def reference() -> dict[str, Any]:
    """Service -> actions, in lower case, with their types of resources, and what an ARN of each looks like."""
    return json.loads((files("cfnlint") / "data/AdditionalSpecs/Policies.json").read_text())


def grants(policies: dict[str, list[Statement]]) -> Iterator[tuple[str, str, Statement]]:
    """(role, action, statement) of all."""
    for role, statements in policies.items():
        for statement in statements:
            for action in listed(statement["Action"]):
                yield role, action, statement


def kinds_of(action: str) -> list[str]:
    """Types of resources that an action takes; [] for one that takes `*` alone. Raises KeyError if there is none."""
    service, _, name = action.partition(":")
    return list(reference()[service]["Actions"][name.lower()].get("Resources", ()))


def is_of(resource: str, service: str, kind: str) -> bool:
    """Whether an ARN, with or without wildcards, can be one of a type of resource."""
    for form in reference()[service]["Resources"][kind.lower()]["ARNFormats"]:
        pattern = re.sub(r"\$\{\w+\}", "[^:]*", form.replace(".*", "\0")).replace("\0", ".+")
        if re.fullmatch(pattern, resource):
            return True
    return False


def test_every_action_exists_and_is_written_out(policies: dict[str, list[Statement]]) -> None:
    """Prevents `s3:*`, and a misspelt action that allows nothing."""
    wild = [(role, action) for role, action, _ in grants(policies) if "*" in action or "?" in action]
    assert wild == []
    unknown = []
    for role, action, _ in grants(policies):
        try:
            kinds_of(action)
        except KeyError:
            unknown.append((role, action))
    assert unknown == []


def test_an_action_is_allowed_on_everything_only_where_it_takes_no_resource(
    policies: dict[str, list[Statement]],
) -> None:
    wide = {
        (role, action)
        for role, action, statement in grants(policies)
        if "*" in listed(statement["Resource"]) and kinds_of(action) and action not in EVERYTHING_FOR_A_REASON
    }
    assert wide == set()
    unconditional = {
        (role, action)
        for role, action, statement in grants(policies)
        if "*" in listed(statement["Resource"]) and action in BY_CONDITION and not statement.get("Condition")
    }
    assert unconditional == set()


def test_every_action_meets_a_resource_of_a_kind_that_it_takes(policies: dict[str, list[Statement]]) -> None:
    """Prevents a permission that looks right and is none: `s3:ListBucket` on objects, `glue:GetTable` on a job."""
    vain = []
    for role, action, statement in grants(policies):
        resources = [resource for resource in listed(statement["Resource"]) if resource != "*"]
        kinds, service = kinds_of(action), action.partition(":")[0]
        if "*" not in listed(statement["Resource"]) and not any(
            is_of(resource, service, kind) for resource in resources for kind in kinds
        ):
            vain.append((role, action, resources))
    assert vain == []


def test_wildcards_end_below_a_name_of_the_deployment(policies: dict[str, list[Statement]]) -> None:
    """Prevents `arn:aws:s3:::*` and the like: what comes before the first `*` must name something of ours."""
    ours = ("socialsent", "cdk-hnb659fds-assets-", ":airflow-celery-", "log-group:/aws-glue/crawlers")
    loose = set()
    for role, _, statement in grants(policies):
        for resource in listed(statement["Resource"]):
            before, star, _ = resource.partition("*")
            if (
                star
                and resource != "*"
                and not any(name in (before if "celery" not in name else resource) for name in ours)
            ):
                loose.add((role, resource))
    assert loose == set()


def test_nothing_is_denied_or_turned_round(policies: dict[str, list[Statement]]) -> None:
    """NotAction and NotResource allow whatever AWS will invent next."""
    for _, statements in policies.items():
        for statement in statements:
            assert statement["Effect"] == "Allow"
            assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}


def test_a_role_that_is_handed_on_goes_to_one_service(policies: dict[str, list[Statement]]) -> None:
    handed = [(role, s) for role, action, s in grants(policies) if action == "iam:PassRole"]
    assert [role for role, _ in handed] == ["orchestration/TaskRole"]
    (_, statement) = handed[0]
    (role,) = listed(statement["Resource"])
    assert "*" not in role
    assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    for service, is_meant in (("sagemaker.amazonaws.com", True), ("lambda.amazonaws.com", False)):
        need = Need("iam:PassRole", role, {"iam:PassedToService": service})
        assert is_allowed([statement], need) is is_meant


def test_a_role_is_taken_on_by_its_own_service_alone(small: Assembly, everything: Assembly) -> None:
    """Prevents a trust policy with `*`, or with another account."""
    for assembly in (small, everything):
        for name, role in assembly.every("AWS::IAM::Role"):
            for statement in role["AssumeRolePolicyDocument"]["Statement"]:
                ((kind, who),) = statement["Principal"].items()
                services = [isinstance(item, str) and item.endswith(".amazonaws.com") for item in listed(who)]
                is_reader = name.startswith("compute/AthenaReaderRole") and who == "arn:aws:iam::123456789012:root"
                assert (kind == "Service" and all(services)) or is_reader, (name, who)


def test_keys_let_iam_decide_and_name_nobody_else(small: Assembly) -> None:
    """Permissions on a key count only because its own policy leaves them to IAM; it must open no other door."""
    for name, key in small.every("AWS::KMS::Key"):
        statements = key["KeyPolicy"]["Statement"]
        (own,) = [s for s in statements if listed(s["Action"]) == ["kms:*"]]
        assert own["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}, name
        others = [s for s in statements if s is not own]
        assert all("Service" in s["Principal"] or s["Principal"] == own["Principal"] for s in others), name
