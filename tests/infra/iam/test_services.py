"""Policies of topics, keys and buckets admit the services that need access, and no other principal.

Not here: roles (tests/aws/least_privilege/).
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.infra.iam.engine import Request, decide, skip_without_engine
from tests.infra.iam.services import access_logs, logging, publishing
from tests.infra.synthesized import Assembly

pytestmark = pytest.mark.aws


@pytest.fixture(autouse=True)
def _engine() -> None:
    skip_without_engine()


def every(assembly: Assembly) -> list[Request]:
    return [*publishing(assembly), *logging(assembly), *access_logs(assembly)]


@pytest.mark.parametrize("size", ["small", "production", "everything"])
def test_services_may_do_what_they_are_there_for(size: str, request: pytest.FixtureRequest) -> None:
    """Prevents alerts that never leave: a policy that requires a key which the service does not send."""
    asked = every(request.getfixturevalue(size))
    assert {r.principal.partition(".")[0] for r in asked} >= {"events", "cloudwatch", "budgets", "logs", "logging"}
    denied = [
        f"{r.principal}: {r.action} on {r.resource}" for r, ok in zip(asked, decide(asked), strict=True) if not ok
    ]
    assert denied == []


def test_other_services_may_not(small: Assembly) -> None:
    """Prevents a policy that admits every principal, which the test above would accept."""
    asked = [replace(request, principal="lambda.amazonaws.com") for request in every(small)]
    assert not any(decide(asked))


def test_services_that_come_for_another_account_may_not(small: Assembly) -> None:
    """Prevents an alarm of another account that rings here; EventBridge cannot be held to one (services.py)."""
    asked = [
        replace(request, context={**request.context, "aws:SourceAccount": "999988887777"})
        for request in [*publishing(small), *access_logs(small)]
        if request.principal != "events.amazonaws.com"
    ]
    assert not any(decide(asked))


def test_a_key_that_is_asked_of_eventbridge_is_noticed(small: Assembly) -> None:
    """Prevents a deaf witness: the policy that once kept EventBridge out must be found out again."""
    asked = [request for request in publishing(small) if request.principal == "events.amazonaws.com"]
    closed = [replace(request, resource_policy=_with_source_account(request)) for request in asked]
    assert decide(asked) == [True] * len(asked)
    assert decide(closed) == [False] * len(asked)


def _with_source_account(request: Request) -> dict[str, object]:
    assert request.resource_policy
    condition = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    statements = [
        {**statement, "Condition": condition} if statement["Effect"] == "Allow" else statement
        for statement in request.resource_policy["Statement"]
    ]
    return {**request.resource_policy, "Statement": statements}
