"""Import plan of a file, before any of it lands: format, source, columns and times, and three sample rows.

A plan is made from the beginning of a file (all of it where a date could be two days); the same file with the same
options has the same plan.

Not here: reading by a plan (reading.py), options (options.py).
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.rejection import shown
from socialsent_assets.ingest.columns import Columns, find_columns, longest_list, nested_names, records_in, value_of
from socialsent_assets.ingest.data_frames import ORIENT_NOTES, Orient, orient_of, records_of_table
from socialsent_assets.ingest.encodings import FALLBACK, guessed_encoding
from socialsent_assets.ingest.file_bytes import BrokenFileError, chunks, unpacked
from socialsent_assets.ingest.input_file import InputFile
from socialsent_assets.ingest.json_documents import WHOLE_BYTES, Document, documents
from socialsent_assets.ingest.label_values import label_meanings
from socialsent_assets.ingest.mapping_words import mapping_lines
from socialsent_assets.ingest.options import Options
from socialsent_assets.ingest.registry import CANONICAL, json_source_of, source_named, table_source_of
from socialsent_assets.ingest.rows import RowReader, rounded_fields
from socialsent_assets.ingest.source import JsonSource, Record, TableSource
from socialsent_assets.ingest.tables import (
    CsvLayout,
    TableRow,
    above_note,
    csv_layout,
    csv_table,
    looks_like_data,
    parquet_table,
    workbook_table,
)
from socialsent_assets.ingest.times import TimeSurvey

Form = Literal["empty", "events", "json", "csv", "workbook", "parquet"]

SAMPLE = 500
_HEAD = 1 << 20
_JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_PARQUET = b"PAR1"
_MARKUP = (b"<?xml", b"<!doctype", b"<html")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_FORMS = {"csv": "CSV", "workbook": "a workbook", "parquet": "Parquet", "json": "JSON records"}


@dataclass(frozen=True)
class FilePlan:
    """How one file is read.

    Attributes:
        file: what to open.
        form: its form; "events" is the contract's own JSON, "json" records of a source or of none that is known.
        title: what a person calls it.
        encoding: codec; None for UTF-8, or for that of its first bytes.
        source: of JSON records; None for rows.
        rows: makes events of rows and of JSON records that no source knows.
        layout: of separated values.
        inside: path of the list that holds the records of each JSON object; "" where an object is a record.
        orient: of a table in one JSON object; None where an object is a record.
        mapping: a line per field, for people.
        notes: sentences about what was assumed.
    """

    file: InputFile
    form: Form
    title: str
    encoding: str | None = None
    source: JsonSource | None = None
    rows: RowReader | None = None
    layout: CsvLayout | None = None
    inside: str = ""
    orient: Orient | None = None
    mapping: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def unfold(self, page: Record) -> list[Record] | None:
        """The records in a JSON object of which the source is not known; None if it is a record itself."""
        return records_of_table(page, self.orient) if self.orient else records_in(page, self.inside)


def plan_file(file: InputFile, options: Options) -> FilePlan:
    """Inspect a file and identify its format.

    Raises:
        UserError: its format is unknown, or an option is missing.
    """
    try:
        with file.open() as handle:
            magic = handle.read(8)
    except BrokenFileError as error:
        raise _unreadable(file, error) from None
    if magic.startswith(_PARQUET):
        return _parquet_plan(file, options)
    if magic.startswith(_WORKBOOKS):
        return _workbook_plan(file, options)
    encoding = options.encoding or _encoding_of(file)
    head = _head(file, encoding)
    begin = head.lstrip()
    if not begin:
        return FilePlan(file, "empty", "empty", encoding)
    if begin[:9].lower().startswith(_MARKUP):
        raise UserError(f"{file.name} is XML or HTML; export it as CSV or JSON, and ingest that")
    if begin.startswith(b"%PDF"):
        raise UserError(f"{file.name} is a PDF; export the posts as CSV or JSON, and ingest that")
    if b"\0" in head[:4096] or _CONTROL.search(head[:64]):
        raise UserError(f"{file.name} is not JSON, CSV or a workbook; name a file of posts")
    is_json = begin[:1] in (b"{", b"[") or begin.startswith(b"window.YTD") or _is_json_name(file.name)
    if is_json and not options.encoding and encoding == FALLBACK:
        encoding = None  # JSON is UTF-8 by its standard: lines that are not are quarantined with their bytes
    notes = () if encoding is None or options.encoding else (_encoding_note(encoding),)
    plan = _json_plan(file, options, encoding) if is_json else _csv_plan(file, options, encoding, head)
    return replace(plan, notes=(*notes, *plan.notes))


def sample_documents(file: InputFile, encoding: str | None) -> Iterator[Document]:
    """The first documents of a JSON file."""
    with file.open() as handle:
        yield from itertools.islice(_until_broken(documents(chunks(handle, encoding), file.name)), SAMPLE)


def _until_broken(found: Iterator[Document]) -> Iterator[Document]:
    try:
        yield from found
    except BrokenFileError:
        return  # raised when the file is read, after the rows before it


def as_record(header: Sequence[str], row: TableRow) -> Record:
    """A row as a record: column -> value."""
    return dict(zip(header, row.values, strict=False))


def _encoding_of(file: InputFile) -> str | None:
    with file.open() as handle:
        try:
            return guessed_encoding(unpacked(handle))
        except BrokenFileError:
            return None


def _encoding_note(encoding: str) -> str:
    name = "Windows-1252 (latin-1)" if encoding == FALLBACK else encoding
    return f"it is not UTF-8 and is read as {name}; --encoding says otherwise"


def _unreadable(file: InputFile, error: BrokenFileError) -> UserError:
    """Nothing of it can be read, which is not the same as an empty file."""
    return UserError(f"{file.name} cannot be read: {error}; get the whole file and try again")


def _head(file: InputFile, encoding: str | None) -> bytes:
    """The beginning, whole lines unless the first is very long, blank lines at the front left out."""
    head = b""
    with file.open() as handle:
        try:
            for piece in chunks(handle, encoding):
                head = (head + piece).lstrip(b"\r\n") if not head.strip() else head + piece
                if len(head) >= _HEAD:
                    return head[: head.rfind(b"\n") + 1] or head
        except BrokenFileError as error:
            if not head.strip():
                raise _unreadable(file, error) from None
            # else it is raised when the file is read, after the rows before it
    return head


def _is_json_name(name: str) -> bool:
    lower = name.lower().removesuffix(".gz").removesuffix(".zst")
    return lower.endswith(_JSON_SUFFIXES)


def _json_plan(file: InputFile, options: Options, encoding: str | None) -> FilePlan:
    sample = list(_objects(sample_documents(file, encoding)))
    asked = source_named(options.source_name) if options.source_name else None
    if not sample and any(len(document.raw) > WHOLE_BYTES for document in sample_documents(file, encoding)):
        raise UserError(
            f"{file.name} is one JSON object of more than {WHOLE_BYTES >> 20} MiB without a list of records in it; "
            "write one record in each line, in pandas with to_json(orient='records', lines=True)"
        )
    orients = {orient_of(document) for document in sample}
    if len(orients) == 1 and (orient := orients.pop()):
        return _table_in_object_plan(file, options, encoding, sample, orient)
    if options.source_name == CANONICAL or (not options.source_name and _are_events(sample)):
        if options.names_columns:
            raise UserError(f"{file.name} holds events of the contract; --map and --set are for other files")
        return FilePlan(file, "events", "SocialSent events, JSON", encoding)
    source = asked if isinstance(asked, JsonSource) else None
    if source is None and not options.source_name and not options.names_columns:
        source = json_source_of(sample)
    if source is not None:
        return FilePlan(file, "json", source.title, encoding, source=source)
    header = nested_names(sample)
    if not header:
        raise UserError(f"{file.name} has no JSON object that can be read; see its first lines")
    preset = None if options.names_columns or options.source_name else table_source_of(header, (), has_header=True)
    if preset is None and isinstance(asked, TableSource):
        preset = asked
    plan = FilePlan(file, "json", preset.title if preset else "JSON records", encoding)
    try:
        return _rows_plan(plan, header, sample, options, preset)
    except UserError:
        place = longest_list(sample)
        if not place:
            raise
    # An answer of an API: what is around the list of records is no record.
    inside = [record for page in sample for record in records_in(page, place) or ()]
    plan = replace(plan, inside=place, notes=(f"the records are in the list {place}",))
    return _rows_plan(plan, nested_names(inside), inside[:SAMPLE], options, preset)


def _table_in_object_plan(
    file: InputFile, options: Options, encoding: str | None, sample: Sequence[Record], orient: Orient
) -> FilePlan:
    rows = (row for document in sample for row in records_of_table(document, orient))
    records = list(itertools.islice(rows, SAMPLE))
    header = nested_names(records)
    preset = None if options.names_columns or options.source_name else table_source_of(header, (), has_header=True)
    plan = FilePlan(file, "json", preset.title if preset else "a table in JSON", encoding, orient=orient)
    return _rows_plan(replace(plan, notes=(ORIENT_NOTES[orient],)), header, records, options, preset)


def _objects(found: Iterator[Document]) -> Iterator[Record]:
    for document in found:
        try:
            value = json.loads(document.frame[0] + document.raw + document.frame[1])
        except (ValueError, RecursionError):
            continue
        yield from (entry for entry in (value if isinstance(value, list) else [value]) if isinstance(entry, dict))


def _are_events(sample: Sequence[Record]) -> bool:
    ours = sum("schema_version" in record or ("event_type" in record and "data" in record) for record in sample)
    return ours * 2 >= len(sample)


def _csv_plan(file: InputFile, options: Options, encoding: str | None, head: bytes) -> FilePlan:
    layout = csv_layout(head, file.name, options.delimiter, options.header)
    if layout is None:
        return FilePlan(file, "empty", "empty", encoding)
    asked = source_named(options.source_name) if options.source_name else None
    if isinstance(asked, JsonSource) and not asked.reads_rows:
        raise UserError(
            f"--as {asked.name} is for JSON, but {file.name} is a table; leave it out to detect the format"
        )
    preset = asked if isinstance(asked, TableSource) else None
    has_header = layout.has_header and not looks_like_data(layout.first_rows[0])
    if preset is None and not options.source_name:
        preset = table_source_of(layout.header, layout.first_rows, has_header=has_header)
    if preset is not None and preset.headerless and not has_header and not options.header:
        if len(preset.headerless) != len(layout.header):
            raise UserError(
                f"{file.name} has {len(layout.header)} columns, {preset.title} has {len(preset.headerless)}"
            )
        layout = replace(layout, header=preset.headerless, has_header=False)
    elif layout.has_header and not has_header and preset is None:
        raise UserError(
            f"{file.name} has no header line (first row: {', '.join(c[:24] for c in layout.first_rows[0][:6])}). "
            "Name its columns in order: --columns NAME,NAME,…"
        )
    notes = (above_note(layout.above),) if layout.above else ()
    plan = FilePlan(file, "csv", preset.title if preset else "CSV", encoding, layout=layout, notes=notes)
    rows = layout.first_rows[1:] if layout.has_header else layout.first_rows
    sample = [dict(zip(layout.header, row, strict=False)) for row in _sample_rows(plan) or rows]
    source = asked if isinstance(asked, JsonSource) else None
    if source is None and preset is None and not options.source_name and not options.names_columns:
        source = json_source_of(sample, reads_rows=True)
    if source is not None:
        return replace(plan, source=source, title=source.title)
    records: list[Record] = [*sample]
    return _rows_plan(plan, layout.header, records, options, preset)


def _sample_rows(plan: FilePlan) -> list[Sequence[object]]:
    return [row.values for row in itertools.islice(_table_rows(plan, ""), SAMPLE) if not row.problem]


def _table_rows(plan: FilePlan, time_column: str) -> Iterator[TableRow]:
    if plan.layout is None:
        return
    count = 0
    with plan.file.open() as handle:
        try:
            for row in csv_table(chunks(handle, plan.encoding), plan.file.name, plan.layout, time_column):
                count += 1
                yield row
        except BrokenFileError as error:
            if not count:
                raise _unreadable(plan.file, error) from None
            # else it is raised when the file is read, after the rows before it


def _workbook_plan(file: InputFile, options: Options) -> FilePlan:
    with file.open() as handle:
        header, rows, note = workbook_table(handle, file.name)
    if not header:
        return FilePlan(file, "empty", "empty")
    sample = [as_record(header, row) for row in itertools.islice(rows, SAMPLE)]
    preset = table_source_of(header, (), has_header=True) if not options.source_name else None
    plan = FilePlan(file, "workbook", preset.title if preset else "a workbook", notes=(note,) if note else ())
    return _rows_plan(plan, header, sample, options, preset)


def _parquet_plan(file: InputFile, options: Options) -> FilePlan:
    with file.open() as handle:
        header, rows = parquet_table(handle, file.name)
        sample = [as_record(header, row) for row in itertools.islice(rows, SAMPLE)]
    preset = table_source_of(header, (), has_header=True) if not options.source_name else None
    return _rows_plan(FilePlan(file, "parquet", "Parquet"), header, sample, options, preset)


def _rows_plan(
    plan: FilePlan, header: Sequence[str], sample: list[Record], options: Options, preset: TableSource | None
) -> FilePlan:
    columns = find_columns(plan.file.name, header, sample, options, preset)
    if not sample:
        return replace(plan, form="empty")
    column = columns.of.get("event_time", "")
    survey = columns.survey
    if survey.is_undecided and options.times.order is None:
        survey = _surveyed_whole(plan, column)
    times = survey.decide(column, options.times)
    if times.zone is None and survey.without_zone and survey.without_zone * 2 > sum(survey.spellings.values()):
        raise UserError(
            f"{plan.file.name}: times in column {column} have no offset (first: {shown(survey.first_without_zone)}). "
            "Give their zone: --timezone UTC (the same as --assume-utc), --timezone Europe/Paris or --timezone +02:00"
        )
    source = options.source or (preset.name if preset else _default_source(plan))
    label = options.label or (preset.label if preset else "")
    if label and label not in header:
        label = next((name for name in header if name.strip().lower() == label.lower()), label)
    rows = RowReader(
        columns=columns if not options.source else _without_source(columns),
        times=times,
        source=source,
        event_type=preset.event_type if preset else options.event_type,
        constants={**(preset.constants if preset else {}), **options.constants},
        label=label,
        meanings=preset.meanings if preset and not options.label else label_meanings(sample, label, plan.file.name),
        annotator=source,
        joined_text=tuple(c for c in (preset.joined_text if preset else ()) if c in header),
        drop=preset.drop if preset else (),
        rounded=rounded_fields(columns.of, sample),
    )
    notes = [*plan.notes, *([columns.hint] if columns.hint else [])]
    return replace(plan, rows=rows, mapping=tuple(mapping_lines(rows, survey)), notes=tuple(notes))


def _without_source(columns: Columns) -> Columns:
    """The command line takes precedence over a column of the same name."""
    return replace(columns, of={name: column for name, column in columns.of.items() if name != "source"})


def _default_source(plan: FilePlan) -> str:
    return "excel" if plan.form == "workbook" else plan.form


def _surveyed_whole(plan: FilePlan, column: str) -> TimeSurvey:
    survey = TimeSurvey()
    if plan.layout is None:
        return survey.look(value_of(record, column) for record in _all_records(plan))
    place = plan.layout.header.index(column)
    return survey.look(row.values[place] for row in _table_rows(plan, column) if not row.problem)


def _all_records(plan: FilePlan) -> Iterator[Record]:
    if plan.form == "json":
        with plan.file.open() as handle:
            pages = _objects(_until_broken(documents(chunks(handle, plan.encoding), plan.file.name)))
            yield from (record for page in pages for record in plan.unfold(page) or [page])
        return
    with plan.file.open() as handle:
        table = parquet_table if plan.form == "parquet" else workbook_table
        header, rows, *_ = table(handle, plan.file.name)
        for row in rows:
            yield as_record(header, row)
