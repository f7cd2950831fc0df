"""Records of a file by its plan: each with its own bytes, its drafts, or the reason why it has none.

Not here: making plans (plan.py), landing the records (landing_writer.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from socialsent_assets.domain.events.draft import Draft
from socialsent_assets.domain.events.event import Rejection, canonical_line
from socialsent_assets.domain.events.landing import SourceRecord
from socialsent_assets.domain.events.rejection import RefusalError
from socialsent_assets.domain.events.strict_json import read
from socialsent_assets.ingest.file_bytes import chunks
from socialsent_assets.ingest.json_documents import Document, documents
from socialsent_assets.ingest.plan import FilePlan, as_record
from socialsent_assets.ingest.source import JsonSource, Label, Record
from socialsent_assets.ingest.tables import TableRow, csv_table, parquet_table, workbook_table

NOTHING_TO_SAY = "no event in the contract"
REPEATED_HEADER = "repeated header"
_MISSHAPEN = (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError)

Drafts = Callable[[Record], Iterable[Draft | Label]]


def records_of(plan: FilePlan, handle: BinaryIO, source: str = "") -> Iterator[SourceRecord]:
    """The records of a file that is open at its beginning.

    Args:
        plan: what the file is.
        handle: seekable for workbooks and Parquet.
        source: slug that replaces the source's own; "" to keep it.

    Raises:
        BrokenFileError: the file cannot be read completely, after what could be read.
    """
    if plan.form == "empty":
        return iter(())
    if plan.form == "events":
        found = documents(chunks(handle, plan.encoding), plan.file.name)
        return (SourceRecord(document.raw, document.position) for document in found)
    if plan.form == "json":
        drafts, unfold = _drafts_of(plan, source)
        found = documents(chunks(handle, plan.encoding), plan.file.name)
        return (record for document in found for record in _of_document(document, drafts, unfold))
    drafts, _ = _drafts_of(plan, source)
    header, rows = _table(plan, handle)
    return (_of_row(row, header, drafts) for row in rows)


def source_record(raw: bytes, position: str, record: Record, drafts: Drafts) -> SourceRecord:
    """One record with its drafts and labels, or with its rejection."""
    try:
        made = list(drafts(record))
    except RefusalError as error:
        return SourceRecord(raw, position, rejection=Rejection(error.reason, error.detail, raw))
    except _MISSHAPEN as error:
        problem = f"not shaped as records of its source are ({type(error).__name__}: {str(error)[:80]})"
        return SourceRecord(raw, position, rejection=Rejection("invalid_field", problem, raw))
    events = tuple([item for item in made if isinstance(item, Draft)])
    if len(events) == len(made):
        return SourceRecord(raw, position, drafts=events, filtered="" if made else NOTHING_TO_SAY)
    try:
        labels = tuple(_label_line(item) for item in made if isinstance(item, Label))
    except RefusalError as error:
        return SourceRecord(raw, position, rejection=Rejection(error.reason, error.detail, raw))
    return SourceRecord(raw, position, drafts=events, labels=labels)


def _label_line(label: Label) -> bytes:
    row = {"text_id": label.text_id, "text": label.text, "label": label.label, "annotator": label.annotator}
    return canonical_line({name: value for name, value in row.items() if value})


def _drafts_of(plan: FilePlan, source: str) -> tuple[Drafts, Callable[[Record], Iterable[Record] | None]]:
    known: JsonSource | None = plan.source
    if known is None:
        if plan.rows is None:
            raise AssertionError("a plan without a reader of its records")
        return plan.rows.drafts, plan.unfold
    if not source:
        return known.drafts, known.unfold

    def renamed(record: Record) -> Iterator[Draft | Label]:
        for item in known.drafts(record):
            yield item._replace(source=source) if isinstance(item, Draft) else item

    return renamed, known.unfold


def _of_document(
    document: Document, drafts: Drafts, unfold: Callable[[Record], Iterable[Record] | None]
) -> Iterator[SourceRecord]:
    raw = document.raw
    try:
        value = read(document.frame[0] + raw + document.frame[1]) if document.frame[0] else read(raw)
    except RefusalError as error:
        yield SourceRecord(raw, document.position, rejection=Rejection(error.reason, error.detail, raw))
        return
    for number, entry in enumerate(value if isinstance(value, list) else [value], start=1):
        position = document.position if not isinstance(value, list) else f"{document.position}, element {number}"
        if not isinstance(entry, dict):
            problem = Rejection("not_an_object", "a record is a JSON object", raw)
            yield SourceRecord(raw, position, rejection=problem)
            continue
        try:
            inside = unfold(entry)
        except _MISSHAPEN:
            inside = None
        if inside is None:
            own = raw if not isinstance(value, list) else _bytes(entry)
            yield source_record(own, position, entry, drafts)
            continue
        for place, record in enumerate(inside, start=1):
            yield source_record(_bytes(record), f"{position}, record {place}", record, drafts)


def _bytes(record: Record) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _table(plan: FilePlan, handle: BinaryIO) -> tuple[tuple[str, ...], Iterator[TableRow]]:
    if plan.form == "workbook":
        header, rows, _ = workbook_table(handle, plan.file.name)
        return header, rows
    if plan.form == "parquet":
        return parquet_table(handle, plan.file.name)
    if plan.layout is None:
        raise AssertionError("separated values without a layout")
    time_column = plan.rows.columns.of.get("event_time", "") if plan.rows else ""
    return plan.layout.header, csv_table(chunks(handle, plan.encoding), plan.file.name, plan.layout, time_column)


def _of_row(row: TableRow, header: tuple[str, ...], drafts: Drafts) -> SourceRecord:
    if row.problem is not None:
        reason, detail = row.problem
        return SourceRecord(row.raw, row.position, rejection=Rejection(reason, detail, row.raw))
    if tuple(row.values) == header:
        return SourceRecord(row.raw, row.position, drafts=(), filtered=REPEATED_HEADER)
    return source_record(row.raw, row.position, as_record(header, row), drafts)
