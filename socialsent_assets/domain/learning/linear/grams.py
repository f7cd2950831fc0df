"""Character n-grams in a trie, compiled: the terms of a word, as scikit-learn's "char_wb" cuts them.

Imports numba. Not here: what n-grams weigh (compiled.py).
"""

from __future__ import annotations

import numpy as np

from socialsent_assets.domain.language.compiling import borrowing

__all__ = ["LONGEST_GRAM", "SHORTEST_GRAM", "find_grams", "grow_trie"]

# The constants below are compiled in, and numba notices a change of this file alone: they must stay in it.

SHORTEST_GRAM, LONGEST_GRAM = 2, 5
"""As `tfidf.CHARACTER_RANGE` (a test compares)."""

HASH_FACTOR = 0x9E3779B97F4A7C15
"""2**64 / golden ratio, the multiplier of Fibonacci hashing (Knuth, TAOCP 3, 6.4)."""

_OCCUPIED = 1 << 63
_PADDING = 32  # the space before and after a word is part of its n-grams


@borrowing
def grow_trie(points, starts, edges, targets, terms):  # type: ignore[no-untyped-def]
    """Puts the n-grams points[starts[k]:starts[k + 1]] into an empty trie; n-gram k ends in a node of term k.

    An edge is known by node and character: their key leads to a node through `edges` and `targets`.
    """
    nodes = 1
    for k in range(len(starts) - 1):
        node = np.int64(0)
        for i in range(starts[k], starts[k + 1]):
            key = np.uint64(node) << np.uint64(32) | np.uint64(points[i])
            slot = _slot(key, edges)
            if edges[slot] == 0:
                edges[slot] = key | np.uint64(_OCCUPIED)
                targets[slot] = nodes
                nodes += 1
            node = np.int64(targets[slot])
        terms[node] = k


@borrowing
def find_grams(points, starts, edges, targets, nodes, terms, grams, ends, sums):  # type: ignore[no-untyped-def]
    """Terms of the n-grams of the words points[starts[k]:starts[k + 1]], as "char_wb" of scikit-learn cuts them.

    `grams` receives the terms that the model knows, word after word, `ends` where each word's end in it, `sums`
    (words, 4) the sum of their squares and of their weights for each class, all terms counted once.
    """
    found = 0
    for k in range(len(ends)):
        length = starts[k + 1] - starts[k] + 2
        for i in range(length - 1):
            node = np.int64(0)
            for n in range(min(LONGEST_GRAM, length - i)):
                at = starts[k] + i + n - 1
                point = points[at] if starts[k] <= at < starts[k + 1] else _PADDING
                node = _find(np.uint64(node) << np.uint64(32) | np.uint64(point), edges, targets)
                if node < 0:
                    break
                term = nodes[node]
                if n + 1 >= SHORTEST_GRAM and term >= 0:
                    grams[found] = term
                    found += 1
                    rarity = np.float64(terms[term, 0])
                    sums[k, 0] += rarity * rarity
                    for j in range(1, 4):
                        sums[k, j] += rarity * terms[term, j]
        ends[k] = found


@borrowing
def _slot(key, keys):  # type: ignore[no-untyped-def]
    """Slot of the key, or the empty one where it belongs; the number of slots is a power of two."""
    mask = len(keys) - 1
    slot = np.int64((key * np.uint64(HASH_FACTOR)) >> np.uint64(32)) & mask
    while keys[slot] != 0 and keys[slot] != key | np.uint64(_OCCUPIED):
        slot = (slot + 1) & mask
    return slot


@borrowing
def _find(key, keys, values):  # type: ignore[no-untyped-def]
    slot = _slot(key, keys)
    return np.int64(values[slot]) if keys[slot] != 0 else np.int64(-1)
