"""Search for many texts in one pass, and the rule by which an id is distinguished from chance.

An id is found where it occurs as a whole: letters, digits, `_` and `-` beside it make it another id. The search is
Aho-Corasick's, so that ten thousand ids cost hardly more than one.

Short ids occur everywhere by chance: `5` is an age, and any four bytes occur in a gigabyte of compressed ones. What
may be a number or an everyday word (`is_word`) is looked for in fields and columns of ids alone, as the whole value,
and an id of fewer than `SHORTEST_BYTES` bytes not in bytes that are packed or binary, where nothing shows where a
value begins.

Not here: which bytes are searched (traces.py, packed.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from ahocorasick_rs import BytesAhoCorasick
from markupsafe import escape

SHORTEST_BYTES = 9
"""Bytes of UTF-8 from which on an id is looked for in bytes that are no text.

DuckDB packs texts by symbols of up to eight bytes (FSST), and keeps them in the file: beginnings of many ids.
"""

_LONG_NUMBER, _LONG_WORD = 8, 4  # digits, and bytes of UTF-8
_CHUNK = 1 << 20  # what is found in a piece is listed before the next is read: bounds the memory
_BESIDE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
_ESCAPED = re.compile(rb"\\(?:[bfnrt]|u[0-9A-Fa-f]{4})\Z")  # ends in a letter or digit, and means another character


@dataclass
class Found:
    """How often a needle occurs: as a whole, and as a part of something longer."""

    whole: int = 0
    part: int = 0


class Needles:
    """Texts to look for in one pass, each in UTF-8, as JSON writes it and as HTML does."""

    def __init__(self, needles: Iterable[str]) -> None:
        spelled = sorted({(one, needle) for needle in needles if needle for one in _spellings(needle)})
        self._of = [needle for _, needle in spelled]
        self._longest = max((len(one) for one, _ in spelled), default=0)
        self._search = BytesAhoCorasick([one for one, _ in spelled]) if spelled else None

    def __bool__(self) -> bool:
        """Whether there is anything to look for."""
        return self._search is not None

    def count(self, content: bytes | memoryview) -> dict[str, Found]:
        """The needles that occur in it, and how often."""
        found: dict[str, Found] = {}
        view = memoryview(content).cast("B")
        for needle, start, end in self._places(view):
            one = found.setdefault(needle, Found())
            if _is_whole(view, start, end):
                one.whole += 1
            else:
                one.part += 1
        return found

    def occur_in(self, content: bytes | memoryview) -> bool:
        """Whether one of them occurs in it as a whole."""
        view = memoryview(content).cast("B")
        return any(_is_whole(view, start, end) for _, start, end in self._places(view))

    def places(self, content: bytes) -> set[int]:
        """First bytes of all that occur in it, as a whole or as a part."""
        return {start for _, start, _ in self._places(memoryview(content))}

    def replaced(self, text: str, by: str) -> str:
        """The text with the word `by` in the place of each that occurs in it as a whole."""
        content = text.encode("utf-8", "surrogatepass")
        pieces, after = [], 0
        whole = [
            (start, -end) for _, start, end in self._places(memoryview(content)) if _is_whole(content, start, end)
        ]
        for start, end in sorted(whole):  # of two that begin alike, the longer
            if start >= after:
                pieces.append(content[after:start])
                after = -end
        return by.join(piece.decode("utf-8", "surrogatepass") for piece in [*pieces, content[after:]])

    def _places(self, view: memoryview) -> Iterator[tuple[str, int, int]]:
        """Needle, first byte and the byte after its last, of each that occurs in it in whatever way."""
        if self._search is None:
            return
        for first in range(0, len(view), _CHUNK):
            piece = view[first : first + _CHUNK + self._longest - 1]
            for index, start, end in self._search.find_matches_as_indexes(piece, overlapping=True):
                if start < _CHUNK:  # what begins after is of the next piece
                    yield self._of[index], first + start, first + end


@dataclass(frozen=True)
class Wanted:
    """Needles, by where they can be distinguished from chance.

    Attributes:
        packed: in bytes that are packed or binary.
        texts: in texts; those of `packed` too.
        values: in fields and columns of ids alone, as the whole value.
    """

    packed: Needles
    texts: Needles
    values: frozenset[str]

    @classmethod
    def of(cls, needles: Iterable[str], *, as_ids: Collection[str] = ()) -> Wanted:
        """Sort needles by what they look like; those of `as_ids` are looked for as ids alone."""
        every = frozenset(one for one in needles if one)
        texts = frozenset(one for one in every if is_word(one) and one not in as_ids)
        return cls(Needles(one for one in texts if _length(one) >= SHORTEST_BYTES), Needles(texts), every - texts)


def is_word(needle: str) -> bool:
    """Whether an id is distinct from numbers and everyday words, and so can be looked for in any text.

    >>> [is_word(one) for one in ("5", "20261122", "ann", "anna", "u-1", "1234567")]
    [False, True, False, True, True, False]
    """
    if needle.isdecimal():
        return len(needle) >= _LONG_NUMBER
    mixed = any(one.isdecimal() for one in needle) and any(one.isalpha() for one in needle)
    return mixed or _length(needle) >= _LONG_WORD


def _length(needle: str) -> int:
    return len(needle.encode("utf-8", "surrogatepass"))


def _spellings(needle: str) -> set[bytes]:
    as_json = (json.dumps(needle)[1:-1], json.dumps(needle, ensure_ascii=False)[1:-1])
    return {one.encode("utf-8", "surrogatepass") for one in (needle, *as_json, str(escape(needle)))}


def _is_whole(content: memoryview | bytes, start: int, end: int) -> bool:
    if end < len(content) and content[end] in _BESIDE:
        return False
    return not (
        start and content[start - 1] in _BESIDE and not _ESCAPED.search(bytes(content[max(0, start - 6) : start]))
    )
