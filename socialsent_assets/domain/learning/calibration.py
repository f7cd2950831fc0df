"""Calibration: the three numbers that turn scores into probabilities, fitted on posts that training never saw.

Not here: the softmax (classifier.py), what is calibrated (training.py, cascade.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from socialsent_assets.domain.learning.classifier import calibrated
from socialsent_assets.domain.learning.labels import CLASSES

__all__ = ["Calibration", "calibrate", "cross_fitted", "folds_of"]

Floats = npt.NDArray[np.float64]
Classes = npt.NDArray[np.int64]


class Calibration(NamedTuple):
    """What turns scores into probabilities; see `Classifier`."""

    sharpness: float
    bias: tuple[float, float, float]

    def probabilities(self, scores: Floats) -> Floats:
        """Shape (n, 3), rows sum to 1, of scores of that shape."""
        return calibrated(scores, self.sharpness, np.array(self.bias))


def calibrate(scores: Floats, labels: Classes) -> Calibration:
    """Sharpness and bias with the least log loss when every class weighs the same.

    Three free numbers, a convex problem: a few hundred posts settle them, and the likeliest class under equal
    class weights is the best guess for macro recall. A mild pull towards "change nothing" keeps the answer
    finite for a handful of posts that are all predicted right.
    """
    from scipy.optimize import minimize

    weights = 1.0 / np.maximum(np.bincount(labels, minlength=len(CLASSES)), 1)[labels]
    weights /= weights.sum()
    rows = np.arange(len(labels))

    def loss(x: Floats) -> float:
        found = calibrated(scores, float(np.exp(x[0])), np.array((x[1], 0.0, x[2])))
        return float(-(weights * np.log(found[rows, labels] + 1e-12)).sum() + (x**2).sum() / len(labels))

    best = minimize(loss, np.zeros(3), method="L-BFGS-B", bounds=[(-3, 3)] * 3).x
    return Calibration(float(np.exp(best[0])), (float(best[1]), 0.0, float(best[2])))


def folds_of(size: int, seed: int, folds: int = 5) -> Iterator[npt.NDArray[np.bool_]]:
    """For each fold whether a held-out post is in it, shape (size,)."""
    fold = np.random.default_rng(seed).permutation(size) % folds
    for number in range(folds):
        yield fold == number


def cross_fitted(scores: Floats, labels: Classes, seed: int) -> Floats:
    """Calibrated probabilities of held-out posts, each by a calibration fitted on the other folds."""
    found = np.empty_like(scores)
    for here in folds_of(len(labels), seed):
        found[here] = calibrate(scores[~here], labels[~here]).probabilities(scores[here])
    return found
