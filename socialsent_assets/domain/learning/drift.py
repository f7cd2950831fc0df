"""Does what arrives still look like what the classifier learned from? Population stability of three profiles.

The index compares two distributions over the same bins: sum of (now - then) x ln(now / then). Below 0.1 it is
usually read as stable, above 0.2 as a shift (Siddiqi, "Credit Risk Scorecards", 2006). It is zero only for equal
shares, and does not show which of the two is right.

Not here: which texts are compared (ml/drift_check.py), what happens then (defs/).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from socialsent_assets.domain.language.polarity import score_texts
from socialsent_assets.domain.language.text import clean_texts, words
from socialsent_assets.domain.learning.labels import CLASSES

__all__ = ["FEWEST_TEXTS", "THRESHOLD", "Profile", "profile", "shifts", "stability", "training_profile"]

THRESHOLD = 0.2

FEWEST_TEXTS = 200
"""Texts below which chance alone moves the index: with ten bins and n texts, by about 9 / n."""

_POLARITY_BINS = np.linspace(-1, 1, 11)
_EMPTY_BIN = 0.5  # counted in place of nothing: the logarithm needs a number, and a rare bin must not decide alone


@dataclass(frozen=True)
class Profile:
    """How texts are distributed; all values are counts.

    Attributes:
        sentiment: of the lexicon's classes, in the order of `CLASSES`.
        polarity: of ten equal steps of polarity from -1 to 1.
        vocabulary: of the words that the classifier knows, and of those that it does not.
    """

    sentiment: list[int]
    polarity: list[int]
    vocabulary: list[int]

    @property
    def texts(self) -> int:
        """How many texts these are."""
        return sum(self.sentiment)

    def as_json(self) -> dict[str, Any]:
        """For a model card."""
        return asdict(self)

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Profile:
        """The inverse of `as_json`. Raises ValueError for anything else."""
        try:
            made = cls(*([int(n) for n in found[name]] for name in ("sentiment", "polarity", "vocabulary")))
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a profile: {error!r}") from error
        sizes = (len(made.sentiment), len(made.polarity), len(made.vocabulary))
        if sizes != (len(CLASSES), len(_POLARITY_BINS) - 1, 2):
            raise ValueError(f"not a profile: bins of {sizes}")
        return made


def profile(
    polarity: npt.NDArray[np.float64], sentiments: Sequence[str], texts: Sequence[str], vocabulary: Collection[str]
) -> Profile:
    """The profile of scored texts.

    Args:
        polarity: shape (n,), -1 to 1.
        sentiments: the lexicon's class names, n of them.
        texts: clean texts whose words are counted; these may be fewer than n.
        vocabulary: words that the classifier knows.
    """
    bins, _ = np.histogram(polarity, _POLARITY_BINS)
    spoken = [word for text in texts for word in words(text) if word[0].isalpha()]
    known = sum(word in vocabulary for word in spoken)
    return Profile(
        sentiment=[sum(found == name for found in sentiments) for name in CLASSES],
        polarity=[int(n) for n in bins],
        vocabulary=[known, len(spoken) - known],
    )


def training_profile(
    texts: Sequence[str], unseen: Sequence[str], vocabulary: Collection[str], most: int = 20_000
) -> Profile:
    """The profile of what a classifier learned from, for drift to be measured against.

    Args:
        texts: that it learned from, as they came in; of very many, a fixed share.
        unseen: texts like them that it did not learn from, whose words are counted.
        vocabulary: words that it knows.
        most: texts that are looked at.
    """
    step = slice(None, None, 1 + len(texts) // most)
    scores = score_texts(clean_texts(texts[step]))
    return profile(scores.polarity, scores.sentiments().tolist(), clean_texts(unseen[:most]), vocabulary)


def stability(now: Sequence[int], then: Sequence[int]) -> float:
    """Population stability index of two rows of counts over the same bins; 0 when the shares are equal.

    >>> round(stability([50, 50], [500, 500]), 3), round(stability([80, 20], [500, 500]), 3)
    (0.0, 0.416)
    """
    if not sum(now) or not sum(then):
        return 0.0
    a, b = (np.maximum(np.array(counts, float), _EMPTY_BIN) for counts in (now, then))
    a, b = a / a.sum(), b / b.sum()
    return float(((a - b) * np.log(a / b)).sum())


def shifts(now: Profile, then: Profile) -> dict[str, float]:
    """The index of each profile: `label mix`, `polarity`, `vocabulary`."""
    return {
        "label mix": stability(now.sentiment, then.sentiment),
        "polarity": stability(now.polarity, then.polarity),
        "vocabulary": stability(now.vocabulary, then.vocabulary),
    }
