"""Interpolated modified Kneser-Ney smoothing of bigram counts, as arithmetic on arrays.

Source: Chen and Goodman, "An empirical study of smoothing techniques for language modeling" (1999),
equations 26 and 27. The lower order is estimated from continuation counts (how many different words
a word follows), itself discounted and interpolated with the uniform distribution, so that no word
has probability zero.

Not here: words and their ids, counting, queries (model.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Smoothing", "discounts", "smooth"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

# Counts of counts of a very small corpus can make the closed form meaningless (a division by zero,
# or a discount that is not above 0). These values are the ones that KenLM's lmplz falls back to.
FALLBACK_DISCOUNTS = (0.5, 1.0, 1.5)


@dataclass(frozen=True)
class Smoothing:
    """What turns counts into probabilities.

    Attributes:
        discounts: shape (4,): what is taken from a count of 0, 1, 2 and 3 or more.
        lower: shape (V,): probability of each word without a history; sums to 1.
        backoff: shape (V,): share of each history's mass that goes to `lower`; 1 where unseen.
        totals: shape (V,): number of bigrams that start with each word.
    """

    discounts: Floats
    lower: Floats
    backoff: Floats
    totals: Integers


def discounts(counts: npt.NDArray[np.integer]) -> Floats:
    """What to take from counts of 0, 1, 2 and 3+, from the counts of counts; shape (4,).

    >>> discounts(np.array([1] * 8 + [2] * 4 + [3] * 2 + [4])).round(3).tolist()
    [0.0, 0.5, 1.25, 2.0]
    """
    n1, n2, n3, n4 = (int(np.count_nonzero(counts == k)) for k in (1, 2, 3, 4))
    if min(n1, n2, n3) > 0:
        y = n1 / (n1 + 2 * n2)
        found = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
        if all(0 < d <= k for k, d in enumerate(found, start=1)):
            return np.array((0.0, *found))
    return np.array((0.0, *FALLBACK_DISCOUNTS))


def smooth(histories: Integers, words: Integers, counts: Integers, size: int, impossible: int) -> Smoothing:
    """Smoothing for distinct bigrams.

    Args:
        histories: shape (n,), first word id of each distinct bigram.
        words: shape (n,), second word id of each.
        counts: shape (n,), how often it was seen, >= 1.
        size: number of word ids, V.
        impossible: id that is never predicted (the start of a post) and gets probability 0.
    """
    high = discounts(counts)
    totals = np.bincount(histories, weights=counts, minlength=size).astype(np.int64)
    freed = np.bincount(histories, weights=high[np.minimum(counts, 3)], minlength=size)
    backoff = np.divide(freed, totals, out=np.ones(size), where=totals > 0)

    continuations = np.bincount(words, minlength=size)
    low = discounts(continuations)[np.minimum(continuations, 3)]
    lower = (continuations - low) / len(words) + low.sum() / len(words) / (size - 1)
    lower[impossible] = 0.0
    return Smoothing(high, lower, backoff, totals)
