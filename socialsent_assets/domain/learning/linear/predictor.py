"""Scores of Arrow columns by the compiled classifier.

Texts that are not readable as they are go through `features.readable`, new tokens through `text._word`: plain
Python, once each. Rows that the compiled tokenizer leaves over are reported, and scored by scikit-learn.

Imports numba. Not here: calibration and batches (classifier.py), the sums (compiled.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from socialsent_assets.domain.language import normalise, text
from socialsent_assets.domain.language.polarity import score_texts
from socialsent_assets.domain.language.tokenizer.arrow import buffers_of
from socialsent_assets.domain.language.tokenizer.memo import LIMIT, GrowingArray, Numbered, TokenMemo
from socialsent_assets.domain.language.tokenizer.tables import kinds, lowered
from socialsent_assets.domain.learning import features
from socialsent_assets.domain.learning.linear import compiled
from socialsent_assets.domain.learning.linear.grams import LONGEST_GRAM, SHORTEST_GRAM, find_grams
from socialsent_assets.domain.learning.linear.plain import find_plain
from socialsent_assets.domain.learning.linear.tables import (
    Vocabulary,
    code_points,
    in_order,
    model_of,
    trie_of,
    with_weights,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from socialsent_assets.domain.learning.classifier import Classifier

__all__ = ["Predictor", "Scored", "column_of"]


class Scored(NamedTuple):
    """What the compiled classifier found for n texts.

    Attributes:
        scores: float64, shape (n, 3), uncalibrated; not set where `left_over`.
        is_silent: bool, shape (n,): the text holds no word.
        left_over: bool, shape (n,): the text must be scored by the reference.
    """

    scores: NDArray[np.float64]
    is_silent: NDArray[np.bool_]
    left_over: NDArray[np.bool_]


class Words(NamedTuple):
    """What is known of each number of a token, in the form that compiled code reads."""

    word_of: NDArray[np.int32]
    """The number of the token's word; -1 for a fragment that is none."""
    words: NDArray[np.void]
    """compiled.WORD of each number, as a word."""
    gram_starts: NDArray[np.int64]
    """Where the word's n-grams start in grams; they end where the next word's start."""
    grams: NDArray[np.int32]
    gram_sums: NDArray[np.float64]
    """(words, 4) of each word's n-grams, each counted once: squares of the rarities, weights of each class."""


class Predictor(TokenMemo):
    """One classifier, compiled. Caches what it learned of words; `score` is thread-safe.

    Raises:
        MemoryError: the classifier's vocabulary is larger than the memo.
    """

    def __init__(self, classifier: Classifier) -> None:
        super().__init__(lowered(), with_signs=True)
        self._vocabulary = Vocabulary.of(classifier.words.vocabulary)
        # Frequent n-grams first: what most posts read then lies together, in the nearest cache.
        characters = in_order(classifier.characters, np.argsort(classifier.characters.rarity, kind="stable"))
        self._trie = trie_of(characters.vocabulary)
        self._firsts = {first for first, _ in self._vocabulary.pairs}
        self._seconds = {second for _, second in self._vocabulary.pairs}
        self._word_of = GrowingArray(np.int32)
        self._words = GrowingArray(compiled.WORD)
        self._gram_starts = GrowingArray(np.int64)
        self._grams = GrowingArray(np.int32)
        self._gram_sums = GrowingArray(np.dtype((np.float64, 4)))
        self._known = (self._word_of, self._words, self._gram_starts, self._grams, self._gram_sums)
        self._character_terms = with_weights(characters)
        self._model = model_of(classifier, self._vocabulary, self._learn_vocabulary(), self._character_terms)

    def score(self, texts: pa.LargeStringArray) -> Scored:
        """Scores of texts as they came in."""
        found = Scored(np.zeros((len(texts), 3)), np.zeros(len(texts), np.bool_), np.zeros(len(texts), np.bool_))
        column = _readable(texts)
        data, offsets = buffers_of(column)
        scores = score_texts(column)
        polarity = np.column_stack([scores.polarity, scores.pos, scores.neu, scores.neg])
        for part, words in self.read_all(data, offsets, self._known_words):
            rows = slice(part.first, part.end)
            found.left_over[rows] = part.left_over
            of_part = Scored(found[0][rows], found[1][rows], found[2][rows])
            self._weigh(part, words, data, offsets, polarity[rows], of_part)
        return found

    def _known_words(self) -> Words:
        return Words(*(each.array for each in self._known))

    def _weigh(
        self,
        part: Numbered,
        words: Words,
        data: NDArray[np.uint8],
        offsets: NDArray[np.int64],
        polarity: NDArray[np.float64],
        found: Scored,
    ) -> None:
        compiled.weigh_rows(
            *(data, offsets[part.first : part.end + 1], part.ids, part.ends, words, self._model, kinds(), polarity),
            *(found.left_over, found.scores, found.is_silent),
        )

    # ------------------------------------------------------------------------------------------- learning

    def _learn_vocabulary(self) -> dict[str, int]:
        self._gram_starts.extend(np.zeros(1, np.int64))
        words = self._vocabulary.words()
        if len(words) > LIMIT // 2:
            raise MemoryError(f"{len(words):,} words in the vocabulary: {LIMIT // 2:,} fit")
        numbers = self._number(words)
        self._learn_new()
        return dict(zip(words, numbers.tolist(), strict=True))

    def _start_again(self) -> None:
        super()._start_again()
        for each in self._known:
            each.clear()
        self._learn_vocabulary()  # gives the same numbers, which the pairs of the model hold

    def _learn(self, first: int, tokens: Sequence[str]) -> None:
        own = np.arange(first, first + len(tokens), dtype=np.int32)
        self._word_of.extend(self._numbers_of([text._word(token) for token in tokens], tokens, own))
        words = np.zeros(len(tokens), compiled.WORD)
        words["valence"] = [features.valence_of(token) for token in tokens]
        words["term"] = [self._vocabulary.single.get(token, -1) for token in tokens]
        words["negated_term"] = [self._vocabulary.negated.get(token, -1) for token in tokens]
        words["flags"] = [self._flags(token) for token in tokens]
        words["starts_with"] = [features.MARKS.find(token[0]) + 1 for token in tokens]
        words["is_mark"] = [token in features.MARKS for token in tokens]
        words["grown"] = self._numbers_of([_grown(token) for token in tokens], tokens, own)
        self._words.extend(words)
        self._learn_grams(tokens)

    def _numbers_of(self, wanted: list[str], tokens: Sequence[str], own: NDArray[np.int32]) -> NDArray[np.int32]:
        """Numbers of the wanted words, most of which equal the token that they come from; -1 for ""."""
        found = own.copy()
        others = [k for k, (word, token) in enumerate(zip(wanted, tokens, strict=True)) if word != token]
        found[others] = -1
        others = [k for k in others if wanted[k]]
        if others:
            found[others] = self._number([wanted[k] for k in others])
        return found

    def _flags(self, token: str) -> int:
        first = token[0]
        return (
            compiled.NEGATION * features.is_negation(token)
            | compiled.ENDS_CLAUSE * (token in features.CLAUSE_END)
            | compiled.APART * (token in features.APART)
            | compiled.ALPHANUMERIC * first.isalnum()
            | compiled.DIGIT * first.isdigit()
            | compiled.HASHTAG * (first == "#")
            | compiled.USER * (token == normalise.USER)
            | compiled.PAIR_FIRST * (token in self._firsts)
            | compiled.PAIR_SECOND * (token in self._seconds)
        )

    def _learn_grams(self, tokens: Sequence[str]) -> None:
        points, starts = code_points(tokens)
        grams = np.empty((LONGEST_GRAM - SHORTEST_GRAM + 1) * (len(points) + 2 * len(tokens)), np.int32)
        ends = np.empty(len(tokens), np.int64)
        sums = np.zeros((len(tokens), 4))
        find_grams(points, starts, *self._trie, self._character_terms, grams, ends, sums)
        self._gram_starts.extend(len(self._grams.array) + ends)
        self._grams.extend(grams[: ends[-1]])
        self._gram_sums.extend(sums)


def _grown(token: str) -> str:
    if token[0] in features.MARKS and len(token) < features.LONGEST_RUN:
        return token + token[0]
    return token


# ------------------------------------------------------------------------------------------------- columns


def column_of(texts: Sequence[str | None] | pa.Array | pa.ChunkedArray) -> pa.LargeStringArray:
    """The texts as a column without missing ones; half a surrogate pair becomes U+FFFD, as cleaning has it."""
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    if not isinstance(texts, pa.Array):
        try:
            texts = pa.array(texts, pa.large_string())
        except UnicodeEncodeError:
            texts = pa.array([each and text._LONE_SURROGATE.sub("\ufffd", each) for each in texts], pa.large_string())
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    column = texts.cast(pa.large_string())
    return column.fill_null("") if column.null_count else column


def _readable(column: pa.LargeStringArray) -> pa.LargeStringArray:
    data, offsets = buffers_of(column)
    is_plain = np.empty(len(column), np.bool_)
    find_plain(data, offsets, features.LONGEST_TEXT, is_plain)
    rows = np.flatnonzero(~is_plain)
    if not len(rows):
        return column
    texts = [features.readable(each) for each in column.take(pa.array(rows)).to_pylist()]
    wanted = np.arange(len(column))
    wanted[rows] = len(column) + np.arange(len(rows))
    return pa.concat_arrays([column, pa.array(texts, pa.large_string())]).take(pa.array(wanted))
