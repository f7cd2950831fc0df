"""The choice between the compiled classifier and scikit-learn's: by how many texts, and by what is installed.

Imports numba only when the compiled classifier is first used. Not here: what either computes (predictor.py,
classifier.py).
"""

from __future__ import annotations

import logging
from threading import Lock
from typing import TYPE_CHECKING

from socialsent_assets.domain.language.polarity import has_numba

if TYPE_CHECKING:
    import pyarrow as pa

    from socialsent_assets.domain.learning.classifier import Classifier
    from socialsent_assets.domain.learning.linear.predictor import Predictor, Scored

__all__ = ["COMPILED_FROM", "Engine"]

COMPILED_FROM = 5_000
"""Texts after which a model is compiled: for fewer, scikit-learn is done before numba is loaded and tables built."""

_LOG = logging.getLogger(__name__)


class Engine:
    """The compiled form of one classifier, made when it is worth it. Safe for use by several threads."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self._lock = Lock()
        self._seen = 0
        self._predictor: Predictor | None = None
        self._cannot = False

    def prepare(self) -> bool:
        """Compile now, whatever is still to come; False when that cannot be done, which is logged once."""
        with self._lock:
            return self._prepare()

    def takes(self, texts: int) -> bool:
        """Whether the compiled classifier is to score the next `texts` texts."""
        with self._lock:
            self._seen += texts
            return self._predictor is not None or (self._seen >= COMPILED_FROM and self._prepare())

    def score(self, texts: pa.LargeStringArray) -> Scored:
        """As `Predictor.score`, after `takes` or `prepare` has returned True."""
        predictor = self._predictor
        if predictor is None:
            raise RuntimeError("no compiled classifier: call prepare() first")
        return predictor.score(texts)

    def _prepare(self) -> bool:
        if self._predictor is not None or self._cannot:
            return self._predictor is not None
        try:
            if not has_numba():
                raise ImportError("numba is not installed")
            from socialsent_assets.domain.learning.linear.predictor import Predictor

            self._predictor = Predictor(self._classifier)
        except (ImportError, MemoryError) as reason:
            self._cannot = True
            _LOG.warning("the classifier answers through scikit-learn, some twenty times slower: %s", reason)
        return self._predictor is not None
