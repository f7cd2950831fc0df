"""Token lists of an Arrow column, for the lake: equal to `text.token_lists`, at many times its speed.

Imports numba. Not here: what a token is (text.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from socialsent_assets.domain.language import text
from socialsent_assets.domain.language.tokenizer.compiled import copy_parts
from socialsent_assets.domain.language.tokenizer.memo import GrowingArray, Numbered, TokenMemo
from socialsent_assets.domain.language.tokenizer.tables import straightened

__all__ = ["buffers_of", "compiled_token_column"]


def compiled_token_column(texts: pa.Array | pa.ChunkedArray) -> pa.ListArray:
    """`text.tokens` of each text, as list<string>; a missing text has none."""
    if isinstance(texts, pa.ChunkedArray):
        parts = [compiled_token_column(chunk) for chunk in texts.chunks]
        return pa.concat_arrays(parts) if parts else pa.array([], pa.list_(pa.string()))
    column = texts.cast(pa.large_string())
    if column.null_count:
        column = column.fill_null("")
    if not len(column):
        return pa.array([], pa.list_(pa.string()))
    memo = _memo()
    parts = [_lists(part, known, column) for part, known in memo.read_all(*buffers_of(column), memo.known)]
    return pa.concat_arrays(parts) if len(parts) > 1 else parts[0]


def buffers_of(column: pa.LargeStringArray) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """UTF-8 of all texts, uint8, and where each begins and the last ends, int64 of shape (n + 1,)."""
    _, offset_buffer, data_buffer = column.buffers()
    offsets = np.frombuffer(offset_buffer, np.int64)[column.offset : column.offset + len(column) + 1]
    # Copies, because Arrow's memory is read-only and numba would compile everything twice, once for each kind.
    return np.frombuffer(data_buffer or b"", np.uint8)[offsets[0] : offsets[-1]].copy(), offsets - offsets[0]


class _Known(NamedTuple):
    """What is known of raw tokens, by number, and of model tokens, in the order in which they were learned."""

    firsts: NDArray[np.int64]
    """By raw token: its first model token, among those of all."""
    counts: NDArray[np.int64]
    """By raw token: how many model tokens it has."""
    starts: NDArray[np.int64]
    """By model token: where its bytes lie in data."""
    lengths: NDArray[np.int64]
    """By model token: how many bytes it has."""
    data: NDArray[np.uint8]


class _ModelTokenMemo(TokenMemo):
    """Raw token -> its model tokens in UTF-8: none for a stop word, several for a hashtag."""

    def __init__(self) -> None:
        super().__init__(straightened(), with_signs=False)
        self._firsts = GrowingArray(np.int64)
        self._counts = GrowingArray(np.int64)
        self._starts = GrowingArray(np.int64)
        self._lengths = GrowingArray(np.int64)
        self._bytes = GrowingArray(np.uint8)

    def known(self) -> _Known:
        """What was learned so far."""
        return _Known(*(each.array for each in self._learned_arrays()))

    def _learn(self, first: int, tokens: Sequence[str]) -> None:  # noqa: ARG002 - arrays grow in the order of numbers
        found = [text._model_tokens(token) for token in tokens]
        counts = np.array([len(each) for each in found], np.int64)
        pieces = [piece.encode() for each in found for piece in each]
        lengths = np.array([len(piece) for piece in pieces], np.int64)
        self._firsts.extend(len(self._starts.array) + np.cumsum(counts) - counts)
        self._counts.extend(counts)
        self._starts.extend(len(self._bytes.array) + np.cumsum(lengths) - lengths)
        self._lengths.extend(lengths)
        self._bytes.extend(np.frombuffer(b"".join(pieces), np.uint8))

    def _start_again(self) -> None:
        super()._start_again()
        for each in self._learned_arrays():
            each.clear()

    def _learned_arrays(self) -> tuple[GrowingArray, ...]:
        return self._firsts, self._counts, self._starts, self._lengths, self._bytes


def _lists(part: Numbered, known: _Known, column: pa.LargeStringArray) -> pa.ListArray:
    """Model tokens of the rows of a part."""
    counts = known.counts[part.ids]
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    wanted = np.repeat(known.firsts[part.ids] - (ends - counts), counts) + np.arange(total)
    starts, lengths = known.starts[wanted], known.lengths[wanted]
    offsets = np.append(0, np.cumsum(lengths)).astype(np.int32)
    data = np.empty(offsets[-1], np.uint8)
    copy_parts(known.data, starts, offsets, data)
    strings = pa.StringArray.from_buffers(total, pa.py_buffer(offsets), pa.py_buffer(data))
    row_ends = np.append(0, ends)[part.ends]
    found = pa.ListArray.from_arrays(pa.array(np.append(0, row_ends), pa.int32()), strings)
    return _with_left_over(found, part, column) if part.left_over.any() else found


def _with_left_over(found: pa.ListArray, part: Numbered, column: pa.LargeStringArray) -> pa.ListArray:
    rows = np.flatnonzero(part.left_over)
    tokens = [text.tokens(column[part.first + row].as_py()) for row in rows.tolist()]
    wanted = np.arange(len(found))
    wanted[rows] = len(found) + np.arange(len(rows))
    return pa.concat_arrays([found, pa.array(tokens, found.type)]).take(pa.array(wanted))


@cache
def _memo() -> _ModelTokenMemo:
    return _ModelTokenMemo()
