"""Summary of the registered models and the figures of their cards, for `socialsent status` and reports.

Not here: keeping and verifying models (registry.py), tiers and hours (warehouse/status.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.learning.model_card import BIGRAM, CLASSIFIER, ModelCard
from socialsent_assets.lake.lake import Lake
from socialsent_assets.ml.registry import ModelRegistry

_DETAILS = frozenset(
    {"per_class", "confusion", "calibration", "slices", "behaviour", "discordance"}
)  # for the card's own page


@dataclass(frozen=True)
class ModelSummary:
    """One model.

    Attributes:
        name: its kind: `sentiment_classifier` or `bigram`.
        label_source: `human`, `lexicon` (weak labels), or None where none are needed.
        metrics, baselines: as on the card, without tables and curves.
        headline: the main figure in one line, or what is wrong with the model.
    """

    name: str
    digest: str
    role: Literal["champion", "candidate"]
    created_at: str
    label_source: str | None
    headline: str
    metrics: Mapping[str, Any] = field(default_factory=dict)
    baselines: Mapping[str, Any] = field(default_factory=dict)


def model_summaries(lake: Lake) -> list[ModelSummary]:
    """Every model of the lake: by kind, champions first, then candidates from the newest on.

    A card that cannot be read is listed with what is wrong with it.
    """
    registry = ModelRegistry(lake.artifacts)
    found: list[ModelSummary] = []
    for kind in (CLASSIFIER, BIGRAM):
        champion = _champion(registry, kind)
        models = [_summary(registry, kind, digest, champion) for digest in registry.digests(kind)]
        models.sort(key=lambda model: (model.created_at, model.digest), reverse=True)
        found += sorted(models, key=lambda model: model.role != "champion")
    return found


def _summary(registry: ModelRegistry, kind: str, digest: str, champion: str | None) -> ModelSummary:
    role: Literal["champion", "candidate"] = "champion" if digest == champion else "candidate"
    try:
        card = registry.card(kind, digest)
    except UserError as error:
        return ModelSummary(kind, digest, role, "", None, str(error))
    metrics = {name: value for name, value in card.metrics.items() if name not in _DETAILS}
    return ModelSummary(
        kind, digest, role, card.created_at, card.label_source, card.headline, metrics, _baselines(card)
    )


def _baselines(card: ModelCard) -> dict[str, Any]:
    if card.kind == BIGRAM:
        return {
            "add-one unigrams": card.metrics["laplace_unigram"],
            "add-one bigrams": card.metrics["laplace_bigram"],
        }
    return {
        name: {key: value for key, value in found.items() if key not in _DETAILS}
        for name, found in card.baselines.items()
    }


def _champion(registry: ModelRegistry, kind: str) -> str | None:
    try:
        return registry.champion_digest(kind)
    except UserError:
        return None  # a damaged pointer: scoring raises, a list of models need not fail
