"""JSON of any layout as single documents: lines, an array, objects one after the other, or one object with a list.

A document with a mistake in it does not take its neighbours along. Memory is bounded by one document; an object that
is bigger than that (an account's export), or ends in its middle, is cut at the list in it, and each element comes in
the object's frame.

Not here: what a document means (sources/), bytes and lines (file_bytes.py).
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from socialsent_assets.domain.events.strict_json import elements
from socialsent_assets.ingest.file_bytes import MAX_LINE_BYTES, BrokenFileError, lines

WHOLE_BYTES = 16 * 1024 * 1024
"""Up to this size an object over many lines is read whole."""
_SCRIPT = re.compile(rb"\s*window\.YTD\.[\w.]+\s*=\s*")
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}:]', re.DOTALL)
_BLANK = b" \t\r\n"


class Document(NamedTuple):
    """One JSON value as bytes, and where it was found.

    Attributes:
        frame: opening and closing bytes of the object that holds it in a list; (b"", b"") for none.
    """

    raw: bytes
    position: str
    frame: tuple[bytes, bytes] = (b"", b"")


def documents(pieces: Iterator[bytes], name: str) -> Iterator[Document]:
    """The documents of a file, with `<name> line <n>` or `<name> element <n>` as position, counted from 1.

    Raises:
        BrokenFileError: the file cannot be read completely; what is cut off has been yielded before.
    """
    head, rest = _head(pieces)
    script = _SCRIPT.match(head)
    head = head[script.end() :] if script else head
    begin = head.lstrip(_BLANK)
    first_line = begin.partition(b"\n")[0].strip()
    everything = itertools.chain([head], rest)
    if begin.startswith(b"[") and not (first_line.endswith(b"]") and _is_json(first_line)):
        yield from _elements(everything, name)
    elif not begin.startswith(b"{") or (b"\n" in begin and _is_json(first_line)) or _next_is_object(begin):
        yield from _lines(everything, name)
    else:
        yield from _objects(head, rest, name)


def _head(pieces: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The beginning, with the first line in it unless that is very long, and the rest."""
    head = b""
    try:
        for piece in pieces:
            head += piece
            if b"\n" in head.lstrip(_BLANK) or len(head) > WHOLE_BYTES:
                break
    except BrokenFileError as error:
        return head, _breaking(error)
    return head, pieces


def _breaking(error: BrokenFileError) -> Iterator[bytes]:
    raise error
    yield b""


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _next_is_object(begin: bytes) -> bool:
    """Whether the second line begins as a document does: then the first is a broken line, no start of an object."""
    second = begin.partition(b"\n")[2].lstrip(b"\r\n")
    return second.startswith(b'{"') and begin.startswith(b'{"')


def _lines(pieces: Iterator[bytes], name: str) -> Iterator[Document]:
    number = 0
    try:
        for number, line in enumerate(lines(pieces), start=1):
            if line and not line.isspace():
                yield Document(line.removesuffix(b"\r"), f"{name} line {number}")
    except BrokenFileError as error:
        if error.tail.strip():
            yield Document(error.tail, f"{name} line {number + 1}")
        raise


def _elements(pieces: Iterator[bytes], name: str, frame: tuple[bytes, bytes] = (b"", b"")) -> Iterator[Document]:
    fed = taken = 0
    broken: list[BrokenFileError] = []

    def counted() -> Iterator[bytes]:
        nonlocal fed
        try:
            for piece in pieces:
                fed += len(piece)
                if fed - taken > MAX_LINE_BYTES:
                    raise BrokenFileError(
                        f"an element is longer than {MAX_LINE_BYTES >> 20} MiB; this is not an array"
                    )
                yield piece
        except BrokenFileError as error:
            broken.append(error)  # first what has been read, then the error

    for number, element in enumerate(elements(counted()), start=1):
        taken = fed
        if frame[1] and element.startswith((b",", b"}")):
            continue  # the rest of the object behind its list
        # Nothing between two commas is a mistake, not a blank line: the comma makes it one that is counted.
        yield Document(element or b",", f"{name} element {number}", frame)
    if broken:
        raise broken[0]


def _objects(head: bytes, rest: Iterator[bytes], name: str) -> Iterator[Document]:
    """One object over many lines, or several one after the other."""
    content = head
    broken: BrokenFileError | None = None
    try:
        while len(content) <= WHOLE_BYTES and (piece := next(rest, b"")):
            content += piece
    except BrokenFileError as error:
        broken = error
    is_large = len(content) > WHOLE_BYTES
    values = [] if is_large else list(_values(content))
    is_cut = len(values) == 1 and not values[0].endswith(b"}")
    if (is_large or is_cut) and (begin := _list_begin(content)):
        frame = (content[:begin], b"]}")
        yield from _elements(itertools.chain([content[begin - 1 :]], rest), name, frame)
        if is_cut:
            raise broken or BrokenFileError("its JSON ends in the middle of an object")
        return
    for number, value in enumerate(values or _values(content), start=1):
        yield Document(value, f"{name} object {number}")
    if broken:
        raise broken


def _values(content: bytes) -> Iterator[bytes]:
    """Values at the top level that follow each other."""
    begin = depth = 0
    for token in _TOKEN.finditer(content):
        sign = token.group()
        if sign in (b"{", b"["):
            depth += 1
        elif sign in (b"}", b"]"):
            depth -= 1
            if depth <= 0:
                yield content[begin : token.end()].strip(_BLANK)
                begin, depth = token.end(), 0
    if content[begin:].strip(_BLANK):
        yield content[begin:].strip(_BLANK)


def _list_begin(content: bytes) -> int:
    """Place behind the bracket of the first list of objects that is a value of the outermost object; 0 for none."""
    depth = 0
    before = before_that = b""
    for token in _TOKEN.finditer(content):
        sign = token.group()
        is_value = before == b":" and before_that.startswith(b'"')
        if sign == b"[" and depth == 1 and is_value and content[token.end() :].lstrip(_BLANK)[:1] == b"{":
            return token.end()
        depth += (sign in (b"{", b"[")) - (sign in (b"}", b"]"))
        before_that, before = before, sign
    return 0
