"""Evaluation of predictions against labels, beside baselines, with the noise stated.

Every interval is a percentile bootstrap over posts. Resampling posts and counting again is the same as
drawing confusion cells from a multinomial, so a thousand resamples cost one NumPy call.

Not here: where labels come from (labels.py), what is written about a model (model_card.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from socialsent_assets.domain.learning.labels import CLASSES

__all__ = [
    "ClassScore",
    "Discordance",
    "Evaluation",
    "Interval",
    "difference",
    "discordance",
    "evaluate",
    "gate",
    "hard",
]

Classes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

RESAMPLES = 1000
CALIBRATION_BINS = 10
_SIZE = len(CLASSES)


@dataclass(frozen=True)
class Interval:
    """A measured value with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ClassScore:
    """One class: shares 0..1, and the number of posts that bear this label."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class CalibrationBin:
    """Posts whose highest probability fell into one tenth: mean confidence, share correct, how many."""

    confidence: float
    accuracy: float
    posts: int


@dataclass(frozen=True)
class Evaluation:
    """Everything measured on one set of labelled posts; shares are 0..1.

    Attributes:
        posts: number of labelled posts.
        macro_recall: mean recall of the classes that occur, the headline (TweetEval's measure).
        macro_f1: mean F1 of the classes that occur.
        accuracy: share of posts predicted right.
        per_class: scores by class name.
        confusion: rows are labels, columns are predictions, in the order of `CLASSES`.
        calibration_error: expected calibration error over ten equal-width bins of the highest
            probability; None for predictions without probabilities.
        calibration: the bins that hold posts.
    """

    posts: int
    macro_recall: Interval
    macro_f1: Interval
    accuracy: Interval
    per_class: dict[str, ClassScore]
    confusion: list[list[int]]
    calibration_error: float | None
    calibration: list[CalibrationBin]


def hard(classes: Classes) -> Floats:
    """Certain predictions as probabilities, shape (n, 3), so that baselines are measured alike."""
    return np.eye(_SIZE)[classes]


def evaluate(labels: Classes, probabilities: Floats, seed: int = 0) -> Evaluation:
    """Measure predictions.

    Args:
        labels: shape (n,), class numbers in the order of `CLASSES`.
        probabilities: shape (n, 3); the prediction is the column with the highest value.
        seed: of the bootstrap.

    Raises:
        ValueError: no posts, or shapes that do not fit.
    """
    if len(labels) == 0 or probabilities.shape != (len(labels), _SIZE):
        raise ValueError(f"cannot evaluate {len(labels)} labels with probabilities of shape {probabilities.shape}")
    predicted = probabilities.argmax(axis=1)
    confusion = np.bincount(labels * _SIZE + predicted, minlength=_SIZE**2).reshape(_SIZE, _SIZE)
    resampled = _resample(confusion, seed)
    is_hard = bool(np.isin(probabilities, (0.0, 1.0)).all())
    bins = [] if is_hard else _calibration(labels, probabilities)
    return Evaluation(
        posts=len(labels),
        macro_recall=_interval(_macro_recall, confusion, resampled),
        macro_f1=_interval(_macro_f1, confusion, resampled),
        accuracy=_interval(_accuracy, confusion, resampled),
        per_class=_per_class(confusion),
        confusion=confusion.tolist(),
        calibration_error=None
        if is_hard
        else sum(b.posts * abs(b.confidence - b.accuracy) for b in bins) / len(labels),
        calibration=bins,
    )


def difference(labels: Classes, ours: Classes, theirs: Classes, seed: int = 0, confidence: float = 0.95) -> Interval:
    """Macro recall of `ours` minus that of `theirs` on the same posts (a paired bootstrap)."""
    cells = np.bincount((labels * _SIZE + ours) * _SIZE + theirs, minlength=_SIZE**3)
    cube = cells.reshape(_SIZE, _SIZE, _SIZE)
    resampled = _resample(cube, seed)

    def gain(counts: npt.NDArray[np.int64]) -> Floats:
        return _macro_recall(counts.sum(axis=-1)) - _macro_recall(counts.sum(axis=-2))

    return _interval(gain, cube, resampled, confidence)


@dataclass(frozen=True)
class Discordance:
    """Posts that one of two models gets right and the other wrong.

    Attributes:
        only_ours, only_theirs: how many.
        p_value: McNemar's exact test: how often a difference at least this large comes about by chance.
    """

    only_ours: int
    only_theirs: int
    p_value: float


def discordance(labels: Classes, ours: Classes, theirs: Classes) -> Discordance:
    """Compare two models post by post."""
    from scipy.stats import binomtest  # half a second

    b = int(((ours == labels) & (theirs != labels)).sum())
    c = int(((ours != labels) & (theirs == labels)).sum())
    return Discordance(b, c, float(binomtest(min(b, c), b + c, 0.5).pvalue) if b + c else 1.0)


def gate(
    against_baselines: Mapping[str, Interval],
    against_champion: Interval | None,
    against_best: Interval | None = None,
    slices: Mapping[str, Interval] | None = None,
) -> list[str]:
    """Reasons not to promote a candidate; none means that it may become champion.

    A candidate must beat every baseline by more than noise, and must not be worse by more than noise than the
    champion, on the whole and on each slice, or than the best champion of the past: many champions, each a little
    worse than the last, would otherwise all pass. Each interval is a `difference` in macro recall, candidate minus
    other, on the same posts.
    """
    reasons = [
        f"not better than the {name} baseline: {_points(gain)}"
        for name, gain in against_baselines.items()
        if gain.low <= 0
    ]
    if against_champion is not None and against_champion.high < 0:
        reasons.append(f"worse than the champion: {_points(against_champion)}")
    if against_best is not None and against_best.high < 0:
        reasons.append(f"worse than the best champion of the past: {_points(against_best)}")
    reasons += [
        f"worse than the champion on the slice {name}: {_points(gain)}"
        for name, gain in (slices or {}).items()
        if gain.high < 0
    ]
    return reasons


def _points(gain: Interval) -> str:
    return f"{100 * gain.value:+.2f} points of macro recall [{100 * gain.low:+.2f}, {100 * gain.high:+.2f}]"


def _resample(counts: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.int64]:
    """Bootstrap copies of a table of counts, shape (RESAMPLES, *counts.shape)."""
    total = int(counts.sum())
    flat = np.random.default_rng(seed).multinomial(total, counts.ravel() / total, size=RESAMPLES)
    return flat.reshape(RESAMPLES, *counts.shape)


def _interval(
    measure: Callable[[npt.NDArray[np.int64]], Floats],
    counts: npt.NDArray[np.int64],
    resampled: npt.NDArray[np.int64],
    confidence: float = 0.95,
) -> Interval:
    tail = 50 * (1 - confidence)
    low, high = np.percentile(measure(resampled), (tail, 100 - tail))
    return Interval(float(measure(counts)), float(low), float(high))


def _macro_recall(confusion: npt.NDArray[np.int64]) -> Floats:
    """Of one table or of many, shape (..., 3, 3); a class without a post is left out of the mean."""
    support = confusion.sum(axis=-1)
    recalls = np.diagonal(confusion, axis1=-2, axis2=-1) / np.maximum(support, 1)
    mean: Floats = recalls.sum(axis=-1) / np.maximum((support > 0).sum(axis=-1), 1)
    return mean


def _macro_f1(confusion: npt.NDArray[np.int64]) -> Floats:
    support = confusion.sum(axis=-1)
    right = np.diagonal(confusion, axis1=-2, axis2=-1)
    f1 = 2 * right / np.maximum(support + confusion.sum(axis=-2), 1)
    mean: Floats = np.where(support > 0, f1, 0).sum(axis=-1) / np.maximum((support > 0).sum(axis=-1), 1)
    return mean


def _accuracy(confusion: npt.NDArray[np.int64]) -> Floats:
    share: Floats = np.trace(confusion, axis1=-2, axis2=-1) / confusion.sum(axis=(-2, -1))
    return share


def _per_class(confusion: npt.NDArray[np.int64]) -> dict[str, ClassScore]:
    scores = {}
    for i, name in enumerate(CLASSES):
        right, labelled, predicted = confusion[i, i], confusion[i].sum(), confusion[:, i].sum()
        scores[name] = ClassScore(
            precision=float(right / max(predicted, 1)),
            recall=float(right / max(labelled, 1)),
            f1=float(2 * right / max(labelled + predicted, 1)),
            support=int(labelled),
        )
    return scores


def _calibration(labels: Classes, probabilities: Floats) -> list[CalibrationBin]:
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    tenth = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    return [
        CalibrationBin(
            confidence=float(confidence[tenth == b].mean()),
            accuracy=float(correct[tenth == b].mean()),
            posts=int((tenth == b).sum()),
        )
        for b in range(CALIBRATION_BINS)
        if (tenth == b).any()
    ]


def majority_class(labels: Sequence[int] | Classes) -> int:
    """The most frequent class, the first of equals: what the majority baseline always answers."""
    return int(np.bincount(np.asarray(labels), minlength=_SIZE).argmax())
