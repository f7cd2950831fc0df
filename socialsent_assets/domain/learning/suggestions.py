"""Choice of the texts that are most worth a person's label: those that the reader is unsure of, and not all alike.

Labels of what a model already knows teach it nothing, and a hundred copies of one doubtful phrase teach it one thing.
Each choice takes the text with the highest product of doubt and distance to all that were chosen before.

Not here: whose doubt it is and which texts there are (ml/label_queue.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from socialsent_assets.domain.language.text import words
from socialsent_assets.domain.learning.labels import same_text_key

__all__ = ["margin_doubt", "polarity_doubt", "suggested"]

Floats = npt.NDArray[np.float64]

POOL_PER_CHOICE = 20
SMALLEST_POOL = 500
"""The most doubtful texts among which the different ones are chosen: a bound on the work."""

_HASHES = 2**16


def margin_doubt(probabilities: Floats) -> Floats:
    """Doubt of a classifier, shape (n,), 0..1: one minus the lead of the likeliest class over the second."""
    ordered = np.sort(probabilities, axis=1)
    doubt: Floats = 1.0 - (ordered[:, -1] - ordered[:, -2])
    return doubt


def polarity_doubt(polarity: Floats) -> Floats:
    """Doubt of the lexicon, shape (n,), 0..1: highest where it found nothing to go by."""
    doubt: Floats = 1.0 - np.abs(polarity)
    return doubt


def suggested(texts: Sequence[str], doubt: Floats, count: int, seed: int = 0) -> list[int]:
    """At most `count` rows, the most useful first; of texts that are the same but for case or signs, one.

    Args:
        texts: clean texts.
        doubt: shape (n,), 0..1.
        count: rows to choose.
        seed: decides between texts of equal doubt; the same seed gives the same rows.

    Raises:
        ValueError: the shapes do not fit.
    """
    if doubt.shape != (len(texts),):
        raise ValueError(f"{len(texts)} texts with doubts of shape {doubt.shape}")
    pool = _pool(texts, doubt, max(SMALLEST_POOL, POOL_PER_CHOICE * count), seed)
    if not pool:
        return []
    vectors = _vectors([texts[row] for row in pool])
    value = doubt[pool].copy()
    nearest = np.zeros(len(pool))
    chosen: list[int] = []
    while len(chosen) < min(count, len(pool)):
        worth = value * (1.0 - np.minimum(nearest, 1.0))
        best = int(np.where(value < 0, -np.inf, worth).argmax())
        chosen.append(pool[best])
        value[best] = -1.0  # taken
        nearest = np.maximum(nearest, (vectors @ vectors[best].T).toarray().ravel())
    return chosen


def _pool(texts: Sequence[str], doubt: Floats, size: int, seed: int) -> list[int]:
    """Rows of the most doubtful different texts that hold a word, in order."""
    shuffled = np.random.default_rng(seed).permutation(len(texts))
    ordered = shuffled[np.argsort(-doubt[shuffled], kind="stable")]
    seen: set[str] = set()
    pool: list[int] = []
    for row in ordered.tolist():
        key = same_text_key(texts[row])
        if key and key not in seen and words(texts[row]):
            seen.add(key)
            pool.append(row)
            if len(pool) == size:
                break
    return pool


def _vectors(texts: Sequence[str]):  # type: ignore[no-untyped-def]  # scipy has no types
    from sklearn.feature_extraction.text import HashingVectorizer  # a second

    return HashingVectorizer(analyzer=words, n_features=_HASHES, binary=True, alternate_sign=False).transform(texts)
