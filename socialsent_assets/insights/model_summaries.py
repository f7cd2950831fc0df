"""The models whose predictions are in the marts, with their cards: never a metric without its baselines.

Not here: agreement with the lexicon (report_data.py), pictures of a card (model_charts.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.learning.model_card import CLASSIFIER, ModelCard
from socialsent_assets.lake.lake import Lake
from socialsent_assets.ml.registry import ModelRegistry


@dataclass(frozen=True)
class Judged:
    """One line of the table: who answers, and shares in percent with their 95 % intervals, in words."""

    name: str
    macro_recall: str
    macro_f1: str
    accuracy: str


@dataclass(frozen=True)
class JudgedModel:
    """A model of the marts and its card.

    Attributes:
        lines: the model, then its baselines, on the same held-out posts.
    """

    digest: str
    card: ModelCard
    lines: tuple[Judged, ...]


def judged_models(lake: Lake | None, digests: Sequence[str]) -> list[JudgedModel]:
    """Those of the models that the lake has a readable card of, in the order given."""
    if lake is None:
        return []
    registry = ModelRegistry(lake.artifacts)
    found = []
    for digest in digests:
        try:
            card = registry.card(CLASSIFIER, digest)
        except (FileNotFoundError, UserError):
            continue  # the page then states that there is no card
        rows = [("this model", card.metrics), *card.baselines.items()]
        found.append(JudgedModel(digest, card, tuple(_line(name, measured) for name, measured in rows)))
    return found


def _line(name: str, measured: Any) -> Judged:
    return Judged(name, *(_words(measured[key]) for key in ("macro_recall", "macro_f1", "accuracy")))


def _words(interval: Any) -> str:
    return f"{100 * interval['value']:.1f} ({100 * interval['low']:.1f}–{100 * interval['high']:.1f})"
