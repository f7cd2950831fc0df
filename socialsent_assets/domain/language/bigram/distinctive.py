"""Distinctive bigrams: pairs of words that set one group of posts apart from the others.

The commonest pairs ("in the") are the same everywhere. Ranked here is the z-score of the difference in log odds,
with the pairs of all groups together as prior, so that neither common nor once-seen pairs win by themselves.
Source: Monroe, Colaresi and Quinn, "Fightin' Words" (2008), equations 16 and 22.

Not here: probabilities of the next word (model.py).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

__all__ = ["TypicalBigram", "typical_bigrams"]

PRIOR_SHARE = 0.1
"""Weight of the prior, as a share of the pairs that were counted: larger favours common pairs."""


class TypicalBigram(NamedTuple):
    """A pair of words, its count in its group, and how surely it is more frequent there than elsewhere
    (a z-score: beyond 1.96 is unlikely by chance, for one pair looked at alone).
    """

    first: str
    second: str
    times: int
    z: float


def typical_bigrams(
    groups: Mapping[str, Iterable[Sequence[str]]],
    k: int = 10,
    at_least: int = 5,
    vocabulary: Container[str] | None = None,
) -> dict[str, list[TypicalBigram]]:
    """The k pairs that are most typical of each group, best first; pairs with a punctuation mark are left out.

    `groups`: sentences of `text.words` by group name. `at_least`: minimum count of a pair in the group.
    A pair is listed only where it is more frequent than in the other groups together, and both of its words are in
    the `vocabulary`, if there is one.
    """
    counted = {name: _pairs(sentences) for name, sentences in groups.items()}
    everywhere: Counter[tuple[str, str]] = Counter()
    for counts in counted.values():
        everywhere.update(counts)
    total = everywhere.total()
    found = {}
    for name, counts in counted.items():
        here = counts.total()
        ranked = [
            TypicalBigram(*pair, n, _z(n, everywhere[pair] - n, here, total - here, everywhere[pair]))
            for pair, n in counts.items()
            if n >= at_least and (vocabulary is None or (pair[0] in vocabulary and pair[1] in vocabulary))
        ]
        ranked.sort(key=lambda bigram: (-bigram.z, bigram[:2]))
        found[name] = [bigram for bigram in ranked[:k] if bigram.z > 0]
    return found


def _pairs(sentences: Iterable[Sequence[str]]) -> Counter[tuple[str, str]]:
    return Counter(
        pair
        for sentence in sentences
        for pair in pairwise(sentence)
        if any(map(str.isalnum, pair[0])) and any(map(str.isalnum, pair[1]))
    )


def _z(here: int, elsewhere: int, total_here: int, total_elsewhere: int, everywhere: int) -> float:
    prior, prior_total = PRIOR_SHARE * everywhere, PRIOR_SHARE * (total_here + total_elsewhere)

    def log_odds(count: int, total: int) -> float:
        return math.log(count + prior) - math.log(total + prior_total - count - prior)

    if total_elsewhere == 0 or here == total_here:
        return 0.0  # one group, or one pair: there is nothing to set it apart from
    deviation = math.sqrt(1 / (here + prior) + 1 / (elsewhere + prior))
    return (log_odds(here, total_here) - log_odds(elsewhere, total_elsewhere)) / deviation
