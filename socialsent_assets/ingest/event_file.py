"""A file of events, gzipped or not: one JSON object or array per line, or one JSON array over many lines.

Memory is bounded by the longest line or element, never by the file.

Not here: whether an event is valid (../event.py), other columns and names (mapped_csv.py).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import BinaryIO

from socialsent_assets.domain.events.event import MAX_EVENT_BYTES
from socialsent_assets.domain.events.landing import SourceRecord
from socialsent_assets.domain.events.strict_json import elements
from socialsent_assets.ingest.file_bytes import MAX_LINE_BYTES, BrokenFileError, chunks, lines


def event_records(file: BinaryIO, name: str) -> Iterator[SourceRecord]:
    """The records of a file, each with `<name> line <n>` or `<name> element <n>` as its position, counted from 1.

    Blank lines are no records.

    Raises:
        BrokenFileError: the file cannot be read to its end; a line that is cut off has been yielded before.
    """
    head, pieces = _head(chunks(file))
    first_line = head.lstrip().partition(b"\n")[0].strip()
    everything = itertools.chain([head], pieces)
    if first_line.startswith(b"[") and not first_line.endswith(b"]"):  # an array that its line does not close
        yield from _elements(everything, name)
    else:
        yield from _lines(everything, name)


def _head(pieces: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The beginning, with the first line in it unless that is longer than an event, and the rest."""
    head = b""
    try:
        for piece in pieces:
            head += piece
            if b"\n" in head.lstrip() or len(head) > MAX_EVENT_BYTES:
                break
    except BrokenFileError as error:
        return head, _breaking(error)
    return head, pieces


def _breaking(error: BrokenFileError) -> Iterator[bytes]:
    raise error
    yield b""


def _lines(pieces: Iterator[bytes], name: str) -> Iterator[SourceRecord]:
    number = 0
    try:
        for number, line in enumerate(lines(pieces), start=1):
            if line.strip():
                yield SourceRecord(line.removesuffix(b"\r"), f"{name} line {number}")
    except BrokenFileError as error:
        if error.tail.strip():
            yield SourceRecord(error.tail, f"{name} line {number + 1}")
        raise


def _elements(pieces: Iterator[bytes], name: str) -> Iterator[SourceRecord]:
    fed = taken = 0

    def counted() -> Iterator[bytes]:
        nonlocal fed
        for piece in pieces:
            fed += len(piece)
            if fed - taken > MAX_LINE_BYTES:
                raise BrokenFileError(f"an element is longer than {MAX_LINE_BYTES >> 20} MiB, so this is no array")
            yield piece

    for number, element in enumerate(elements(counted()), start=1):
        taken = fed
        # Nothing between two commas is a mistake, not a blank line: the comma makes it one that is counted.
        yield SourceRecord(element or b",", f"{name} element {number}")
