"""What each component may do: IAM statements as plain data, one module per stack.

Every statement names its actions and resources in full, so that a reader sees the whole of a role on one screen,
cdk-nag's findings keep their ids, and a test can play the calls of a component against its role.

Not here: roles and who takes them on (stacks/).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Statement = dict[str, Any]
"""One statement in the words of IAM's JSON: Sid, Effect, Action, Resource, Condition."""


def allow(
    sid: str, actions: Sequence[str], resources: Sequence[str], condition: Mapping[str, Any] | None = None
) -> Statement:
    """A statement that allows `actions` on `resources`."""
    statement: Statement = {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return {**statement, "Condition": dict(condition)} if condition else statement
