"""A value of a template against the member of an API's input that takes it: kind, length, range, pattern, choices.

Not here: which member takes which property (apis.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from botocore.model import Shape

from tests.infra.limits.prose import stated

# Java's classes of characters inside of brackets, as far as ASCII goes, and the Latin letters beyond it.
_CLASSES = {
    "L": "a-zA-ZÀ-ɏ",
    "IsAlphabetic": "a-zA-ZÀ-ɏ",
    "M": "\u0300-\u036f",
    "Z": r"\s",
    "Zs": " ",
    "N": "0-9",
    "IsDigit": "0-9",
    "P": r"!-#%-*,-/:;?@\[-\]_{}",
    "S": "$+<->^`|~",
}
_NUMBERS = ("integer", "long", "float", "double")


def problems(value: Any, shape: Shape, *, documentation: str = "", other_cases: Sequence[str] = ()) -> Iterator[str]:
    """What is wrong with `value` as a member of this shape, a line each; nothing of what lies inside of it.

    Args:
        value: resolved; a structure that the API takes as text is taken for its JSON.
        shape: of the member.
        documentation: text of the member, if the shape's own is not the one to read.
        other_cases: see prose.stated.
    """
    limits = shape.metadata
    words = documentation or shape.documentation or ""
    if shape.type_name in _NUMBERS:
        number = _number(value)
        if number is None:
            yield f"{value!r} is no number"
            return
        yield from _outside(number, limits)
        yield from _against(words, number, other_cases)
    elif shape.type_name == "boolean":
        if str(value).lower() not in ("true", "false"):
            yield f"{value!r} is neither true nor false"
    elif shape.type_name == "string":
        text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        yield from _outside(len(text), limits, " characters")
        yield from _not_like(text, limits.get("pattern"))
        if (choices := limits.get("enum")) and text not in choices:
            yield f"{text!r} is none of {', '.join(choices)}"
        number = _number(text)  # like the CPU of a task of ECS, which is a number as text
        if number is not None and text.strip():
            yield from _against(words, number, other_cases)
        if number is None:
            yield from _against(words, text, other_cases)
    elif shape.type_name == "list" and isinstance(value, list):
        yield from _outside(len(value), limits, " items")
    elif shape.type_name == "map" and isinstance(value, dict):
        yield from _outside(len(value), limits, " entries")


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _outside(size: float, limits: dict[str, Any], unit: str = "") -> Iterator[str]:
    if (lowest := limits.get("min")) is not None and size < lowest:
        yield f"{size:g}{unit}: at least {lowest} (the API's model)"
    if (highest := limits.get("max")) is not None and size > highest:
        yield f"{size:g}{unit}: at most {highest} (the API's model)"


def _not_like(text: str, pattern: str | None) -> Iterator[str]:
    """AWS writes Java's patterns; one that Python cannot read is passed over (test_limits.py counts these)."""
    if pattern and (compiled := python_pattern(pattern)) and not compiled.fullmatch(text):
        yield f"{text[:120]!r} is not like {pattern[:120]} (the API's model)"


def python_pattern(pattern: str) -> re.Pattern[str] | None:
    """The pattern in Python's words; None when it has no translation."""
    for java, python in _CLASSES.items():
        pattern = pattern.replace(rf"\p{{{java}}}", python)
    readable = pattern.replace(r"\uD800\uDC00-\uDBFF\uDFFF", "\U00010000-\U0010ffff").replace("(?i)", "")
    readable = re.sub(r"\\x\{([0-9A-Fa-f]+)\}", lambda found: chr(int(found[1], 16)), readable)
    try:
        return re.compile(readable)
    except re.error:
        return None


def _against(words: str, value: str | float, other_cases: Sequence[str]) -> Iterator[str]:
    """A line if the words state limits and `value` is within none of them."""
    found = stated(words, number=not isinstance(value, str), other_cases=other_cases)
    if found and not any(limit.holds(value) for limit in found):
        shown = value if isinstance(value, str) else f"{value:g}"
        yield f"{shown}: “{found[0].words[:200]}” (text of the API's model)"
