"""Landing objects as blocks of whole lines: gunzipped piece by piece, in bounded memory, salvaged where damaged.

A damaged object (cut off, no gzip at all) gives the whole lines before the damage, and a `DamagedObject` for the
rest. A line longer than an event may be is counted and not kept: 50 MB of it would be copied at every step.

Not here: parsing the lines (read_landing.py).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from socialsent_assets.domain.events.event import MAX_EVENT_BYTES
from socialsent_assets.lake.storage.base import Storage

_GZIP = 31  # window bits of zlib that expect a gzip header and check its trailer
_PIECE = 1024 * 1024


@dataclass(frozen=True)
class TooLargeLine:
    """A line of `size` bytes, more than an event may have."""

    size: int


@dataclass(frozen=True)
class DamagedObject:
    """An object of which only `lines` lines can be read; `rest` is what follows the last of them.

    `rest` is None when it is larger than an event.
    """

    lines: int
    rest: bytes | None
    problem: str


Part = bytes | TooLargeLine | DamagedObject


def parts_of(landing: Storage, key: str) -> Iterator[Part]:
    """Blocks of whole lines of an object, each line with its newline; lines too large; last, its damage if any.

    Raises FileNotFoundError or StorageError when the object cannot be fetched: that is no damage.
    """
    lines = _Lines()
    with landing.open(key) as source:
        pieces = _unzipped(source) if key.endswith(".gz") else iter(lambda: source.read(_PIECE), b"")
        try:
            for piece in pieces:
                yield from lines.add(piece)
        except (zlib.error, EOFError) as error:
            yield DamagedObject(lines.whole, lines.rest(), str(error))
        else:
            yield from lines.add(b"\n") if lines.has_rest() else ()


class _Lines:
    """Cuts bytes that arrive in pieces at the last newline of each."""

    def __init__(self) -> None:
        self.whole = 0
        self._rest = b""
        self._large = 0  # bytes seen of a line that is too large; 0 outside of one
        self._is_blank = False

    def add(self, piece: bytes) -> Iterator[Part]:
        if self._large:
            line, newline, piece = piece.partition(b"\n")
            self._large += len(line)
            self._is_blank = self._is_blank and not line.strip()
            if not newline:
                return
            self.whole += 1
            if not self._is_blank:
                yield TooLargeLine(self._large)
            self._large = 0
        end = piece.rfind(b"\n") + 1
        if end:
            self.whole += piece.count(b"\n")
            yield self._rest + piece[:end]
            self._rest = b""
        self._rest += piece[end:]
        if len(self._rest) > MAX_EVENT_BYTES:
            self._large, self._is_blank, self._rest = len(self._rest), not self._rest.strip(), b""

    def has_rest(self) -> bool:
        return bool(self._rest or self._large)

    def rest(self) -> bytes | None:
        return None if self._large else self._rest


def _unzipped(source: BinaryIO) -> Iterator[bytes]:
    """Content of all gzip members, a piece at a time. Raises zlib.error or EOFError where it ends too early."""
    member = zlib.decompressobj(_GZIP)
    started = False
    while compressed := source.read(_PIECE):
        while compressed:
            started = True
            yield member.decompress(compressed, _PIECE)
            while member.unconsumed_tail:
                yield member.decompress(member.unconsumed_tail, _PIECE)
            compressed = member.unused_data
            if member.eof:
                member, started = zlib.decompressobj(_GZIP), False
    if started:
        raise EOFError("the gzip stream is cut off")
