"""Bytes of an input file: unpacked, as UTF-8, in bounded pieces, cut into lines.

gzip and Zstandard are known by their first bytes, UTF-16 and UTF-32 by their mark. Memory is bounded by a piece or a
line, and what expands beyond reason is not read to its end.

Not here: which encoding a file without a mark has (encodings.py), what a line holds (json_documents.py, csv_rows.py).
"""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterator
from typing import BinaryIO

CHUNK_BYTES = 256 * 1024
MAX_LINE_BYTES = 64 * 1024 * 1024
MAX_EXPANSION = 250
"""Unpacked bytes per packed byte, beyond the first GiB; JSON and CSV of real posts reach about 20."""
_PACKED_STEP = 1024  # of gzip: what is read together with a damaged spot is lost, so little is read at a time
UNSUSPICIOUS_BYTES = 1 << 30
_ZSTD_WINDOW = 1 << 31  # the monthly dumps of Reddit are packed with a window of 2 GiB

_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_MARKS = (  # UTF-32 first: its little-endian mark begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class BrokenFileError(Exception):
    """The file cannot be read completely; what came before is good.

    `tail` is the beginning of the line that was cut, without a newline; it may be empty.
    """

    def __init__(self, message: str, tail: bytes = b"") -> None:
        super().__init__(message)
        self.tail = tail


def chunks(file: BinaryIO, encoding: str | None = None) -> Iterator[bytes]:
    """The content as UTF-8 in bounded pieces, without a byte order mark.

    Args:
        file: at its beginning.
        encoding: a codec of Python; None for UTF-8 or the encoding of the byte order mark.

    Raises:
        BrokenFileError: packed data that is cut off, damaged or expands beyond reason, after what could be read.
    """
    pieces = unpacked(file)
    head = next(pieces, b"")
    while len(head) < 4 and (piece := next(pieces, b"")):
        head += piece
    found = encoding or next((name for mark, name in _MARKS if head.startswith(mark)), "utf-8")
    if found == "utf-8":
        yield head
        yield from pieces
    elif found == "utf-8-sig":
        yield head.removeprefix(codecs.BOM_UTF8)
        yield from pieces
    else:
        yield from _recoded(head, pieces, found)


def unpacked(file: BinaryIO) -> Iterator[bytes]:
    """The content in bounded pieces, unpacked if it is gzip or Zstandard, in whatever encoding it has.

    Raises:
        BrokenFileError: see `chunks`.
    """
    first = file.read(_PACKED_STEP)
    if first.startswith(_GZIP_MAGIC):
        return _bounded(file, _gunzip(file, first))
    if first.startswith(_ZSTD_MAGIC):
        return _bounded(file, _unzstd(file, first))
    return _plain(file, first)


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
                yield b"".join([*parts, line]) if parts else line
                parts, held = [], 0
            if rest:
                parts.append(rest)
                held += len(rest)
            if held > MAX_LINE_BYTES:
                raise BrokenFileError(
                    f"a line is longer than {MAX_LINE_BYTES >> 20} MiB, so this is not a file of lines"
                )
    except BrokenFileError as error:
        error.tail = b"" if held > MAX_LINE_BYTES else b"".join(parts)
        raise
    if held:
        yield b"".join(parts)


def _recoded(head: bytes, pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    yield decoder.decode(head).encode("utf-8", "replace")
    for piece in pieces:
        yield decoder.decode(piece).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _plain(file: BinaryIO, first: bytes) -> Iterator[bytes]:
    piece = first
    while piece:
        yield piece
        piece = file.read(CHUNK_BYTES)


def _bounded(file: BinaryIO, pieces: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > UNSUSPICIOUS_BYTES and size > MAX_EXPANSION * max(file.tell(), 1):
            raise BrokenFileError(
                f"it expands more than {MAX_EXPANSION}-fold, which is not plausible for a file of posts"
            )
        yield piece


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


def _unzstd(file: BinaryIO, first: bytes) -> Iterator[bytes]:
    import zstandard

    unpacker = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    frame = unpacker.decompressobj()
    packed = first
    try:
        while packed:
            if piece := frame.decompress(packed):
                # A step of packed bytes may unpack into very many: they go on in pieces.
                for begin in range(0, len(piece), CHUNK_BYTES):
                    yield piece[begin : begin + CHUNK_BYTES]
            if frame.eof:
                packed = frame.unused_data or file.read(_PACKED_STEP)
                frame = unpacker.decompressobj() if packed else frame
            else:
                packed = file.read(_PACKED_STEP)
    except zstandard.ZstdError as error:
        raise BrokenFileError(f"its Zstandard data is damaged ({error})") from None
    if not frame.eof:
        raise BrokenFileError("its Zstandard data is cut off")
