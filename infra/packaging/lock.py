"""Exact versions out of uv.lock, for what is packed: what was tested is what is deployed.

Not here: why a package is pinned (pyproject.toml).
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from packaging.markers import Marker

from infra.packaging.archives import ROOT

Package = Mapping[str, Any]

_LINUX = {
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "os_name": "posix",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
}


@functools.cache
def _packages() -> list[dict[str, Any]]:
    packages: list[dict[str, Any]] = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
    return packages


def locked(roots: Iterable[str], python: str, *, without: Collection[str] = ()) -> dict[str, str]:
    """Name -> version of `roots` and all that they need on Linux x86-64 with this Python (`3.11`).

    Args:
        roots: names, with extras if need be: `aws-lambda-powertools[tracer]`.
        python: minor version.
        without: names that are there already; what only they need is left out too.

    Raises:
        LookupError: uv.lock has no such package.
    """
    environment = {**_LINUX, "python_version": python, "python_full_version": f"{python}.0"}
    found: dict[str, str] = {}
    waiting = [_split(root) for root in roots]
    while waiting:
        name, extras = waiting.pop()
        package = _package(name, environment)
        known = name in found
        found[name] = package["version"]
        needs = [] if known else list(package.get("dependencies", ()))
        needs += [need for extra in extras for need in package.get("optional-dependencies", {}).get(extra, ())]
        waiting += [
            (need["name"], tuple(need.get("extra", ())))
            for need in needs
            if need["name"] not in {*without, *found} and _holds(need.get("marker"), environment)
        ]
    return dict(sorted(found.items()))


def _split(requirement: str) -> tuple[str, tuple[str, ...]]:
    name, _, extras = requirement.partition("[")
    return name, tuple(extra for extra in extras.rstrip("]").split(",") if extra)


def _package(name: str, environment: Mapping[str, str]) -> Package:
    for package in _packages():
        markers = package.get("resolution-markers")
        if package["name"] == name and (not markers or any(_holds(marker, environment) for marker in markers)):
            return package
    raise LookupError(f"uv.lock has no {name} for Python {environment['python_version']}; run `uv lock`")


def _holds(marker: str | None, environment: Mapping[str, str]) -> bool:
    return not marker or Marker(marker).evaluate(dict(environment))
