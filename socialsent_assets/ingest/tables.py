"""Tables of any make as a header and rows: CSV and its relatives, workbooks, Parquet.

Not here: which column is what (columns.py), rows as events (rows.py).
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import BinaryIO, NamedTuple

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.rejection import Reason
from socialsent_assets.ingest.csv_rows import CsvReader
from socialsent_assets.ingest.file_bytes import MAX_EXPANSION, BrokenFileError, lines
from socialsent_assets.ingest.options import DELIMITERS
from socialsent_assets.ingest.times import TimeReading, spelled

MAX_COLUMNS = 4_096
MAX_WORKBOOK_BYTES = 1 << 30
_UNSUSPICIOUS = 1 << 24
_SNIFFED_ROWS = 50
_TABLE_CELLS = 3
_MAX_ABOVE = 20
_SAID_DELIMITER = re.compile(rb"sep=([^\r\n])\r?\n", re.IGNORECASE)
_PARQUET_ROWS = 8_192
_IN_ANY_ORDER = (TimeReading(UTC, "day-first"), TimeReading(UTC, "month-first"))


class TableRow(NamedTuple):
    """A row: `values` in the order of the header, or the `problem` that it has; `raw` is how it was written."""

    values: Sequence[object]
    raw: bytes
    position: str
    problem: tuple[Reason, str] | None = None


@dataclass(frozen=True)
class CsvLayout:
    """How a file of separated values is to be read.

    Attributes:
        delimiter: one character.
        header: names of the columns.
        has_header: whether the first row holds them.
        first_rows: what the first rows look like, the header row included.
        above: number of rows above the header: a title, or Excel's `sep=;`.
    """

    delimiter: str
    header: tuple[str, ...]
    has_header: bool
    first_rows: tuple[tuple[str, ...], ...]
    above: int = 0


def csv_layout(head: bytes, name: str, delimiter: str, header: tuple[str, ...]) -> CsvLayout | None:
    """The layout that the beginning of a file shows; None for a file without rows.

    Args:
        head: whole lines, UTF-8.
        name: of the file, for messages and its ending.
        delimiter: one character; "" to find out.
        header: names of the columns if the user gave them; () if the first row has them.

    Raises:
        UserError: the columns are ambiguous, or there are too many.
    """
    said = _SAID_DELIMITER.match(head)
    delimiter = delimiter or (said[1].decode() if said else _delimiter(head, name))
    rows = _first_rows(head, delimiter)
    above = rows_above_header(rows, 1 if said else 0) if not header else 0
    rows = rows[above:]
    if not rows:
        return None
    if len(rows[0]) > MAX_COLUMNS:
        raise UserError(
            f"{name} has more than {MAX_COLUMNS:,} columns, so it is not a table of posts; see --delimiter"
        )
    if header:
        if len(header) != len(rows[0]):
            raise UserError(
                f"--columns names {len(header)} columns, {name} has {len(rows[0])} (first: {_listed(rows[0])})"
            )
        return CsvLayout(delimiter, header, has_header=False, first_rows=tuple(map(tuple, rows)))
    names = unique_names(rows[0])
    return CsvLayout(delimiter, names, has_header=True, first_rows=tuple(map(tuple, rows)), above=above)


def rows_above_header(rows: Sequence[Sequence[object]], begin: int = 0) -> int:
    """Number of first rows that are a title and not the header: one cell at most, above a table of three or more."""
    filled = [sum(bool(str(cell).strip()) for cell in row) for row in rows]
    if max(filled, default=0) < _TABLE_CELLS:
        return begin
    number = next(number for number, cells in enumerate(filled) if cells > 1)
    return max(number, begin) if number <= _MAX_ABOVE else begin


def above_note(above: int) -> str:
    """What is said about rows above the header."""
    return f"{above} {'row' if above == 1 else 'rows'} above the header left out"


def looks_like_data(row: Sequence[str]) -> bool:
    """Whether a first row is no header: a cell of it is a time or a number, or is as long as a text."""
    return any(_is_value(cell.strip()) for cell in row)


def csv_table(pieces: Iterator[bytes], name: str, layout: CsvLayout, time_column: str) -> Iterator[TableRow]:
    """The rows of a file, a repeated header among them. Raises BrokenFileError after what could be read."""
    place = layout.header.index(time_column) if time_column in layout.header else None
    reader = CsvReader(lines(pieces), layout.delimiter, len(layout.header), _row_test(len(layout.header), place))
    skipped = layout.above + 1 if layout.has_header else 0
    for row in reader:
        if skipped and (row.cells or row.problem):
            skipped -= 1
            continue
        if row.problem or row.cells:
            yield TableRow(row.cells, row.raw, f"{name} line {row.number}", row.problem)


def workbook_table(file: BinaryIO, name: str) -> tuple[tuple[str, ...], Iterator[TableRow], str]:
    """Header and rows of the first sheet that has rows, and a sentence about the other sheets.

    Raises:
        UserError: it cannot be read as a workbook.
    """
    from python_calamine import CalamineError, load_workbook

    content = file.read(MAX_WORKBOOK_BYTES)
    _refuse_bomb(content, name)
    try:
        book = load_workbook(io.BytesIO(content))
        sheets = [
            (sheet, book.get_sheet_by_name(sheet).to_python(skip_empty_area=True)) for sheet in book.sheet_names
        ]
    except (CalamineError, OSError, ValueError, zipfile.BadZipFile) as error:
        raise UserError(
            f"{name} is an Excel workbook that cannot be read ({error}); open it in a spreadsheet and save it as CSV"
        ) from None
    filled = [(sheet, rows) for sheet, rows in sheets if rows]
    if not filled:
        return (), iter(()), ""
    (sheet, rows), *others = filled
    above = rows_above_header(rows[:_SNIFFED_ROWS])
    notes = [f"sheet {sheet}; not read: {', '.join(other for other, _ in others)}"] if others else []
    notes += [above_note(above)] if above else []
    header = unique_names([str(cell) for cell in rows[above]])
    found = enumerate(rows[above + 1 :], start=above + 2)
    return header, (_sheet_row(row, f"{name} row {n}") for n, row in found if any(row)), "; ".join(notes)


def parquet_table(file: BinaryIO, name: str) -> tuple[tuple[str, ...], Iterator[TableRow]]:
    """Header and rows of a Parquet file, which has to be seekable. Raises UserError if it cannot be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(file)
    except (pa.ArrowException, OSError) as error:
        raise UserError(
            f"{name} is not a readable Parquet file ({error}); get the whole file and try again"
        ) from None

    def rows() -> Iterator[TableRow]:
        number = 0
        try:
            for batch in table.iter_batches(batch_size=_PARQUET_ROWS):
                for record in batch.to_pylist():
                    number += 1
                    yield _sheet_row(list(record.values()), f"{name} row {number}")
        except (pa.ArrowException, OSError) as error:
            raise BrokenFileError(f"its Parquet data is damaged ({error})") from None

    return unique_names(table.schema_arrow.names), rows()


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """Names of columns without blanks around them, and with a number behind one that comes again."""
    seen: dict[str, int] = {}
    unique = []
    for name in (name.strip().removeprefix("﻿") for name in names):
        seen[name] = seen.get(name, 0) + 1
        unique.append(f"{name}_{seen[name]}" if name and seen[name] > 1 else name)
    return tuple(unique)


def _row_test(width: int, place: int | None) -> Callable[[list[str]], bool]:
    def is_row(cells: list[str]) -> bool:
        if len(cells) != width or width < 2:
            return False
        return place is None or _is_time(cells[place].strip().strip('"'))

    return is_row


def _is_value(cell: str) -> bool:
    if _is_time(cell) or len(cell) > 80:
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _is_time(cell: str) -> bool:
    for reading in _IN_ANY_ORDER:
        try:
            spelled(cell, reading)
        except ValueError:
            continue
        return True
    return False


def _first_rows(head: bytes, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    for row in CsvReader(iter(head.split(b"\n")), delimiter):
        cells = row.cells or (row.raw.decode("utf-8", "surrogateescape").split(delimiter) if row.problem else [])
        if cells:
            rows.append(cells)
        if len(rows) >= _SNIFFED_ROWS:
            break
    return rows


def _delimiter(head: bytes, name: str) -> str:
    """The separator that gives most rows the same number of cells as the first, or as most where that is a title."""
    text = "\n".join(head.decode("utf-8", "surrogateescape").splitlines()[:_SNIFFED_ROWS])
    best, best_score = ("\t" if ".tsv" in name.lower() else ","), 0.0
    for sign in DELIMITERS.values():
        try:
            widths = [len(row) for row in csv.reader(text.splitlines(keepends=True), delimiter=sign) if row]
        except csv.Error:
            continue
        width = widths[0] if widths and widths[0] > 1 else max(widths, key=widths.count, default=0)
        if width < 2 or (width != widths[0] and width < _TABLE_CELLS):
            continue
        score = widths.count(width) / len(widths) + (0.1 if sign == best else 0) + min(width, 20) / 1000
        if score > best_score:
            best, best_score = sign, score
    return best


def _sheet_row(values: Sequence[object], position: str) -> TableRow:
    return TableRow(values, json.dumps(values, default=str, ensure_ascii=False).encode("utf-8", "replace"), position)


def _refuse_bomb(content: bytes, name: str) -> None:
    if not content.startswith(b"PK"):
        return
    try:
        sizes = [info.file_size for info in zipfile.ZipFile(io.BytesIO(content)).infolist()]
    except zipfile.BadZipFile:
        return  # the reader reports it
    size = sum(sizes)
    if size > MAX_WORKBOOK_BYTES or (size > _UNSUSPICIOUS and size > MAX_EXPANSION * len(content)):
        raise UserError(f"{name} unpacks to {size >> 20:,} MiB; save the sheet as CSV and ingest that")


def _listed(row: Sequence[str]) -> str:
    return ", ".join(cell[:30] for cell in row[:6])
