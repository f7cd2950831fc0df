"""The bytes of a file that somebody hands over: gunzipped if need be, in bounded pieces, cut into lines.

Not here: what a line holds (event_file.py, mapped_csv.py).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO

CHUNK_BYTES = 256 * 1024
MAX_LINE_BYTES = 64 * 1024 * 1024
_PACKED_STEP = 1024  # of gzip: what is read together with a damaged spot is lost, so little is read at a time

_GZIP_MAGIC = b"\x1f\x8b"
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class BrokenFileError(Exception):
    """The file cannot be read to its end; what came before stands.

    `tail` is the beginning of the line that was cut, without a newline; it may be empty.
    """

    def __init__(self, message: str, tail: bytes = b"") -> None:
        super().__init__(message)
        self.tail = tail


def chunks(file: BinaryIO) -> Iterator[bytes]:
    """The content in pieces of at most 256 KiB, without a byte order mark; gzip is known by its first bytes.

    Raises:
        BrokenFileError: gzip that is cut off or damaged (after the part that could be read), or UTF-16.
    """
    first = file.read(_PACKED_STEP)
    pieces = _gunzip(file, first) if first.startswith(_GZIP_MAGIC) else _plain(file, first)
    head = next(pieces, b"")
    while len(head) < len(_UTF8_MARK) and (piece := next(pieces, b"")):
        head += piece
    if head.startswith(_UTF16_MARKS):
        raise BrokenFileError("it is UTF-16; save it as UTF-8")
    yield head.removeprefix(_UTF8_MARK)
    yield from pieces


def lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Lines without their newline, blank ones included, so that counting them gives line numbers.

    Raises:
        BrokenFileError: from `pieces`, with the cut line as its tail; or a line of more than 64 MiB.
    """
    parts: list[bytes] = []
    held = 0
    try:
        for piece in pieces:
            *whole, rest = piece.split(b"\n")
            for line in whole:
                yield b"".join([*parts, line])
                parts, held = [], 0
            parts.append(rest)
            held += len(rest)
            if held > MAX_LINE_BYTES:
                raise BrokenFileError(f"a line is longer than {MAX_LINE_BYTES >> 20} MiB, so these are no lines")
    except BrokenFileError as error:
        error.tail = b"" if held > MAX_LINE_BYTES else b"".join(parts)
        raise
    if held:
        yield b"".join(parts)


def _plain(file: BinaryIO, first: bytes) -> Iterator[bytes]:
    piece = first
    while piece:
        yield piece
        piece = file.read(CHUNK_BYTES)


def _gunzip(file: BinaryIO, first: bytes) -> Iterator[bytes]:
    member = zlib.decompressobj(wbits=31)
    packed = first
    while packed:
        try:
            piece = member.decompress(packed, CHUNK_BYTES)
        except zlib.error as error:
            raise BrokenFileError(f"its gzip data is damaged ({error})") from None
        if piece:
            yield piece
        packed = member.unconsumed_tail
        if member.eof:  # zero padding may follow a member, and so may another member
            packed = member.unused_data.lstrip(b"\0") or file.read(_PACKED_STEP).lstrip(b"\0")
            member = zlib.decompressobj(wbits=31) if packed else member
        packed = packed or file.read(_PACKED_STEP)
    if not member.eof:
        raise BrokenFileError("its gzip data is cut off")
