"""Bodies of the model server: CSV, JSON and JSON Lines in, predictions out in the accepted format.

Not here: HTTP (server.py), the model (domain/learning/classifier.py).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from socialsent_assets.domain.learning.labels import CLASSES
from socialsent_assets.domain.learning.prediction import predictions

__all__ = [
    "CSV",
    "FORMS",
    "JSON",
    "JSON_LINES",
    "MOST_EXPLAINED",
    "MOST_TEXTS",
    "InvalidBodyError",
    "reasons_written",
    "texts_of",
    "written",
]

CSV, JSON, JSON_LINES = "text/csv", "application/json", "application/jsonlines"
FORMS = {
    CSV: CSV,
    JSON: JSON,
    JSON_LINES: JSON_LINES,
    "application/x-jsonlines": JSON_LINES,
    "application/x-ndjson": JSON_LINES,
}
"""Media types that are understood, and the form each means."""

MOST_TEXTS = 10_000
MOST_EXPLAINED = 100
"""Texts of one request to explain: reasons take some milliseconds and kilobytes each."""
_LONGEST_FIELD = 1 << 23  # characters: more than any body that is accepted; csv's own limit is 128 KiB


class InvalidBodyError(ValueError):
    """The body cannot be parsed; the message describes the expected format."""


def texts_of(body: bytes, form: str, most: int = MOST_TEXTS) -> tuple[list[str], bool]:
    """The texts of a body, and whether it was one single JSON object.

    - JSON: `{"text": "…"}`, `["…", …]`, `[{"text": "…"}, …]`, or one of these lists as `texts` or `instances`.
    - JSON Lines: one string or `{"text": "…"}` per line.
    - CSV: one text per row, in the column `text` if the first row names one, else in the first column.

    Raises:
        InvalidBodyError: not UTF-8, malformed, no text, or more than `most`.
    """
    try:
        content = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidBodyError(f"the body is not UTF-8 (byte {error.start})") from error
    single = False
    if form == CSV:
        texts = _csv_texts(content)
    elif form == JSON_LINES:
        lines = (line for line in content.split("\n") if line.strip())
        texts = [_text_of(_parsed(line), f"line {n}") for n, line in enumerate(lines, start=1)]
    else:
        texts, single = _json_texts(_parsed(content))
    if not texts:
        raise InvalidBodyError("the body holds no text")
    if len(texts) > most:
        raise InvalidBodyError(f"{len(texts)} texts: send at most {most} at once")
    return texts, single


def written(probabilities: npt.NDArray[np.float64], form: str, *, single: bool = False) -> bytes:
    """Predictions of shape (n, 3) as a body: an object, `{"predictions": […]}`, lines of objects, or CSV rows
    of label and the three probabilities in the order negative, neutral, positive.
    """
    answers = predictions(probabilities)
    if form == JSON_LINES:
        return "".join(json.dumps(answer) + "\n" for answer in answers).encode()
    if form == JSON:
        return json.dumps(answers[0] if single else {"predictions": answers}).encode()
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerows([answer["label"], *(answer["probabilities"][name] for name in CLASSES)] for answer in answers)
    return out.getvalue().encode()


def reasons_written(reasons: Sequence[Mapping[str, Any]], form: str, *, single: bool = False) -> bytes:
    """Explanations as a body: an object, `{"explanations": […]}`, or lines of objects."""
    if form == JSON_LINES:
        return "".join(json.dumps(each) + "\n" for each in reasons).encode()
    return json.dumps(reasons[0] if single else {"explanations": list(reasons)}).encode()


def _parsed(content: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InvalidBodyError(f"not JSON: {error}") from error


def _json_texts(found: Any) -> tuple[list[str], bool]:
    if isinstance(found, dict):
        if "text" in found:
            return [_text_of(found, "the object")], True
        found = found.get("texts", found.get("instances"))
    if not isinstance(found, list):
        raise InvalidBodyError('expected {"text": "…"}, a list of texts, or {"texts": […]}')
    return [_text_of(item, f"item {n}") for n, item in enumerate(found, start=1)], False


def _text_of(item: Any, where: str) -> str:
    text = item.get("text") if isinstance(item, dict) else item
    if not isinstance(text, str):
        raise InvalidBodyError(f'{where}: expected a string or {{"text": "…"}}')
    return text


def _csv_texts(content: str) -> list[str]:
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        rows: Sequence[list[str]] = [row for row in csv.reader(io.StringIO(content, newline="")) if row]
    except csv.Error as error:
        raise InvalidBodyError(f"not CSV: {error}") from error
    column = 0
    if rows and "text" in (header := [cell.strip().lower() for cell in rows[0]]):
        column, rows = header.index("text"), rows[1:]
    short = next((n for n, row in enumerate(rows, start=1) if len(row) <= column), None)
    if short is not None:
        raise InvalidBodyError(f"row {short} has no column {column + 1}")
    return [row[column] for row in rows]
