"""A classifier's weights and vocabularies packed into arrays, in the form that compiled code reads.

Not here: the classifier (classifier.py), what reads these arrays (compiled.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from socialsent_assets.domain.learning.features import NEGATED
from socialsent_assets.domain.learning.linear import compiled
from socialsent_assets.domain.learning.linear.grams import grow_trie

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from socialsent_assets.domain.learning.classifier import Classifier, Terms

__all__ = ["Model", "Trie", "Vocabulary", "code_points", "in_order", "model_of", "trie_of", "with_weights"]

_LOGARITHMS = 1024  # counts whose logarithm is looked up


class Vocabulary(NamedTuple):
    """The terms of words, by kind: term -> its row among the weights."""

    single: Mapping[str, int]
    negated: Mapping[str, int]
    """Without the mark."""
    pairs: Mapping[tuple[str, str], int]

    @classmethod
    def of(cls, terms: Sequence[str]) -> Vocabulary:
        """Sort the terms of a model by kind. No token holds a space or capital, so a term's form shows its kind."""
        single, negated, pairs = {}, {}, {}
        for row, term in enumerate(terms):
            first, space, second = term.partition(" ")
            if space:
                pairs[first, second] = row
            elif term.endswith(NEGATED):
                negated[term.removesuffix(NEGATED)] = row
            else:
                single[term] = row
        return cls(single, negated, pairs)

    def words(self) -> list[str]:
        """Every word that a term is made of, once."""
        return list(dict.fromkeys([*self.single, *self.negated, *(word for pair in self.pairs for word in pair)]))


class Trie(NamedTuple):
    """Character n-grams; an edge is known by its node and a character."""

    edges: NDArray[np.uint64]
    targets: NDArray[np.int32]
    terms: NDArray[np.int32]
    """By node: row among the weights of the n-gram that ends there; -1 where none does."""


class Model(NamedTuple):
    """Everything of a classifier that scoring reads."""

    word_terms: NDArray[np.float32]
    """(terms, 8) inverse document frequency, a weight and what the mere presence adds for each class; a filler."""
    character_terms: NDArray[np.float32]
    """(terms, 4) inverse document frequency, and a weight for each class."""
    numbers: NDArray[np.float64]
    """(NUMBERS, 3)."""
    intercept: NDArray[np.float64]
    """(3,)."""
    pairs: NDArray[np.uint64]
    """A hash table; each slot holds the numbers of two words and the term of the pair."""
    pair_filter: NDArray[np.uint8]
    """(2**FILTER_BITS / 8,) one bit for each hash of a pair."""
    logarithms: NDArray[np.float64]
    """1 + ln of the small counts."""


def model_of(
    classifier: Classifier,
    vocabulary: Vocabulary,
    number_of: Mapping[str, int],
    character_terms: NDArray[np.float32],
) -> Model:
    """The arrays of a classifier; `number_of` has every word of the vocabulary."""
    firsts, seconds = ([number_of[pair[k]] for pair in vocabulary.pairs] for k in (0, 1))
    pairs = np.full(_slots(len(firsts)), compiled.NO_PAIR, np.uint64)
    pair_filter = np.zeros(1 << (compiled.FILTER_BITS - 3), np.uint8)
    columns = (np.array(each, np.int32) for each in (firsts, seconds, list(vocabulary.pairs.values())))
    compiled.put_pairs(*columns, pairs, pair_filter)
    return Model(
        word_terms=_with_evidence(classifier.words, classifier.evidence),
        character_terms=character_terms,
        numbers=classifier.numbers.astype(np.float64),
        intercept=np.ascontiguousarray(classifier.intercept),
        pairs=pairs,
        pair_filter=pair_filter,
        logarithms=1 + np.log(np.maximum(np.arange(_LOGARITHMS), 1.0)),
    )


def in_order(terms: Terms, order: NDArray[np.int64]) -> Terms:
    """The same terms with the same weights, in another order."""
    vocabulary = tuple(terms.vocabulary[i] for i in order)
    return replace(terms, vocabulary=vocabulary, rarity=terms.rarity[order], weights=terms.weights[order])


def trie_of(terms: Sequence[str]) -> Trie:
    """The trie of these n-grams."""
    points, starts = code_points(terms)
    edges, targets = np.zeros(_slots(len(points)), np.uint64), np.zeros(_slots(len(points)), np.int32)
    nodes = np.full(len(points) + 1, -1, np.int32)
    grow_trie(points, starts, edges, targets, nodes)
    return Trie(edges, targets, nodes)


def code_points(words: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The characters of all words one after the other, and where each word starts, and the last one ends."""
    points = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), np.int32)
    return points.copy(), np.append(0, np.cumsum([len(word) for word in words], dtype=np.int64))


def _slots(entries: int) -> int:
    return 1 << max(4, (2 * entries - 1).bit_length())


def with_weights(terms: Terms) -> NDArray[np.float32]:
    """(terms, 4) inverse document frequency, then a weight for each class."""
    return np.ascontiguousarray(np.column_stack([terms.rarity, terms.weights]), np.float32)


def _with_evidence(terms: Terms, evidence: NDArray[np.float32]) -> NDArray[np.float32]:
    filler = np.zeros(len(evidence), np.float32)
    return np.ascontiguousarray(np.column_stack([with_weights(terms), evidence, filler]), np.float32)
