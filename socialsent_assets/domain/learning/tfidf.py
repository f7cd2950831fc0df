"""TF-IDF weighting of words and characters, beside numeric features, and the estimator on it.

One formula for training and for answering. What is fitted (which terms are frequent enough, how rare each is)
comes only from the rows that `Weighing.fit` is given, so a cross-validation fold never sees its held-out rows.

Not here: what the terms are (features.py), how a model answers (classifier.py), the search (training.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from threadpoolctl import threadpool_limits

from socialsent_assets.domain.learning.features import characters, word_ngrams

if TYPE_CHECKING:
    from socialsent_assets.domain.learning.features import Document

__all__ = ["PostClassifier", "Weighing", "counter", "numbers_of", "weigh"]

CHARACTER_RANGE = (2, 5)
"""Lengths of character n-grams; they do not cross white space."""


def counter(kind: str, **options: Any) -> CountVectorizer:
    """Counts the terms of documents: "words" (and pairs of them) or "characters". Options as CountVectorizer's."""
    if kind == "words":
        return CountVectorizer(analyzer=word_ngrams, dtype=np.float32, **options)
    return CountVectorizer(
        analyzer="char_wb",
        preprocessor=characters,
        ngram_range=CHARACTER_RANGE,
        lowercase=False,
        dtype=np.float32,
        **options,
    )


def numbers_of(posts: Sequence[Document]) -> npt.NDArray[np.float64]:
    """`Document.numbers` of each post, shape (n, len(NUMBERS))."""
    return np.stack([post.numbers for post in posts])


def weigh(counts: sp.csr_matrix, rarity: npt.NDArray[np.float32]) -> sp.csr_matrix:
    """(1 + ln count) x rarity of each term, each row scaled to length one; the shape of `counts`."""
    weighed = counts.copy()
    weighed.data = (1 + np.log(weighed.data)) * rarity[weighed.indices]
    squares = np.add.reduceat(np.append(weighed.data**2, 0), weighed.indptr[:-1])
    squares[np.diff(weighed.indptr) == 0] = 0  # reduceat gives an empty row the next row's first value
    length = np.sqrt(squares)
    weighed.data /= np.repeat(np.where(length > 0, length, 1), np.diff(weighed.indptr))
    return weighed


class Weighing(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Turns rows of [word counts | character counts | numbers] into features.

    Parameters are the number of columns of each block of counts, and the number of posts that must hold a term
    of it. After `fit`, `rarities_` holds each block's inverse document frequency (as scikit-learn smooths it:
    1 + ln((1 + posts) / (1 + posts with the term))), and 0 for a term that is too rare.
    """

    def __init__(self, widths: tuple[int, ...], rarest: tuple[int, ...]) -> None:
        self.widths = widths
        self.rarest = rarest

    def fit(self, table: sp.csr_matrix, labels: object = None) -> Weighing:  # noqa: ARG002 - scikit-learn passes it
        """Learn which terms of these rows are frequent enough, and how rare each is."""
        self.rarities_ = []
        for block, rarest in zip(self._blocks(table), self.rarest, strict=True):
            posts = np.bincount(block.indices, minlength=block.shape[1])
            rarity = 1 + np.log((1 + block.shape[0]) / (1 + posts))
            self.rarities_.append(np.where(posts >= rarest, rarity, 0).astype(np.float32))
        return self

    def transform(self, table: sp.csr_matrix) -> sp.csr_matrix:
        """Features of the rows; terms that are too rare have no column."""
        parts = [
            weigh(block[:, np.flatnonzero(rarity)], rarity[rarity > 0])
            for block, rarity in zip(self._blocks(table), self.rarities_, strict=True)
        ]
        return sp.hstack([*parts, table[:, sum(self.widths) :]], format="csr", dtype=np.float32)

    def _blocks(self, table: sp.csr_matrix) -> list[sp.csr_matrix]:
        ends = np.cumsum((0, *self.widths))
        return [table[:, a:b] for a, b in pairwise(ends)]


class PostClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Weighs rows of counts, then blends two linear classifiers with balanced classes.

    Logistic regression on the features is the stronger one. Naive Bayes on which words are present errs elsewhere,
    and so corrects it: measured by cross-validation on 49,000 posts, +0.5 points of macro recall at `share` 0.07.

    Parameters are those of `Weighing`, the inverse penalty `C` of the regression, and the `share` of naive Bayes'
    log likelihoods that is added to its scores.
    """

    def __init__(self, widths: tuple[int, ...], rarest: tuple[int, ...], C: float = 0.6, share: float = 0.07) -> None:  # noqa: N803 - as scikit-learn spells it
        self.widths = widths
        self.rarest = rarest
        self.C = C
        self.share = share

    def fit(self, table: sp.csr_matrix, labels: npt.NDArray[np.int64]) -> PostClassifier:
        """Fit everything on these rows alone; `classes_` and `evidence_` (words kept, classes) are set."""
        self.weighing_ = Weighing(self.widths, self.rarest).fit(table)
        self.logistic_ = LogisticRegression(C=self.C, class_weight="balanced", max_iter=150, tol=2e-4)
        features = self.weighing_.transform(table)
        # The solver's vectors are too short to share: threads of BLAS would only wait for each other, at full load
        # (10 of 13 CPU seconds of a training of 1,000 posts), and add up in another order on every machine.
        with threadpool_limits(1):
            self.logistic_.fit(features, labels)
        self.classes_ = self.logistic_.classes_
        likelihoods = MultinomialNB(alpha=0.5).fit(self._presence(table), labels).feature_log_prob_.T
        self.evidence_ = self.share * (likelihoods - likelihoods.mean(axis=1, keepdims=True))
        return self

    def decision_function(self, table: sp.csr_matrix) -> npt.NDArray[np.float64]:
        """Scores, shape (n, classes)."""
        regression = self.logistic_.decision_function(self.weighing_.transform(table))
        blended: npt.NDArray[np.float64] = regression + self._presence(table) @ self.evidence_
        return blended

    def predict(self, table: sp.csr_matrix) -> npt.NDArray[np.int64]:
        """The class with the highest score of each row, shape (n,)."""
        classes: npt.NDArray[np.int64] = self.classes_[self.decision_function(table).argmax(axis=1)]
        return classes

    def _presence(self, table: sp.csr_matrix) -> sp.csr_matrix:
        return table[:, : self.widths[0]][:, np.flatnonzero(self.weighing_.rarities_[0])].sign()
