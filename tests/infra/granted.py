"""Permissions of a role as action -> resources: CDK writes statements with one action as text, others as lists.

Not here: what it should be allowed (the tests beside this file).
"""

from __future__ import annotations

from typing import Any

from tests.infra.synthesized import Assembly


def granted(assembly: Assembly, part: str, output: str) -> dict[str, list[str]]:
    """Action -> resources of the role that the stack puts out under `output`; fails on a statement that denies."""
    found: dict[str, list[str]] = {}
    for statement in assembly.role(part, output):
        assert statement["Effect"] == "Allow"
        for action in _listed(statement["Action"]):
            found.setdefault(action, []).extend(_listed(statement["Resource"]))
    return found


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
