"""A CSV file, gzipped or not, as events: each row becomes the JSON of one event, before anybody checks it.

A row without `event_id` gets a digest of its own content, so the same row is the same event whenever it comes.
Columns that the contract does not know are kept in `data`.

Not here: which column is which field (csv_columns.py), whether the event is valid (../event.py).
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from socialsent_assets.domain.events.event import MAX_EVENT_BYTES, SCHEMA_VERSION, Reason, Rejection
from socialsent_assets.domain.events.kinds import KINDS
from socialsent_assets.domain.events.landing import SourceRecord
from socialsent_assets.domain.events.layout import content_digest
from socialsent_assets.domain.events.times import format_time, parse_time
from socialsent_assets.ingest.csv_columns import ENVELOPE_COLUMNS, CsvWishes, plan_columns
from socialsent_assets.ingest.file_bytes import BrokenFileError, chunks, lines

_TYPES = {f.name: f.type for kind in KINDS.values() for f in kind.fields}
_IDS = {f.name for kind in KINDS.values() for f in kind.fields if f.is_id}
_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_INTEGER = re.compile(r"\s*[+-]?[0-9]{1,18}\s*")
_LIST_SIGNS = re.compile(r"[\s,;|]+")


def csv_records(file: BinaryIO, name: str, wishes: CsvWishes) -> Iterator[SourceRecord]:
    """The rows of a file as raw events, each with `<name> line <n>` (its first line, from 1) as position.

    Nothing is yielded for a file without rows. A row that has not as many cells as the header, or that CSV
    cannot make sense of, comes out already rejected, with its own bytes.

    Raises:
        UserError: the header does not say what is needed.
        BrokenFileError: the file cannot be read to its end; the row that is cut off has been yielded before.
    """
    source = _Lines(lines(chunks(file)))
    # A field may be as long as an event; the module's own limit is 128 KiB.
    csv.field_size_limit(MAX_EVENT_BYTES)
    reader = csv.reader(source, delimiter=wishes.delimiter_for(name), strict=True)
    header = _header(name, reader)
    if header is None:
        return
    row_maker = _Rows(header, plan_columns(name, header, source.taken.decode("utf-8", "replace"), wishes), wishes)
    while True:
        source.begin_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            too_large = "field larger" in str(error)
            problem = "a cell is larger than an event may be; is a quote left open?" if too_large else str(error)
            yield _rejected("too_large" if too_large else "invalid_field", f"no CSV row: {problem}", source, name)
            continue
        except BrokenFileError as error:
            if source.taken or error.tail:
                source.taken += error.tail
                yield _rejected("invalid_field", "the row is cut off", source, name)
            raise
        if len(cells) == len(header):
            yield SourceRecord(row_maker.event(cells), f"{name} line {source.row_line}")
        elif source.taken.strip():
            reason: Reason = "missing_field" if len(cells) < len(header) else "invalid_field"
            yield _rejected(reason, f"{len(cells)} cells, the header has {len(header)}", source, name)


def check_header(file: BinaryIO, name: str, wishes: CsvWishes) -> None:
    """Read no further than the header. Raises UserError if it does not say what is needed."""
    try:
        next(csv_records(file, name, wishes), None)
    except BrokenFileError:
        return  # told when the rows are read, after what could be read


class _Lines:
    """Feeds lines to the csv module and remembers the bytes of the row it is in.

    Bytes that are not UTF-8 travel through the csv module as lone surrogates and come out as they were.
    """

    def __init__(self, raw_lines: Iterator[bytes]) -> None:
        self._lines = raw_lines
        self._number = 0
        self.row_line = 1
        self.taken = b""

    def begin_row(self) -> None:
        """Forget the bytes of the last row; the next line begins another."""
        self.row_line, self.taken = self._number + 1, b""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines) + b"\n"
        self._number += 1
        self.taken += line
        return line.decode("utf-8", "surrogateescape")


@dataclass(frozen=True)
class _Rows:
    header: Sequence[str]
    plan: Mapping[str, int]
    wishes: CsvWishes
    extras: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        planned = set(self.plan.values())
        extras = {name.strip(): index for index, name in enumerate(self.header) if index not in planned}
        extras.pop("", None)  # the nameless index column that pandas writes
        object.__setattr__(self, "extras", extras)

    def event(self, cells: Sequence[str]) -> bytes:
        """The JSON of one event; an empty cell is an absent field."""
        values: dict[str, str] = {**self.wishes.constants}
        values |= {name: cells[index] for name, index in self.plan.items() if cells[index] != ""}
        envelope: dict[str, object] = {"event_type": self.wishes.event_type, "source": self.wishes.source}
        envelope |= {name: values.pop(name) for name in ENVELOPE_COLUMNS if name in values}
        data: dict[str, object] = {n: cells[i] for n, i in self.extras.items() if cells[i] != ""}
        data |= {name: _typed(name, value) for name, value in values.items()}
        if self.wishes.assume_utc:
            _assume_utc(envelope, "event_time")
            _assume_utc(data, "joined_at")
        content = _json_bytes({**envelope, "data": data})
        event_id = envelope.get("event_id", f"{self.wishes.source}-{content_digest(content, 32)}")
        return _json_bytes({"schema_version": SCHEMA_VERSION, **envelope, "event_id": event_id, "data": data})


def _header(name: str, reader: Iterator[list[str]]) -> list[str] | None:
    try:
        return next((cells for cells in reader if cells), None)
    except csv.Error as error:
        raise BrokenFileError(f"the first line of {name} is no CSV header: {error}") from None


def _typed(name: str, cell: str) -> object:
    """A cell as the JSON type of its field; what does not fit stays text, and is refused for that later."""
    kind = _TYPES[name]
    if kind == "integer" and _INTEGER.fullmatch(cell):
        return int(cell)
    if kind == "boolean":
        return _BOOLEANS.get(cell.strip().lower(), cell)
    if kind == "list of strings":
        return _list(cell)
    return cell.strip() if name in _IDS else cell


def _list(cell: str) -> object:
    if cell.lstrip().startswith("["):
        try:
            return json.loads(cell)
        except (ValueError, RecursionError):
            return cell
    return [item for item in _LIST_SIGNS.split(cell) if item]


def _assume_utc(values: dict[str, object], name: str) -> None:
    try:
        values[name] = format_time(parse_time(str(values[name]), assume_utc=True))
    except (KeyError, ValueError):
        return  # absent, or refused later with the right reason


def _json_bytes(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogateescape")


def _rejected(reason: Reason, detail: str, source: _Lines, name: str) -> SourceRecord:
    raw = source.taken.rstrip(b"\r\n")
    return SourceRecord(raw, f"{name} line {source.row_line}", rejection=Rejection(reason, detail, raw))
