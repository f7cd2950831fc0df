"""IAM's decision about one call, from a role's statements alone; exact, or an error.

Order of decisions: AWS IAM user guide, "Policy evaluation logic", for identity-based policies in one account. An
unknown element or condition operator raises: a guess would be a claim about AWS.

Not here: which permissions a request needs (needs.py).
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Statement = Mapping[str, Any]

_ELEMENTS = {"Sid", "Effect", "Action", "Resource", "Condition"}


@dataclass(frozen=True)
class Need:
    """One permission that a request needs.

    Attributes:
        action: `s3:GetObject`.
        resource: ARN, or `*` for an action without resources.
        context: values of the condition keys that the request carries.
    """

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}"


def is_allowed(statements: Iterable[Statement], need: Need) -> bool:
    """Whether one statement allows it and none denies it. Raises NotImplementedError for what it does not know."""
    effects = {statement["Effect"] for statement in statements if _concerns(statement, need)}
    return effects == {"Allow"}


def names_action(statements: Iterable[Statement], action: str) -> bool:
    """Whether any statement speaks of the action, on whatever resource."""
    return any(_matches_action(statement, action) for statement in statements)


def listed(value: Any) -> list[Any]:
    """A value or a list of them, as IAM takes both."""
    return list(value) if isinstance(value, list | tuple) else [value]


def _concerns(statement: Statement, need: Need) -> bool:
    if unknown := set(statement) - _ELEMENTS:
        raise NotImplementedError(f"elements of a statement: {sorted(unknown)}")
    return (
        _matches_action(statement, need.action)
        and any(_like(pattern, need.resource) for pattern in listed(statement["Resource"]))
        and all(
            _holds(operator, key, listed(wanted), need.context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def _matches_action(statement: Statement, action: str) -> bool:
    return any(_like(pattern.lower(), action.lower()) for pattern in listed(statement["Action"]))


def _holds(operator: str, key: str, wanted: list[str], context: Mapping[str, str]) -> bool:
    if operator != "StringEquals":
        raise NotImplementedError(f"condition operator {operator}")
    return context.get(key) in wanted


def _like(pattern: str, text: str) -> bool:
    if "${" in pattern:
        raise NotImplementedError(f"policy variable in {pattern}")
    # IAM has `*` and `?` and no brackets.
    return re.fullmatch(fnmatch.translate(pattern.replace("[", "[[]")), text) is not None
