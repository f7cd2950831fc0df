"""Tables that a program wrote as one JSON object: by columns, by rows, split into names and values, or with a schema.

`DataFrame.to_json()` of pandas writes the first without options, and the others with `orient="index"`, `"split"` and
`"table"`. Such an object is read whole, so its size is bounded (json_documents.py).

Not here: records in a list (columns.py), which column is what (columns.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from socialsent_assets.ingest.source import Record

Orient = Literal["columns", "index", "split", "table"]

ORIENT_NOTES: Mapping[Orient, str] = {
    "columns": "one object with the values of each column, as pandas writes it",
    "index": "one object with a record under each row's number",
    "split": "one object with the names of the columns and rows of values",
    "table": "one object with a schema and records",
}
_FEWEST_ROWS = 2
"""An object of objects with one number each is more often something else."""


def orient_of(document: Record) -> Orient | None:
    """The orientation of a table in one object; None if it is none."""
    names, rows, schema = (document.get(key) for key in ("columns", "data", "schema"))
    if isinstance(rows, list) and isinstance(schema, Mapping) and "fields" in schema:
        return "table"
    if isinstance(names, list) and isinstance(rows, list) and all(isinstance(row, list) for row in rows):
        return "split" if all(isinstance(name, str) for name in names) else None
    inner = [value for value in document.values() if isinstance(value, Mapping)]
    if len(inner) < len(document) or not inner:
        return None
    if all(key.isdecimal() for key in document) and len(document) >= _FEWEST_ROWS:
        return "index"
    first = inner[0].keys()
    by_number = len(first) >= _FEWEST_ROWS and all(key.isdecimal() for key in first)
    return "columns" if by_number and all(value.keys() == first for value in inner) else None


def records_of_table(document: Mapping[str, Any], orient: Orient) -> list[Record]:
    """The rows of a table in one object, in order. Raises KeyError or TypeError for one of another shape."""
    if orient == "split":
        return [dict(zip(document["columns"], row, strict=False)) for row in document["data"]]
    if orient == "table":
        return [{**row} for row in document["data"]]
    if orient == "index":
        return [{**row} for row in document.values()]
    numbers = next(iter(document.values()))
    return [{name: values[number] for name, values in document.items()} for number in numbers]
