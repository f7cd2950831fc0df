"""Validated landing values -> the columns of the cleansed tables, a record batch at a time.

Ids are trimmed, NUL characters go, empty optional values become null, tags of language and topic get one
spelling, times and numbers their types.

Not here: which lines are good (read_landing.py), what clean text is (domain/language/text.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.kinds import KINDS, Field
from socialsent_assets.domain.language.text import clean_texts

if TYPE_CHECKING:
    import pyarrow as pa


def normaliser(kind: str) -> Callable[[pa.RecordBatch], Mapping[str, pa.Array]]:
    """What makes the columns of an event type's table out of its rows; columns it leaves out stay as they are."""
    fields = KINDS[kind].fields
    has_text = any(field.name == "text" for field in fields)

    def normalise(rows: pa.RecordBatch) -> Mapping[str, pa.Array]:
        columns = {field.name: _normalised(field, rows.column(field.name)) for field in fields}
        columns["event_time"] = _times(rows.column("event_time"))
        if has_text:
            import pyarrow as pa

            columns["clean_text"] = pa.array(clean_texts(columns["text"].to_pylist()), pa.string())
        return columns

    return normalise


def _normalised(field: Field, values: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if field.type == "integer":
        return pc.cast(values, pa.int32())
    if field.type == "boolean":
        return pc.fill_null(pc.equal(values, "true"), False)
    if field.type == "timestamp":
        return _times(values)
    if field.type == "list of strings":
        return _tags(values)
    values = _without_nul(values)
    if field.name == "text":
        return values
    values = pc.utf8_trim_whitespace(values)
    if not field.required:
        values = pc.if_else(pc.equal(values, ""), None, values)
    return pc.utf8_lower(values) if field.name == "lang" else values


def _times(values: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.cast(values, pa.timestamp("us", tz="UTC"))


def _without_nul(values: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    return pc.replace_substring(values, "\0", "")


def _tags(values: pa.Array) -> pa.Array:
    """Lower case, without `#` and white space around them, no empty ones; repeats and order stay."""
    import pyarrow as pa

    tags = [
        None
        if tags is None
        else [word for tag in tags if (word := (tag or "").replace("\0", "").strip(" \t\r\n#").lower())]
        for tags in values.to_pylist()
    ]
    return pa.array(tags, pa.list_(pa.string()))
