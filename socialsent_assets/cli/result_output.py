"""Rows of a query on stdout: a table for people, CSV and JSON for programs.

CSV and JSON hold every row and are written as the rows arrive; a text in CSV that a spreadsheet or a terminal would
run is made harmless (dashboard/csv_rows.py), and JSON has the exact one; the table stops early and reports it.

Not here: the table itself (result_table.py), how the rows are found (warehouse/duckdb/engine.py), texts line by
line (text_stream.py).
"""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from socialsent_assets.cli import result_table
from socialsent_assets.cli.text_stream import close_stdout
from socialsent_assets.dashboard.csv_rows import harmless
from socialsent_assets.warehouse.engine import QueryResult

TABLE_ROWS = 50
"""Rows that the table shows; what someone reads rather than processes."""


def write(result: QueryResult, form: str) -> None:
    """Write the whole result as `table`, `csv` or `json`; stop quietly when the reader goes away."""
    pieces = {"table": _table, "csv": _csv, "json": _json}[form](result)
    try:
        for piece in pieces:
            sys.stdout.buffer.write(piece.encode("utf-8", "replace"))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        close_stdout()


def plain(value: Any) -> Any:
    """A value as JSON knows it: times in ISO 8601 (UTC, with Z), no NaN or infinity, bytes as hex."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat() + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _json(result: QueryResult) -> Iterator[str]:
    yield "["
    for number, row in enumerate(result.rows):
        values = dict(zip(result.columns, map(plain, row), strict=True))
        yield f"{',' if number else ''}\n{json.dumps(values, ensure_ascii=False)}"
    yield "\n]\n"


def _csv(result: QueryResult) -> Iterator[str]:
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\n")
    for row in _with_header(result):
        writer.writerow([harmless(value) if isinstance(value, str) else _text(value) for value in row])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def _with_header(result: QueryResult) -> Iterator[tuple[Any, ...]]:
    yield result.columns
    yield from result.rows


def _text(value: Any) -> str:
    """What a spreadsheet or a person sees; nothing for null."""
    value = plain(value)
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _table(result: QueryResult) -> Iterator[str]:
    rows = list(islice(result.rows, TABLE_ROWS + 1))
    if result.columns == ("explain_key", "explain_value"):  # a drawing of its own
        yield "".join(f"{value}\n" for _, value in rows)
        return
    yield result_table.table(result.columns, result.types, rows[:TABLE_ROWS], result_table.terminal_width())
    yield _how_many(len(rows))


def _how_many(found: int) -> str:
    if found > TABLE_ROWS:
        return f"the first {TABLE_ROWS} rows of more; --format csv or --format json writes all of them\n"
    return f"{found} row{'' if found == 1 else 's'}\n"
