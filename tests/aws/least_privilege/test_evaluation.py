"""The evaluator decides as IAM does, or rejects to decide."""

from __future__ import annotations

from typing import Any

import pytest

from tests.aws.least_privilege.evaluation import Need, is_allowed

READ = Need("s3:GetObject", "arn:aws:s3:::lake/events/a")


def allow(**changes: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lake/events/*"} | changes


@pytest.mark.parametrize(
    ("statements", "is_given"),
    [
        ([], False),
        ([allow()], True),
        ([allow(Action=["s3:PutObject", "S3:getobject"])], True),
        ([allow(Action="s3:GetObjectVersion")], False),
        ([allow(Resource="arn:aws:s3:::lake")], False),
        ([allow(Resource="arn:aws:s3:::lake/events/?")], True),
        ([allow(Resource="arn:aws:s3:::lake/events/[a-z]")], False),
        ([allow(Resource=["arn:aws:s3:::other/*", "*"])], True),
        ([allow(), allow(Effect="Deny", Action="s3:*")], False),
        ([allow(), allow(Effect="Deny", Resource="arn:aws:s3:::lake/labels/*")], True),
    ],
)
def test_a_denial_wins_and_silence_denies(statements: list[dict[str, Any]], is_given: bool) -> None:
    assert is_allowed(statements, READ) is is_given


def test_a_condition_holds_only_for_the_value_that_the_request_carries() -> None:
    statement = allow(Condition={"StringEquals": {"cloudwatch:namespace": ["SocialSent"]}})
    for context, is_given in (({}, False), ({"cloudwatch:namespace": "SocialSent"}, True)):
        assert is_allowed([statement], Need(READ.action, READ.resource, context)) is is_given
    assert not is_allowed([statement], Need(READ.action, READ.resource, {"cloudwatch:namespace": "Another"}))


@pytest.mark.parametrize(
    "unknown",
    [
        {"NotResource": "*"},
        {"Condition": {"StringLike": {"aws:PrincipalTag/a": "*"}}},
        {"Resource": "arn:aws:s3:::lake/${aws:username}"},
    ],
)
def test_what_it_does_not_know_it_does_not_guess(unknown: dict[str, Any]) -> None:
    """Prevents a green test about a policy that no one evaluated."""
    with pytest.raises(NotImplementedError):
        is_allowed([allow(**unknown)], READ)
