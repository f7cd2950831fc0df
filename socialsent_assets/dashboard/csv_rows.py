"""Rows as CSV that a spreadsheet opens without running anything.

Not here: which rows (posts.py), CSV that the page makes of what it shows (static/js/download.js).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def csv_lines(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Lines of a CSV file, each with its end (RFC 4180)."""
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\r\n")
    for row in rows:
        writer.writerow([harmless(value) for value in row])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def harmless(value: Any) -> Any:
    """A cell that neither a spreadsheet nor a terminal runs.

    What looks like a formula gets an apostrophe before it (OWASP, CSV injection); a control character other than a
    tab or an end of line becomes U+FFFD.
    """
    if not isinstance(value, str):
        return value
    text = _CONTROL.sub("\ufffd", value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
