"""Self-training: labels that a classifier is sure of, for texts that nobody labelled, to learn from beside people's.

Of each class equally many are taken, the surest first, and at most half as many as people labelled: a model that
learned mostly from itself would repeat its own mistakes. Held-out posts are never among them.

Not here: training (training.py), the comparison with the model that did without (candidates.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from socialsent_assets.domain.learning.classifier import Classifier
from socialsent_assets.domain.learning.labels import CLASSES, LabelledPosts, same_text_key

__all__ = ["LEAST_CERTAIN", "joined", "pseudo_labelled"]

LEAST_CERTAIN = 0.85
"""Probability from which on an answer is taken for a label."""

SHARE = 0.5
"""Pseudo-labels of a class at most, as a share of people's labels over all classes, divided by their number."""


def pseudo_labelled(
    classifier: Classifier, texts: Sequence[str], posts: LabelledPosts, held_out: LabelledPosts
) -> LabelledPosts:
    """Texts with the classifier's own labels, distinct, and none that people labelled or that is held out."""
    known = {same_text_key(text) for part in (posts, held_out) for text in part.texts}
    fresh: dict[str, str] = {}
    for text in texts:
        key = same_text_key(text)
        if key and key not in known:
            fresh.setdefault(key, text)
    kept = list(fresh.values())
    probabilities = classifier.probabilities(kept)
    answers, sure = probabilities.argmax(axis=1), probabilities.max(axis=1)
    by_class = [
        sorted(np.flatnonzero((answers == place) & (sure >= LEAST_CERTAIN)).tolist(), key=lambda row: -sure[row])
        for place in range(len(CLASSES))
    ]
    # Equally many, or the commonest class of the unlabelled texts would take over.
    most = min(int(SHARE * len(posts) / len(CLASSES)), *map(len, by_class))
    rows = sorted(row for found in by_class for row in found[:most])
    return LabelledPosts([kept[row] for row in rows], answers[rows].astype(np.int64))


def joined(posts: LabelledPosts, more: LabelledPosts) -> LabelledPosts:
    """The posts of both, those of people first."""
    return LabelledPosts([*posts.texts, *more.texts], np.concatenate([posts.labels, more.labels]))
