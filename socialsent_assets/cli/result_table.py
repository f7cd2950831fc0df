"""Rows of a query for people: a table that fits the terminal, or one row below the other where it cannot.

Numbers are rounded to what can be read, long texts are cut with a mark, times lose what they have in common.
Programs take CSV or JSON, which are exact (result_output.py).

Not here: how the rows are found (warehouse/), CSV and JSON (result_output.py).
"""

from __future__ import annotations

import json
import math
import shutil
import sys
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

DECIMALS = 4
"""Decimals of a number: polarity has four, and a share is read as a percentage with two."""
LONGEST_CELL = 200  # characters, where nothing limits the width
_NARROWEST_TEXT = 16  # columns in which a long text can still be read
_GAP = 3  # spaces between columns
_SHORT = 24  # columns up to which a value is shown whole: times, names, most headings


def table(columns: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[Any]], width: int | None) -> str:
    """The rows as lines of at most `width` columns; None for no limit."""
    names = [one_line(name) for name in columns]
    cells = [[one_line(cell(value)) for value in row] for row in rows]
    natural = _natural_widths(names, cells)
    if width is not None and sum(map(_least, natural)) + _GAP * (len(natural) - 1) > width:
        return _below_each_other(names, cells, width)
    return _beside_each_other(names, types, cells, _widths(natural, width))


def terminal_width() -> int | None:
    """Columns of the terminal; None when the output goes elsewhere, where no line has to fit."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def cell(value: Any) -> str:
    """A value as a person reads it; nothing for null."""
    if value is None:
        return ""
    if isinstance(value, float | Decimal):
        return _number(float(value))
    if isinstance(value, datetime):
        return value.replace(tzinfo=None, microsecond=0).isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(cell, value))}]"
    if isinstance(value, dict):
        return json.dumps({str(key): cell(item) for key, item in value.items()}, ensure_ascii=False)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(value: float) -> str:
    if not math.isfinite(value):
        return str(value)
    if value and abs(value) < 10**-DECIMALS:
        return f"{value:.2e}"
    text = f"{value:.{DECIMALS}f}".rstrip("0")
    return f"{text}0" if text.endswith(".") else text


def one_line(text: str) -> str:
    """Without control characters: a post must not be able to drive the reader's terminal."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text[: LONGEST_CELL + 1])
    return shown if len(text) <= LONGEST_CELL else f"{shown[:LONGEST_CELL]}…"


def _natural_widths(names: Sequence[str], cells: Sequence[Sequence[str]]) -> list[int]:
    from rich.cells import cell_len

    return [max(cell_len(text) for text in (name, *(row[at] for row in cells))) for at, name in enumerate(names)]


def _least(natural: int) -> int:
    """Columns below which a value could not be read: all of a short one, the beginning of a long one."""
    return natural if natural <= _SHORT else _NARROWEST_TEXT


def _widths(natural: Sequence[int], width: int | None) -> list[int]:
    """The natural widths, or for a terminal what is left to the long ones, shared evenly."""
    if width is None:
        return list(natural)
    widths = [_least(each) for each in natural]
    spare = width - sum(widths) - _GAP * (len(widths) - 1)
    long = sorted((at for at, each in enumerate(natural) if each > widths[at]), key=lambda at: natural[at])
    for number, at in enumerate(long):
        more = min(natural[at] - widths[at], spare // (len(long) - number))
        widths[at] += more
        spare -= more
    return widths


def _beside_each_other(
    names: Sequence[str], types: Sequence[str], cells: Sequence[Sequence[str]], widths: Sequence[int]
) -> str:
    right = [is_number(kind) for kind in types]
    rule = "─" * (sum(widths) + _GAP * (len(widths) - 1))
    lines = [_line(names, widths, right), rule, *(_line(row, widths, right) for row in cells), ""]
    return "".join(f"{line}\n" for line in lines)


def _line(texts: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    placed = [_placed(text, width, to_right) for text, width, to_right in zip(texts, widths, right, strict=True)]
    return (" " * _GAP).join(placed).rstrip()


def _placed(text: str, width: int, to_right: bool) -> str:
    from rich.cells import cell_len, set_cell_size

    length = cell_len(text)
    if length > width:
        return f"{set_cell_size(text, width - 1)}…"
    return " " * (width - length) + text if to_right else text + " " * (width - length)


def _below_each_other(names: Sequence[str], cells: Sequence[Sequence[str]], width: int) -> str:
    left = min(max(map(len, names)), max(10, width // 3))
    room = max(10, width - left - 2)
    lines = []
    for number, row in enumerate(cells, 1):
        lines.append(f"── row {number} ".ljust(min(width, 60), "─"))
        for name, text in zip(names, row, strict=True):
            shown = text if len(text) <= room else f"{text[: room - 1]}…"
            lines.append(f"{name[:left]:{left}}  {shown}".rstrip())
    return "".join(f"{line}\n" for line in lines)


def is_number(kind: str) -> bool:
    """Check that an engine's word for a type means a number."""
    return kind.upper().startswith(
        ("DECIMAL", "DOUBLE", "FLOAT", "INTEGER", "BIGINT", "HUGEINT", "NUMBER", "UBIGINT")
    )
