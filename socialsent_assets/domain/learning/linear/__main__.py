"""Compile what scores texts, and leave it in numba's cache: `python -m socialsent_assets.domain.learning.linear`.

An install runs it, so that the first batch of texts does not wait ten seconds for a compiler. Not here: what is
compiled (compiled.py here, and those of language/tokenizer and language/vader).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from socialsent_assets.domain.language.polarity import COMPILED_FROM, score_texts
from socialsent_assets.domain.language.tokenizer.column import token_column
from socialsent_assets.domain.learning.classifier import Classifier, Terms
from socialsent_assets.domain.learning.features import NUMBERS
from socialsent_assets.domain.learning.labels import CLASSES


def main() -> None:
    """Score a few texts by every compiled path, with a classifier that knows next to nothing."""
    texts = pa.array(["good day"] * COMPILED_FROM)
    token_column(texts)
    score_texts(texts)
    classifier = _classifier()
    classifier.prepare()
    classifier.probabilities(texts)


def _classifier() -> Classifier:
    def zeros(*shape: int) -> np.ndarray:
        return np.zeros((*shape, len(CLASSES)), np.float32)

    def terms(*vocabulary: str) -> Terms:
        return Terms(vocabulary, np.ones(len(vocabulary), np.float32), zeros(len(vocabulary)))

    return Classifier(terms("good", "good day"), terms("go"), zeros(2), zeros(len(NUMBERS)), np.zeros(len(CLASSES)))


if __name__ == "__main__":
    main()
