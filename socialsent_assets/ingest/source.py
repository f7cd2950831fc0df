"""Protocol of a source: how to recognise its records, and what events one record is.

A source is one file in sources/ with a `SOURCE`; nothing else has to name it. Two shapes cover all:

- `JsonSource`: records are JSON objects; `drafts` is a pure function from one of them to its events.
- `TableSource`: records are rows; columns are named, and the generic reader (rows.py) does the rest.

Not here: finding the source of a file (registry.py), reading files (reading.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from socialsent_assets.domain.events.draft import Draft

Record = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Label:
    """A human label that a record carries beside its text.

    Attributes:
        text_id: id of the labelled post; "" if it has none in the lake.
        text: the text that was labelled.
        label: negative, neutral or positive.
        annotator: author of the label, if the source names one.
    """

    text_id: str
    text: str
    label: str
    annotator: str


@dataclass(frozen=True)
class JsonSource:
    """A source of JSON objects.

    Attributes:
        name: slug for `--as`, and the `source` of its events.
        title: what a person calls it.
        recognises: whether an object is a record, or a page of records, of this source.
        drafts: the events of one record, or labels; none for a record that the contract has no event for. Raises
            RefusalError for one that cannot be understood.
        unfold: the records of a page (`{"data": […]}`), or None for an object that is itself a record.
        reads_rows: whether rows of a table with the same names are records too.
    """

    name: str
    title: str
    recognises: Callable[[Record], bool]
    drafts: Callable[[Record], Iterator[Draft | Label]]
    unfold: Callable[[Record], Iterable[Record] | None] = lambda _: None
    reads_rows: bool = False


@dataclass(frozen=True)
class TableSource:
    """A source of rows with known columns.

    Attributes:
        name, title: see `JsonSource`.
        columns: every one of these, in any case, makes a file this source's.
        fields: field of the contract -> column, or columns of which the first that is there counts.
        headerless: names of the columns of a file without a header line; () if it always has one.
        fits_headerless: whether the first rows of a file without a header are this source's.
        event_type: kind of every row.
        constants: field -> one value for all rows.
        label: column of the human label; "" for none.
        meanings: lower-case label value -> negative, neutral or positive; other values give no label.
        joined_text: columns that together are the text, with an empty line between them.
        drop: columns that are not kept beside the fields.
        snowflake: column with ids that contain their time, for files without a column of times.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    fields: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    headerless: tuple[str, ...] = ()
    fits_headerless: Callable[[list[list[str]]], bool] = lambda _: False
    event_type: str = "post"
    constants: Mapping[str, str] = field(default_factory=dict)
    label: str = ""
    meanings: Mapping[str, str] = field(default_factory=dict)
    joined_text: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    snowflake: str = ""


Source = JsonSource | TableSource
