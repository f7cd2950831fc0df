"""Cascade: the linear classifier answers what it is sure of, an encoder helps with the rest.

Where the extra `encoder` is not installed, the linear classifier of the same files answers alone, with a warning.

Not here: the linear classifier (classifier.py), the encoder (encoder/), what they learn from (training.py).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from socialsent_assets.domain.learning.calibration import Calibration, calibrate, folds_of
from socialsent_assets.domain.learning.classifier import Classifier, UnreadableModelError
from socialsent_assets.domain.learning.encoder.encoder import Encoder, is_installed

if TYPE_CHECKING:
    import pyarrow as pa

    from socialsent_assets.domain.learning.classifier import Terms

__all__ = ["ALONE", "CASCADE", "Cascade", "Fitted", "SentimentModel", "answers_alone", "fit", "opened"]

Floats = npt.NDArray[np.float64]
Classes = npt.NDArray[np.int64]

CASCADE = "cascade.json"
FORMAT_VERSION = 1
ASKED_SHARES = (0.1, 0.2, 0.3, 0.4)
"""Shares of the held-out posts that the encoder may read: each tenth costs as much again as the linear model."""
ENOUGH = 0.0025
"""Macro recall by which a smaller share may stay behind the best one."""

_LEAST = 1e-12
_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Cascade:
    """Two classifiers and what decides between them.

    Attributes:
        linear: answers first.
        encoder: used where the likeliest class of the linear model has less than `threshold`.
        threshold: 0..1.
        of_encoder: calibration of the encoder's scores.
        of_both: calibration of the sum of both log probabilities: the answer for a text that the encoder read too.
    """

    linear: Classifier
    encoder: Encoder
    threshold: float
    of_encoder: Calibration
    of_both: Calibration

    @property
    def words(self) -> Terms:
        """Vocabulary of the linear classifier, against which drift is measured."""
        return self.linear.words

    def prepare(self) -> None:
        """Compile and open now what answers: for a server, whose every text must be fast."""
        self.linear.prepare()
        self.encoder.check()

    def probabilities(self, texts: Sequence[str | None] | pa.Array | pa.ChunkedArray) -> Floats:
        """As `Classifier.probabilities`; where the encoder's scores are not finite, the linear answer stays."""
        found = self.linear.probabilities(texts)
        asked = np.flatnonzero(self.is_unsure(found))
        if len(asked):
            chosen = (
                texts.take(asked).to_pylist() if hasattr(texts, "take") else [texts[row] for row in asked.tolist()]
            )
            scores = self.encoder.scores(chosen)
            able = np.isfinite(scores).all(axis=1)
            found[asked[able]] = self.of_both.probabilities(self.sums(found[asked[able]], scores[able]))
        return found

    def is_unsure(self, probabilities: Floats) -> npt.NDArray[np.bool_]:
        """Whether the encoder is used, shape (n,), by the linear model's probabilities."""
        unsure: npt.NDArray[np.bool_] = probabilities.max(axis=1, initial=0.0) < self.threshold
        return unsure

    def sums(self, probabilities: Floats, scores: Floats) -> Floats:
        """Log probabilities of both, summed, shape (n, 3); `of_both` calibrates them."""
        return _sums(probabilities, scores, self.of_encoder)

    def dump(self) -> dict[str, bytes]:
        """The files of both, and how they are joined."""
        head = {
            "format": FORMAT_VERSION,
            "encoder": self.encoder.digest,
            "threshold": self.threshold,
            "of_encoder": self.of_encoder,
            "of_both": self.of_both,
        }
        text = json.dumps(
            {name: each._asdict() if isinstance(each, Calibration) else each for name, each in head.items()}
        )
        return {**self.linear.dump(), **self.encoder.dump(), CASCADE: text.encode()}

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> Cascade:
        """The cascade that `dump` wrote.

        Raises:
            UnreadableModelError: a part is missing or damaged, or the encoder is another one.
            MissingExtraError: the extra `encoder` is not installed.
        """
        linear, encoder = Classifier.load(files), Encoder.load(files)
        try:
            head = json.loads(files[CASCADE])
            if head["format"] != FORMAT_VERSION:
                raise UnreadableModelError(f"cascade of format {head['format']}: this version reads {FORMAT_VERSION}")
            if head["encoder"] != encoder.digest:
                raise UnreadableModelError("the encoder is not the one that this cascade was fitted with")
            of_encoder, of_both = (_calibration(head[name]) for name in ("of_encoder", "of_both"))
            return cls(linear, encoder, float(head["threshold"]), of_encoder, of_both)
        except (KeyError, TypeError, ValueError) as error:
            raise (
                error
                if isinstance(error, UnreadableModelError)
                else UnreadableModelError(f"not a cascade: {error!r}")
            ) from error


SentimentModel = Classifier | Cascade
"""What answers: the same methods, whichever kind it is."""


ALONE = "-linear"
"""Ends the `model_version` of answers that the linear classifier of a cascade gave without its encoder."""


def answers_alone(files: Mapping[str, object]) -> bool:
    """Whether the linear classifier of a cascade answers without its encoder, because the extra is not installed."""
    return CASCADE in files and not is_installed()


def opened(files: Mapping[str, bytes], alone: bool = False) -> SentimentModel:
    """The model of these files; only its linear classifier if it shall answer `alone`.

    Raises:
        UnreadableModelError: as `Classifier.load` and `Cascade.load`.
    """
    if alone or CASCADE not in files:
        return Classifier.load(files)
    if answers_alone(files):
        _log.warning(
            "this model is a cascade, but onnxruntime and tokenizers are not installed: its linear classifier "
            "answers alone. To use all of it: uv sync --inexact --extra encoder"
        )
        return Classifier.load(files)
    return Cascade.load(files)


class Fitted(NamedTuple):
    """A cascade with what its evaluation needs.

    Attributes:
        cascade: calibrated on all held-out posts.
        held_out_probabilities: shape (n, 3): each by calibrations and a threshold that did not see the post.
        encoder_probabilities: the same of the encoder alone.
        asked: share of the held-out posts that the encoder reads.
    """

    cascade: Cascade
    held_out_probabilities: Floats
    encoder_probabilities: Floats
    asked: float


def fit(
    linear: Classifier, encoder: Encoder, texts: Sequence[str], probabilities: Floats, labels: Classes, seed: int = 0
) -> Fitted:
    """Join two classifiers: calibrations and threshold from held-out posts.

    Args:
        linear: calibrated.
        encoder: to ask.
        texts: of the held-out posts.
        labels: of them, shape (n,).
        probabilities: shape (n, 3): the linear model's for them, each by a calibration that did not see the post.
        seed: of the folds.
    """
    scores = encoder.scores(texts)
    found, alone = probabilities.copy(), np.empty_like(scores)
    for here in folds_of(len(labels), seed):
        of_encoder, of_both, threshold = _joined(probabilities[~here], scores[~here], labels[~here])
        alone[here] = of_encoder.probabilities(scores[here])
        asked = here & (probabilities.max(axis=1) < threshold)
        found[asked] = of_both.probabilities(_sums(probabilities[asked], scores[asked], of_encoder))
    of_encoder, of_both, threshold = _joined(probabilities, scores, labels)
    share = float((probabilities.max(axis=1) < threshold).mean())
    return Fitted(Cascade(linear, encoder, threshold, of_encoder, of_both), found, alone, share)


def _joined(probabilities: Floats, scores: Floats, labels: Classes) -> tuple[Calibration, Calibration, float]:
    """Both calibrations, and the threshold of the smallest share that is as good as any but for noise."""
    of_encoder = calibrate(scores, labels)
    sums = _sums(probabilities, scores, of_encoder)
    of_both = calibrate(sums, labels)
    said, both = probabilities.argmax(axis=1), of_both.probabilities(sums).argmax(axis=1)
    sure = probabilities.max(axis=1)
    recalls = {}
    for share in ASKED_SHARES:
        threshold = float(np.quantile(sure, share))
        recalls[threshold] = _macro_recall(labels, np.where(sure < threshold, both, said))
    best = max(recalls.values())
    return of_encoder, of_both, next(each for each, recall in recalls.items() if recall >= best - ENOUGH)


def _macro_recall(labels: Classes, predicted: Classes) -> float:
    return float(np.mean([(predicted[labels == each] == each).mean() for each in np.unique(labels)]))


def _sums(probabilities: Floats, scores: Floats, of_encoder: Calibration) -> Floats:
    both: Floats = np.log(np.maximum(probabilities, _LEAST)) + np.log(
        np.maximum(of_encoder.probabilities(scores), _LEAST)
    )
    return both


def _calibration(stored: Mapping[str, object]) -> Calibration:
    sharpness, bias = stored["sharpness"], stored["bias"]
    negative, neutral, positive = (float(each) for each in bias)  # type: ignore[attr-defined]
    return Calibration(float(sharpness), (negative, neutral, positive))  # type: ignore[arg-type]
