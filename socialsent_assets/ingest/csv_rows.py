"""Rows of a CSV file, each with its own bytes, so that no quote takes the rows after it along.

A quote that is opened and not closed in its row is read as a character of the text if that gives the row its cells;
the lines that it would have swallowed are rows again.

Not here: which column is what (columns.py), separators and headers (tables.py).
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from socialsent_assets.domain.events.event import MAX_EVENT_BYTES
from socialsent_assets.domain.events.rejection import Reason
from socialsent_assets.ingest.file_bytes import BrokenFileError

_PATIENCE = 3
"""Open quotes that turn out to be characters, after which a text may hold no more than `_LINES_AHEAD` lines."""
_LINES_AHEAD = 64


class CsvRow(NamedTuple):
    """One row: its cells, or the reason why it has none.

    Attributes:
        number: its first line in the file, from 1.
        raw: its bytes without the last newline.
        problem: reason and sentence, or None.
    """

    cells: list[str]
    raw: bytes
    number: int
    problem: tuple[Reason, str] | None = None


class CsvReader:
    """Iterator over the rows of a file.

    Args:
        raw_lines: lines without newline, UTF-8; bytes that are not travel through as lone surrogates.
        delimiter: one character.
        width: number of cells that every row has; None to take rows as they are.
        is_row: whether cells look like a row of the table; decides which lines a quoted text may hold.
    """

    def __init__(
        self,
        raw_lines: Iterator[bytes],
        delimiter: str,
        width: int | None = None,
        is_row: Callable[[list[str]], bool] = lambda _: False,
    ) -> None:
        csv.field_size_limit(MAX_EVENT_BYTES)  # a field may be as long as an event; csv's own limit is 128 KiB
        self._lines, self._delimiter, self.width, self.is_row = raw_lines, delimiter, width, is_row
        self._again: deque[bytes] = deque()
        self._taken: list[bytes] = []
        self._number = 0
        self._open_quotes = 0
        self._reader = csv.reader(self._feed(), delimiter=delimiter, strict=True)

    def __iter__(self) -> Iterator[CsvRow]:
        return self

    def __next__(self) -> CsvRow:
        self._taken.clear()
        begin = self._number + 1
        try:
            cells = self._cells_without_quotes() or next(self._reader)
        except csv.Error as error:
            return self._unreadable(begin, error)
        except BrokenFileError as error:
            if not (self._taken or error.tail):
                raise
            raw = b"\n".join([*self._taken, error.tail])
            self._again.clear()
            self._lines = _breaking(error)
            self._reader = csv.reader(self._feed(), delimiter=self._delimiter, strict=True)
            return CsvRow([], raw, begin, ("invalid_field", "the row is cut off"))
        if len(self._taken) > 1 and self._has_swallowed(cells):
            return self._first_line_alone(begin) or self._row(cells, begin)
        return self._row(cells, begin)

    def _cells_without_quotes(self) -> list[str] | None:
        """The next line cut at its separators, which is what the csv module would do; None where it is needed."""
        line = self._again.popleft() if self._again else next(self._lines, None)
        if line is None:
            return None
        if b'"' in line or b"\r" in line or b"\0" in line or len(line) >= MAX_EVENT_BYTES or not line:
            self._again.appendleft(line)
            return None
        self._number += 1
        self._taken.append(line)
        return line.decode("utf-8", "surrogateescape").split(self._delimiter)

    def _feed(self) -> Iterator[str]:
        """Lines for the csv module, which reads on while a quote is open."""
        while True:
            if len(self._taken) > _LINES_AHEAD and self._open_quotes >= _PATIENCE:
                return  # else each of many open quotes would read on for a megabyte
            line = self._again.popleft() if self._again else next(self._lines, None)
            if line is None:
                return
            self._number += 1
            self._taken.append(line)
            yield line.decode("utf-8", "surrogateescape") + "\n"

    def _row(self, cells: list[str], begin: int) -> CsvRow:
        raw = self._taken[0] if len(self._taken) == 1 else b"\n".join(self._taken)
        if self.width is None or len(cells) == self.width or not cells:
            return CsvRow(cells, raw, begin)
        if len(cells) > self.width and not any(cells[self.width :]):  # a separator at the end of each line
            return CsvRow(cells[: self.width], raw, begin)
        if len(cells) < self.width and len(self._taken) > 1 and (alone := self._first_line_alone(begin)):
            return alone
        reason: Reason = "missing_field" if len(cells) < self.width else "invalid_field"
        return CsvRow([], raw, begin, (reason, f"{len(cells)} cells, the header has {self.width}"))

    def _unreadable(self, begin: int, error: csv.Error) -> CsvRow:
        self._reader = csv.reader(self._feed(), delimiter=self._delimiter, strict=True)
        if alone := self._first_line_alone(begin):
            return alone
        if "field larger" in str(error) and len(self._taken) == 1:
            problem: tuple[Reason, str] = ("too_large", "no CSV row: a cell is larger than an event may be")
        else:
            problem = ("invalid_field", f"no CSV row: {error}; is a quote left open?")
        first = self._give_back()
        return CsvRow([], first, begin, problem)

    def _has_swallowed(self, cells: list[str]) -> bool:
        """Whether a text over several lines holds lines that are rows themselves."""
        if self.width is not None and len(cells) != self.width:
            return True
        return any(self.is_row(self._literal(line)) for line in self._taken[1:])

    def _first_line_alone(self, begin: int) -> CsvRow | None:
        """The first of the lines taken, its quotes read as characters; the other lines come again. None if not so."""
        cells = self._literal(self._taken[0])
        if self.width is None or len(cells) != self.width:
            return None
        self._open_quotes += 1
        return CsvRow(cells, self._give_back(), begin)

    def _give_back(self) -> bytes:
        first, *others = self._taken
        self._again.extendleft(reversed(others))
        self._number -= len(others)
        # What the csv module holds of an open quote is dropped with the reader that held it.
        self._reader = csv.reader(self._feed(), delimiter=self._delimiter, strict=True)
        return first

    def _literal(self, line: bytes) -> list[str]:
        text = line.decode("utf-8", "surrogateescape").removesuffix("\r")
        return text.split(self._delimiter)


def _breaking(error: BrokenFileError) -> Iterator[bytes]:
    raise BrokenFileError(str(error))
    yield b""
