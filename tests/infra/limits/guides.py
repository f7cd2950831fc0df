"""Limits that AWS states in guides alone (guides.toml), each with its source, held against a resource.

Not here: limits of the APIs' models (shapes.py).
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("guides.toml")


def guides(kind: str, properties: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(property, problem) for every limit of a guide that the resource breaks."""
    for entry in entries().get(kind, ()):
        when = entry.get("when", {})
        if all(str(next(iter(values_at(properties, path)), None)) == str(wanted) for path, wanted in when.items()):
            for value in values_at(properties, entry["property"]):
                if factor := entry.get("times"):
                    value = float(value) * float(next(iter(values_at(properties, factor)), 0))
                if problem := _problem(entry, value):
                    yield entry["property"], f"{problem} ({entry['source']})"


@cache
def entries() -> dict[str, list[dict[str, Any]]]:
    """Limits by type of resource, as in the file."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def values_at(value: Any, path: str) -> list[Any]:
    """Every value at a path, `A.B[].C`; none where a step is not there."""
    found = [value]
    for step in path.split("."):
        name = step.removesuffix("[]")
        found = [item[name] for item in found if isinstance(item, Mapping) and name in item]
        if step.endswith("[]"):
            found = [item for items in found for item in items]
    return found


def _problem(entry: Mapping[str, Any], value: Any) -> str:
    if "length" in entry:
        text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        return f"{len(text)} characters: at most {entry['length']}" if len(text) > entry["length"] else ""
    if "items" in entry:
        return f"{len(value)} items: at most {entry['items']}" if len(value) > entry["items"] else ""
    if "like" in entry:
        return "" if re.fullmatch(entry["like"], str(value)) else f"{value!r} is not like {entry['like']}"
    if "choices" in entry:
        return "" if value in entry["choices"] else f"{value!r} is none of {entry['choices']}"
    if not entry.get("min", float("-inf")) <= float(value) <= entry.get("max", float("inf")):
        return f"{value}: from {entry.get('min', '-∞')} to {entry.get('max', '∞')}"
    step = entry.get("step")
    return f"{value}: a multiple of {step}" if step and float(value) % step else ""
