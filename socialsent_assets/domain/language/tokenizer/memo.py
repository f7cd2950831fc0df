"""Raw tokens of a column, numbered, and what is known of each number: worked out once, by plain Python.

Not here: the grammar (compiled.py), what a token means (text.py and other subclasses of `TokenMemo`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from socialsent_assets.domain.language.tokenizer import compiled
from socialsent_assets.domain.language.tokenizer.tables import kinds

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

Known = TypeVar("Known")

__all__ = ["GrowingArray", "Numbered", "Store", "TokenMemo"]

LIMIT = 1 << 18
"""Tokens after which a memo starts again: below 100 MB, and a feed's vocabulary refills it in seconds."""

_KEY_ROOM = 1 << 22
"""Characters of all tokens; memory is only taken as it is used."""


class Store(NamedTuple):
    """A hash table of tokens, in the form that compiled code reads and extends."""

    slots: NDArray[np.int32]
    """(2**SLOT_BITS,) number of the token whose hash leads here; -1 when empty."""
    hashes: NDArray[np.uint64]
    """(LIMIT,) hash by number."""
    key_starts: NDArray[np.int64]
    """(LIMIT + 1,) where each token lies in keys; a token ends where the next starts."""
    keys: NDArray[np.int32]
    """Code points of the tokens, one after the other."""
    sizes: NDArray[np.int64]
    """(2,) how many tokens there are, and how many of their code points."""


class GrowingArray:
    """An array that grows at its end; `array` is a view that holds until it grows."""

    def __init__(self, dtype: DTypeLike) -> None:
        self._room = np.empty(1024, dtype)  # a sub-array type gives it a second dimension
        self._size = 0

    @property
    def array(self) -> NDArray[Any]:
        """What was added so far."""
        return self._room[: self._size]

    def extend(self, values: NDArray[Any]) -> None:
        """Add values at the end."""
        end = self._size + len(values)
        if end > len(self._room):
            grown = np.empty((max(end, 2 * len(self._room)), *self._room.shape[1:]), self._room.dtype)
            grown[: self._size] = self.array
            self._room = grown
        self._room[self._size : end] = values
        self._size = end

    def clear(self) -> None:
        """Remove all values. Views keep theirs."""
        self._room = np.empty((1024, *self._room.shape[1:]), self._room.dtype)
        self._size = 0


class Numbered(NamedTuple):
    """Tokens of the rows `first` to `end` of a column."""

    first: int
    end: int
    ids: NDArray[np.int32]
    """Numbers of all tokens."""
    ends: NDArray[np.int64]
    """(end - first,) where each row's numbers end in `ids`."""
    left_over: NDArray[np.bool_]
    """(end - first,) rows without numbers, because the tables do not cover them."""


class TokenMemo(ABC):
    """Numbers tokens and has `_learn` called for each new one. Of the public methods, `read_all` is thread-safe."""

    def __init__(self, forms: NDArray[np.int32], *, with_signs: bool) -> None:
        self._forms = forms
        self._with_signs = with_signs
        self._store = Store(
            slots=np.full(1 << compiled.SLOT_BITS, -1, np.int32),
            hashes=np.empty(LIMIT, np.uint64),
            key_starts=np.zeros(LIMIT + 1, np.int64),
            keys=np.empty(_KEY_ROOM, np.int32),
            sizes=np.zeros(2, np.int64),
        )
        self._learned = 0
        self._lock = Lock()

    @property
    def size(self) -> int:
        """How many tokens are numbered."""
        return int(self._store.sizes[0])

    def read_all(
        self, data: NDArray[np.uint8], offsets: NDArray[np.int64], known: Callable[[], Known]
    ) -> list[tuple[Numbered, Known]]:
        """Every part of `read`, with what `known` returns for its numbers.

        `known` is called while no other thread can add tokens. Views of growing arrays that it returns hold for as
        long as they are kept, so the work on them needs no lock.
        """
        with self._lock:
            return [
                (part if part.end == len(offsets) - 1 else part._replace(ids=part.ids.copy()), known())
                for part in self.read(data, offsets)
            ]

    def read(self, data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> Iterator[Numbered]:
        """Tokens of the texts `data[offsets[i]:offsets[i + 1]]`, UTF-8, in order.

        Numbers hold until the next item is requested: the memo may start again in between.
        """
        rows, first = len(offsets) - 1, 0
        ids = np.empty(int(offsets[-1] - offsets[0]), np.int32)
        ends, left_over = np.zeros(rows, np.int64), np.zeros(rows, np.bool_)
        has_started_again = False
        while first < rows:
            end = compiled.read_tokens(
                *(data, offsets, first, kinds(), self._forms, self._with_signs, self._store, ids, ends, left_over)
            )
            if end == first and not has_started_again:
                self._start_again()
                has_started_again = True
                continue
            if end == first:  # one row alone fills the store
                ends[first], left_over[first] = 0, True
                end += 1
            has_started_again = False
            self._learn_new()
            part = slice(first, end)
            yield Numbered(first, end, ids[: ends[end - 1]], ends[part], left_over[part])
            first = end

    def _number(self, tokens: Sequence[str]) -> NDArray[np.int32]:
        """Numbers of tokens that a text need not hold; shape (len(tokens),).

        Raises:
            MemoryError: the store has no room for them.
        """
        points = np.frombuffer("".join(tokens).encode("utf-32-le"), np.int32)
        starts = np.append(0, np.cumsum([len(token) for token in tokens], dtype=np.int64))
        ids = np.empty(len(tokens), np.int32)
        compiled.number_tokens(points, starts, self._store, ids)
        if (ids < 0).any():
            raise MemoryError(f"no room for {len(tokens)} more tokens beside {self.size}")
        return ids

    def _learn_new(self) -> None:
        while self._learned < self.size:  # learning a token may number more of them
            first, end = self._learned, self.size
            self._learned = end
            self._learn(first, self._tokens(first, end))

    def _tokens(self, first: int, end: int) -> list[str]:
        starts = self._store.key_starts[first : end + 1]
        text = self._store.keys[starts[0] : starts[-1]].tobytes().decode("utf-32-le")
        bounds = (starts - starts[0]).tolist()
        return [text[a:b] for a, b in pairwise(bounds)]

    @abstractmethod
    def _learn(self, first: int, tokens: Sequence[str]) -> None:
        """Work out what is to be known of new tokens, numbered from `first` on."""

    def _start_again(self) -> None:
        self._store.slots.fill(-1)
        self._store.sizes[:] = 0
        self._learned = 0
