"""Python's side of the engine: requests go out in one batch, decisions come back.

`make witnesses` installs it into build/witnesses; without it tests that need it are skipped with that reason.

Not here: which requests there are (services.py and tests).
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from infra.node import installed_node
from tests.infra.synthesized import ACCOUNT, ROOT

HOME = ROOT / "build" / "witnesses"
_PACKAGE = HOME / "node_modules" / "@cloud-copilot" / "iam-simulate"

# The engine's data has no keys of encryption contexts. In policy and request alike such a key is called by one that
# it has, of the same kind: what is compared, and how, stays the policy's.
_CALLED = {"kms:EncryptionContext:aws:logs:arn": "aws:SourceArn"}


@dataclass(frozen=True)
class Request:
    """One call that IAM decides.

    Attributes:
        principal: a service, `events.amazonaws.com`, or the ARN of a role.
        context: condition keys that the request carries; TLS is added.
        identity: statements of the role; None for a service.
        resource_policy: policy of the resource, as a document.
    """

    action: str
    resource: str
    principal: str
    context: Mapping[str, str] = field(default_factory=dict)
    identity: Sequence[Mapping[str, Any]] | None = None
    resource_policy: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """In the engine's words."""
        request = {
            "action": self.action,
            "principal": self.principal,
            "resource": {"accountId": ACCOUNT, "resource": self.resource},
            "contextVariables": {"aws:SecureTransport": "true", **self.context},
        }
        return {"identity": self.identity, "resourcePolicy": self.resource_policy, "request": request}


def is_installed() -> bool:
    """Whether `make witnesses` has been here."""
    return _PACKAGE.is_dir()


def skip_without_engine() -> None:
    """Skip the test, with what to do, where the engine was not installed."""
    if not is_installed():
        pytest.skip("the IAM engine is not installed: make witnesses")


@cache
def _node() -> str:
    return str(installed_node() or "node")


def decide(requests: Sequence[Request]) -> list[bool]:
    """Whether each is allowed. Raises ValueError for a request that the engine cannot read or reads in part."""
    script = Path(__file__).with_name("simulate.mjs")
    asked = json.dumps([request.as_json() for request in requests])
    for key, called in _CALLED.items():
        asked = asked.replace(f'"{key}"', f'"{called}"')
    done = subprocess.run([_node(), str(script), str(HOME)], input=asked, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise ValueError(f"the engine stopped: {done.stderr[-2000:]}")
    answers = json.loads(done.stdout)
    for request, answer in zip(requests, answers, strict=True):
        if answer["problem"]:
            raise ValueError(f"{request.action} on {request.resource}: {answer['problem'][:300]}")
        asked_of = json.dumps([request.resource_policy, request.identity])
        if passed_over := [key for key in answer["ignored"] if f'"{key}"' in asked_of]:
            raise ValueError(f"{request.action} on {request.resource}: the engine does not know {passed_over}")
    return [answer["allowed"] for answer in answers]
