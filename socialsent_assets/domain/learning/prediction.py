"""Prediction format: the same on the command line, over HTTP and in the lake.

Not here: how probabilities come about (classifier.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from socialsent_assets.domain.learning.labels import CLASSES

__all__ = ["prediction", "predictions"]


def prediction(probabilities: npt.NDArray[np.float64]) -> dict[str, Any]:
    """`label` and `probabilities` by class name, of one row of shape (3,); the label is the likeliest class.

    >>> prediction(np.array([0.1, 0.2, 0.7]))["label"]
    'positive'
    """
    return predictions(probabilities[np.newaxis])[0]


def predictions(probabilities: npt.NDArray[np.float64]) -> list[dict[str, Any]]:
    """`prediction` of each row of an array of shape (n, 3)."""
    labels = probabilities.argmax(axis=1).tolist()
    return [
        {"label": CLASSES[label], "probabilities": {name: round(p, 6) for name, p in zip(CLASSES, row, strict=True)}}
        for label, row in zip(labels, probabilities.tolist(), strict=True)
    ]
