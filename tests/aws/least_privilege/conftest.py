"""One account per session, as size small describes it.

At the end of the session every decision that was made in it is put to an engine of other people, if that is
installed: where the two differ, one of them reads IAM wrongly, and the session fails.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.aws.least_privilege.account import Account, account_of
from tests.aws.least_privilege.calls import STANDING
from tests.aws.least_privilege.evaluation import Need
from tests.infra.conftest import everything, small, synthesis_folder
from tests.infra.iam.engine import Request, decide, is_installed
from tests.infra.synthesized import ACCOUNT, Assembly

__all__ = ["everything", "small", "synthesis_folder"]


@pytest.fixture(scope="session")
def account(small: Assembly) -> Iterator[Account]:
    with account_of(small) as running:
        for bucket, key in STANDING:
            running.admin("s3").put_object(Bucket=bucket, Key=key, Body=b"")
        yield running
        assert disagreements(running) == []


def disagreements(account: Account) -> list[str]:
    """Decisions that the independent engine takes otherwise; none where it is not installed."""
    if not is_installed():
        return []
    made = sorted({(role, str(need)): (role, need, given) for role, need, given in account.decisions}.items())
    asked = [request_of(account, role, need) for _, (role, need, _) in made]
    return [
        f"{role}: {need}: ours says {given}"
        for (_, (role, need, given)), theirs in zip(made, decide(asked), strict=True)
        if given is not theirs
    ]


def request_of(account: Account, role: str, need: Need) -> Request:
    """A decision of ours in the engine's words; a key leaves the decision to IAM, as the templates' policies do."""
    root = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return Request(
        need.action,
        need.resource,
        f"arn:aws:iam::{ACCOUNT}:role/{role.replace('/', '-')}",
        need.context,
        account.policies[role],
        {"Version": "2012-10-17", "Statement": [root]} if need.action.startswith("kms:") else None,
    )
