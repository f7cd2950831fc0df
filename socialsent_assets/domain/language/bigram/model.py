"""The next-word model: bigram counts of posts with interpolated modified Kneser-Ney smoothing.

A sentence is one post as `text.words` gives it: lower case, stop words kept, not stemmed, so that
the model predicts words that people write. Every sentence starts with `<s>` and ends with `</s>`;
words seen fewer than `min_count` times in training, or written by fewer than `min_authors`
people, are `<unk>`: a rare name would outlive the person in the vocabulary.

Not here: the smoothing formulas (kneser_ney.py), files and ARPA (files.py), where a
model is kept (ml/registry.py).
"""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count, repeat

import numpy as np
import numpy.typing as npt

from socialsent_assets.domain.language.bigram.kneser_ney import Smoothing, smooth

__all__ = [
    "END",
    "RESERVED",
    "START",
    "UNKNOWN",
    "BigramModel",
    "NoSentencesError",
    "Perplexity",
    "train",
]

RESERVED = ("<unk>", "<s>", "</s>")
UNKNOWN, START, END = range(3)

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Sentence = Sequence[str]


class NoSentencesError(ValueError):
    """There is not one word to learn from, or to measure on."""


@dataclass(frozen=True)
class Perplexity:
    """How surprised a model is by held-out sentences; lower is better.

    Attributes:
        value: exp of the mean negative log probability per predicted token (`</s>` included).
        tokens: number of predicted tokens.
        unknown_share: share of them that the vocabulary does not hold, 0..1. Each is scored as the
            one type `<unk>`, so perplexities compare only under the same vocabulary rule.
        laplace_unigram, laplace_bigram: the same measure for two add-one baselines.
    """

    value: float
    tokens: int
    unknown_share: float
    laplace_unigram: float
    laplace_bigram: float


@dataclass(frozen=True)
class BigramModel:
    """P(next word | previous word), from counts.

    Attributes:
        words: word of each id; ids 0, 1, 2 are `<unk>`, `<s>`, `</s>`.
        histories, nexts, counts: int64, shape (n,): one entry per distinct bigram, sorted by
            (history, next).
        min_count: how often a word must occur in training to be in the vocabulary.
        min_authors: how many different people must have written it; 1 where authors do not matter.
        few_authors_words: number of words that were frequent enough, but written by fewer people.
        smoothing: derived from the counts.
    """

    words: tuple[str, ...]
    histories: Integers
    nexts: Integers
    counts: Integers
    min_count: int
    smoothing: Smoothing = field(repr=False)
    min_authors: int = 1
    few_authors_words: int = 0

    @classmethod
    def from_counts(
        cls,
        words: Sequence[str],
        histories: Integers,
        nexts: Integers,
        counts: Integers,
        min_count: int,
        min_authors: int = 1,
        few_authors_words: int = 0,
    ) -> BigramModel:
        """A model from its sorted counts; smoothing is computed, never stored.

        Raises:
            ValueError: the arrays are not the counts of a bigram model.
        """
        size = len(words)
        keys = histories * size + nexts
        if tuple(words[:3]) != RESERVED or len(set(words)) != size:
            raise ValueError("the vocabulary must start with <unk>, <s>, </s> and hold no word twice")
        if not (len(histories) == len(nexts) == len(counts) > 0) or counts.min() < 1:
            raise ValueError("a bigram model needs one count of at least 1 per bigram")
        if min(histories.min(), nexts.min()) < 0 or max(histories.max(), nexts.max()) >= size:
            raise ValueError("a bigram names a word id outside the vocabulary")
        if np.any(np.diff(keys) <= 0) or np.any(nexts == START) or np.any(histories == END):
            raise ValueError("bigrams must be sorted and distinct, none may end in <s>, start in </s>")
        smoothing = smooth(histories, nexts, counts, size, impossible=START)
        return cls(tuple(words), histories, nexts, counts, min_count, smoothing, min_authors, few_authors_words)

    @property
    def size(self) -> int:
        """Number of word ids, the three reserved ones included."""
        return len(self.words)

    @property
    def tokens(self) -> int:
        """Number of predicted tokens the model was trained on."""
        return int(self.counts.sum())

    @cached_property
    def ids(self) -> dict[str, int]:
        """Id of each word; reserved words are not looked up by their spelling."""
        return {word: i for i, word in enumerate(self.words) if i >= len(RESERVED)}

    @cached_property
    def _keys(self) -> Integers:
        return self.histories * self.size + self.nexts

    @cached_property
    def _by_lower_order(self) -> Integers:
        return np.argsort(-self.smoothing.lower, kind="stable")

    def id_of(self, word: str | None) -> int:
        """Id of a word; None is the start of a post, a word not in the vocabulary is `<unk>`."""
        return START if word is None else self.ids.get(word, UNKNOWN)

    def counts_of(self, histories: Integers, nexts: Integers) -> Integers:
        """How often each bigram of ids was seen in training; shape of the inputs."""
        keys = histories * self.size + nexts
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.where(self._keys[at] == keys, self.counts[at], 0)

    def probabilities(self, histories: Integers, nexts: Integers) -> Floats:
        """P(next | history) for arrays of ids; shape of the inputs."""
        s = self.smoothing
        seen = self.counts_of(histories, nexts)
        kept = (seen - s.discounts[np.minimum(seen, 3)]) / np.maximum(s.totals[histories], 1)
        return kept + s.backoff[histories] * s.lower[nexts]

    def probability(self, word: str, previous: str | None) -> float:
        """P(word | previous); `previous=None` is the start of a post."""
        pair = np.array([self.id_of(previous)]), np.array([self.id_of(word)])
        return float(self.probabilities(*pair)[0])

    def distribution(self, previous: str | None) -> Floats:
        """P(. | previous) over all ids, shape (size,); sums to 1."""
        nexts = np.arange(self.size)
        return self.probabilities(np.full(self.size, self.id_of(previous)), nexts)

    def top_k(self, previous: str | None, k: int = 5) -> list[tuple[str, float]]:
        """The k likeliest next words with their probabilities, best first.

        `<unk>` and `</s>` are no words and are left out; the probabilities are the model's own, so
        they sum to less than 1. Ties go to the word seen first in training.
        """
        history = self.id_of(previous)
        low, high = np.searchsorted(self.histories, [history, history + 1])
        # A word that never followed ranks by the lower order alone: its best k are candidates enough.
        unseen = self._by_lower_order[: k + (high - low) + len(RESERVED)]
        candidates = np.union1d(self.nexts[low:high], unseen)
        candidates = candidates[candidates >= len(RESERVED)]
        scores = self.probabilities(np.full(len(candidates), history), candidates)
        best = np.argsort(-scores, kind="stable")[:k]
        return [(self.words[candidates[i]], float(scores[i])) for i in best]

    def encode(self, sentences: Iterable[Sentence]) -> tuple[Integers, Integers]:
        """Histories and next words of all sentences, as ids; sentences without a word are left out."""
        stream, get = array("q"), self.ids.get
        for sentence in sentences:
            if sentence:
                stream.append(START)
                stream.extend(get(word, UNKNOWN) for word in sentence)
                stream.append(END)
        return _pairs(np.frombuffer(stream, np.int64))

    def perplexity(self, sentences: Iterable[Sentence]) -> Perplexity:
        """Perplexity on sentences that training did not see.

        Raises:
            NoSentencesError: there is not one word in them.
        """
        histories, nexts = self.encode(sentences)
        if not len(nexts):
            raise NoSentencesError("no words to measure perplexity on")
        outcomes = self.size - 1  # every id but <s> can come next
        unigrams = np.bincount(self.nexts, weights=self.counts, minlength=self.size) + 1
        pairs = (self.counts_of(histories, nexts) + 1) / (self.smoothing.totals[histories] + outcomes)
        return Perplexity(
            value=_perplexity(self.probabilities(histories, nexts)),
            tokens=len(nexts),
            unknown_share=float((nexts == UNKNOWN).mean()),
            laplace_unigram=_perplexity(unigrams[nexts] / (self.tokens + outcomes)),
            laplace_bigram=_perplexity(pairs),
        )

    def most_frequent(self, k: int) -> list[tuple[str, str, int]]:
        """The k bigrams of two words seen most often, with their counts."""
        words = (self.histories >= len(RESERVED)) & (self.nexts >= len(RESERVED))
        rows = np.flatnonzero(words)
        rows = rows[np.argsort(-self.counts[rows], kind="stable")[:k]]
        return [(self.words[self.histories[i]], self.words[self.nexts[i]], int(self.counts[i])) for i in rows]


def train(
    sentences: Iterable[Sentence],
    min_count: int = 2,
    authors: Iterable[str] | None = None,
    min_authors: int = 1,
) -> BigramModel:
    """A model of sentences, in one pass over them.

    Memory grows with the number of tokens (8 bytes each) and distinct bigrams (24 bytes each).

    Args:
        sentences: to learn from.
        min_count: how often a word must occur to be in the vocabulary.
        authors: who wrote each sentence; needed for more than one of `min_authors`.
        min_authors: how many different people must have written a word.

    Raises:
        NoSentencesError: there is not one word in them.
        ValueError: `min_authors` without authors, or authors of another number of sentences.
    """
    if authors is None and min_authors > 1:
        raise ValueError(f"words of {min_authors} authors can be counted only where authors are given")
    numbers = count(len(RESERVED))
    found: defaultdict[str, int] = defaultdict(numbers.__next__)
    people: defaultdict[str, int] = defaultdict(count().__next__)
    stream, writers, ends = array("q"), array("q"), array("q")
    for sentence, author in zip(sentences, repeat("") if authors is None else authors, strict=authors is not None):
        if sentence:
            stream.append(START)
            stream.extend(map(found.__getitem__, sentence))
            stream.append(END)
            writers.append(people[author])
            ends.append(len(stream))
    if not stream:
        raise NoSentencesError("no words to train a bigram model on")

    raw = np.frombuffer(stream, np.int64)
    size = len(RESERVED) + len(found)
    frequent = np.bincount(raw, minlength=size) >= min_count
    kept = frequent.copy()
    if min_authors > 1:
        lengths = np.ediff1d(np.frombuffer(ends, np.int64), to_begin=ends[0])
        kept &= _authors_by_word(raw, np.repeat(np.frombuffer(writers, np.int64), lengths), size) >= min_authors
    few_authors_words = int(np.count_nonzero(frequent[len(RESERVED) :] & ~kept[len(RESERVED) :]))
    # A post may spell "</s>": only our own markers, never the text, mean a boundary.
    kept[[found[word] for word in RESERVED if word in found]] = False
    kept[: len(RESERVED)] = True
    new_ids = np.where(kept, np.cumsum(kept) - 1, UNKNOWN)
    words = (*RESERVED, *(word for word, i in found.items() if kept[i]))

    histories, nexts = _pairs(new_ids[raw])
    keys, counts = np.unique(histories * len(words) + nexts, return_counts=True)
    pairs = np.divmod(keys, len(words))
    return BigramModel.from_counts(words, *pairs, counts, min_count, min_authors, few_authors_words)


def _authors_by_word(words: Integers, authors: Integers, size: int) -> Integers:
    """How many different people wrote each word; shape (size,)."""
    people = int(authors.max()) + 1
    return np.bincount(np.unique(words * people + authors) // people, minlength=size)


def _pairs(stream: Integers) -> tuple[Integers, Integers]:
    inside = stream[1:] != START
    return stream[:-1][inside], stream[1:][inside]


def _perplexity(probabilities: Floats) -> float:
    return math.exp(-float(np.log(probabilities).mean()))
