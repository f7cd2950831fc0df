"""The sentiment classifier as it answers: weights of words, characters and numbers, and nothing that runs.

A model is arrays and vocabularies. Reading one executes no code that came with it, so a tampered file can at
worst give wrong answers, which its digest (model_card.py) detects.

Not here: how weights are found (training.py), what a post looks like (features.py), where models are kept
(ml/registry.py).
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from socialsent_assets.domain.learning.features import NUMBERS, documents
from socialsent_assets.domain.learning.labels import CLASSES
from socialsent_assets.domain.learning.linear.engine import Engine

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import CountVectorizer

    from socialsent_assets.domain.learning.features import Document

__all__ = ["FORMAT_VERSION", "Classifier", "Terms", "UnreadableModelError", "calibrated"]

Floats = npt.NDArray[np.float64]

FORMAT_VERSION = 1
BATCH = 4096  # posts per batch: bounds memory at about 100 MB whatever the size of the request
_NONE = np.zeros((0, len(CLASSES)))
_SILENT = np.eye(len(CLASSES))[CLASSES.index("neutral")]
_VOCABULARY, _WEIGHTS = "classifier.json", "classifier.npz"


class UnreadableModelError(ValueError):
    """The files are not a classifier that this version can read."""


@dataclass(frozen=True, eq=False)
class Terms:
    """One vocabulary with its weights.

    Attributes:
        vocabulary: terms, in the order of the arrays.
        rarity: float32, shape (n,): inverse document frequency.
        weights: float32, shape (n, 3): weight of each term for each class.
    """

    vocabulary: tuple[str, ...]
    rarity: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        """Raises ValueError when the parts do not fit."""
        size = len(self.vocabulary)
        if not size or self.rarity.shape != (size,) or self.weights.shape != (size, len(CLASSES)):
            raise ValueError(f"{size} terms with arrays of {self.rarity.shape} and {self.weights.shape}")
        if len(set(self.vocabulary)) != size:
            raise ValueError("a term occurs twice")
        if not (np.isfinite(self.rarity).all() and np.isfinite(self.weights).all()):
            raise ValueError("a weight is not a finite number")


@dataclass(frozen=True, eq=False)
class Classifier:
    """Three classes, linear in the features, calibrated.

    Attributes:
        words: words and pairs of words.
        characters: character n-grams.
        evidence: float32, shape (words, 3): weight of the presence of each word for each class.
        numbers: float32, shape (len(NUMBERS), 3).
        intercept: float64, shape (3,).
        sharpness: one over the temperature: what scores are multiplied by before the softmax.
        bias: float64, shape (3,): added after `sharpness`. With both, probabilities are calibrated for posts
            of which each class is a third, so that the likeliest class is the best guess for macro recall.
    """

    words: Terms
    characters: Terms
    evidence: npt.NDArray[np.float32]
    numbers: npt.NDArray[np.float32]
    intercept: Floats
    sharpness: float = 1.0
    bias: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @cached_property
    def counters(self) -> tuple[CountVectorizer, CountVectorizer]:
        """Counters of the terms of words and of characters, in the order of their arrays."""
        from socialsent_assets.domain.learning.tfidf import counter  # imports scikit-learn: a second

        return (
            counter("words", vocabulary={term: i for i, term in enumerate(self.words.vocabulary)}),
            counter("characters", vocabulary={term: i for i, term in enumerate(self.characters.vocabulary)}),
        )

    def scores(self, posts: Sequence[Document]) -> Floats:
        """Uncalibrated scores, shape (n, 3)."""
        from socialsent_assets.domain.learning.tfidf import numbers_of, weigh  # as in counters

        if not posts:
            return np.zeros((0, len(CLASSES)))
        # einsum, because BLAS adds up a single row in another order: the last bits would vary with the batch size.
        # In float64, so that the order of a sum shows far behind any digit that is looked at.
        numbers = numbers_of(posts).astype(np.float64)
        total: Floats = np.einsum("ij,jk->ik", numbers, self.numbers.astype(np.float64)) + self.intercept
        by_word, by_character = (count.transform(posts).astype(np.float64) for count in self.counters)
        total += weigh(by_word, self.words.rarity) @ self.words.weights + by_word.sign() @ self.evidence
        total += weigh(by_character, self.characters.rarity) @ self.characters.weights
        return total

    @cached_property
    def _engine(self) -> Engine:
        return Engine(self)

    def prepare(self) -> None:
        """Compile now what answers from `COMPILED_FROM` texts on: for a server, whose every text must be fast."""
        self._engine.prepare()

    def probabilities(self, texts: Sequence[str | None] | pa.Array | pa.ChunkedArray) -> Floats:
        """Probability of each class for each text, shape (n, 3), rows sum to 1, in the order of `CLASSES`.

        A text without a word or sign is neutral by definition, as in the lexicon. Many texts
        are scored by compiled code, few by scikit-learn: their answers differ by less than 1e-9.
        """
        if not self._engine.takes(len(texts)):
            return self.reference_probabilities(texts.to_pylist() if hasattr(texts, "to_pylist") else texts)
        from socialsent_assets.domain.learning.linear.predictor import column_of

        return np.concatenate([_NONE, *(self._compiled_answers(part) for part in _batches(column_of(texts)))])

    def reference_probabilities(self, texts: Sequence[str | None]) -> Floats:
        """As `probabilities`, by scikit-learn however many there are: what the compiled code is held to."""
        return np.concatenate([_NONE, *(self._answers(documents(part)) for part in _batches(texts))])

    def _answers(self, posts: Sequence[Document]) -> Floats:
        found = calibrated(self.scores(posts), self.sharpness, np.asarray(self.bias))
        found[[not post.words for post in posts]] = _SILENT
        return found

    def _compiled_answers(self, texts: pa.LargeStringArray) -> Floats:
        scored = self._engine.score(texts)
        found = calibrated(scored.scores, self.sharpness, np.asarray(self.bias))
        found[scored.is_silent] = _SILENT
        if scored.left_over.any():
            found[scored.left_over] = self.reference_probabilities(
                texts.filter(pa.array(scored.left_over)).to_pylist()
            )
        return found

    def dump(self) -> dict[str, bytes]:
        """The model's files by name; the same model gives the same bytes."""
        head = {
            "format": FORMAT_VERSION,
            "classes": CLASSES,
            "numbers": NUMBERS,
            "sharpness": self.sharpness,
            "bias": self.bias,
            "words": self.words.vocabulary,
            "characters": self.characters.vocabulary,
        }
        arrays = io.BytesIO()
        np.savez_compressed(
            arrays,
            word_rarity=self.words.rarity,
            word_weights=self.words.weights,
            character_rarity=self.characters.rarity,
            character_weights=self.characters.weights,
            evidence=self.evidence,
            numbers=self.numbers,
            intercept=self.intercept,
        )
        text = json.dumps(head, ensure_ascii=False, separators=(",", ":"))
        # Vocabulary may hold lone surrogates of broken posts, which UTF-8 has no bytes for.
        return {_VOCABULARY: text.encode("utf-8", "surrogatepass"), _WEIGHTS: arrays.getvalue()}

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> Classifier:
        """The model that `dump` wrote.

        Raises:
            UnreadableModelError: a file is missing, damaged, of a newer format, or for other features.
        """
        try:
            head = json.loads(files[_VOCABULARY].decode("utf-8", "surrogatepass"))
            if head["format"] != FORMAT_VERSION:
                raise UnreadableModelError(
                    f"classifier of format {head['format']}: this version reads {FORMAT_VERSION}"
                )
            if tuple(head["classes"]) != CLASSES or tuple(head["numbers"]) != NUMBERS:
                raise UnreadableModelError("classifier for other classes or features than this version has")
            with np.load(io.BytesIO(files[_WEIGHTS]), allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            shapes = {"numbers": len(NUMBERS), "evidence": len(head["words"])}
            if any(arrays[name].shape != (rows, len(CLASSES)) for name, rows in shapes.items()):
                raise UnreadableModelError("classifier with weights of the wrong shape")
            if arrays["intercept"].shape != (len(CLASSES),):
                raise UnreadableModelError("classifier with an intercept of the wrong shape")
            negative, neutral, positive = map(float, head["bias"])
            return cls(
                words=Terms(tuple(head["words"]), arrays["word_rarity"], arrays["word_weights"]),
                characters=Terms(tuple(head["characters"]), arrays["character_rarity"], arrays["character_weights"]),
                evidence=arrays["evidence"],
                numbers=arrays["numbers"],
                intercept=arrays["intercept"],
                sharpness=float(head["sharpness"]),
                bias=(negative, neutral, positive),
            )
        except UnreadableModelError:
            raise
        except (KeyError, TypeError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise UnreadableModelError(f"not a classifier: {error!r}") from error


def calibrated(scores: Floats, sharpness: float, bias: Floats) -> Floats:
    """Softmax of sharpened, shifted scores; shape (n, 3), rows sum to 1."""
    shifted = scores * sharpness + bias
    shifted = np.exp(shifted - shifted.max(axis=1, keepdims=True))
    shares: Floats = shifted / shifted.sum(axis=1, keepdims=True)
    return shares


def _batches(texts: Sequence[str | None]) -> Iterator[Sequence[str | None]]:
    for start in range(0, len(texts), BATCH):
        yield texts[start : start + BATCH]
