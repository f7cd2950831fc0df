"""Athena's answers as Python values: GetQueryResults gives every value as text, and its type beside it.

A null has no text at all, so an empty text stays one. What Python has no value for (a date beyond the year 9999)
stays the text that it is, as do rows, maps, JSON and binary values.

An array comes as `[a, b]` without any quoting. Its elements are given as texts, split at ", ": right for `tokens` and
`hashtags`, which hold neither commas nor spaces. Where elements may, `cast(x as json)` is unambiguous.

Not here: getting the pages (engine.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

Row = Mapping[str, Sequence[Mapping[str, str]]]


def value_of(kind: str, text: str | None) -> Any:
    """A value of a type as Athena names it (`bigint`, `timestamp`, …); timestamps are naive and UTC.

    >>> value_of("bigint", "3"), value_of("varchar", ""), value_of("double", None), value_of("array", "[a, b]")
    (3, '', None, ['a', 'b'])
    """
    if text is None:
        return None
    read = _READERS.get(kind.lower())
    if read is None:
        return text
    try:
        return read(text)
    except (ValueError, ArithmeticError, LookupError):
        return text


def values_of(row: Row, kinds: Sequence[str]) -> tuple[Any, ...]:
    """One row of a page; cells that a short row lacks are null."""
    cells = [cell.get("VarCharValue") for cell in row.get("Data", ())]
    cells += [None] * (len(kinds) - len(cells))
    return tuple(value_of(kind, text) for kind, text in zip(kinds, cells, strict=False))


def is_header(row: Row, names: Sequence[str]) -> bool:
    """Whether the first row of an answer repeats the names of the columns, as that of a SELECT does."""
    return [cell.get("VarCharValue") for cell in row.get("Data", ())] == list(names)


def _instant(text: str) -> datetime:
    """`2026-11-22 03:00:00.000 Europe/Berlin`, or with `UTC` or an offset like `+01:00`."""
    moment, _, zone = text.rpartition(" ")
    if zone[:1] in "+-":
        aware = datetime.fromisoformat(f"{moment}{zone}")
    else:
        aware = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone))
    return aware.astimezone(UTC).replace(tzinfo=None)


def _array(text: str) -> list[str] | str:
    if not (text.startswith("[") and text.endswith("]")):
        return text
    inside = text[1:-1]
    return inside.split(", ") if inside else []


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


_READERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("tinyint", "smallint", "integer", "int", "bigint"), int),
    **dict.fromkeys(("double", "float", "real"), float),
    "decimal": Decimal,
    "boolean": _boolean,
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
    "timestamp with time zone": _instant,
    "array": _array,
}
