"""The first champion of each kind: trained between cleansing and scoring, and promoted when it passes its gate.

Only the first: a later candidate never replaces a champion without a person (`socialsent models promote`).

Not here: training (defs/ml/assets.py), the gate (domain/learning/model_card.py), later promotions (models.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from socialsent_assets.lake.lake import Lake

if TYPE_CHECKING:
    from rich.console import Console

MODELS = "group:models"
BEFORE_MODELS = "group:landing or group:cleansed"
AFTER_MODELS = "group:analytics or group:staging or group:marts"


def names_models(select: str) -> bool:
    """Whether a selection is of models alone, which have no hours.

    >>> names_models("models/bigram"), names_models("group:models"), names_models("+marts/fct_posts")
    (True, True, False)
    """
    return select == MODELS or select.startswith("models/")


def kinds_without_champion(lake: Lake) -> list[str]:
    """Kinds of model of which none was promoted yet."""
    from socialsent_assets.domain.learning.model_card import BIGRAM, CLASSIFIER
    from socialsent_assets.ml.registry import ModelRegistry

    registry = ModelRegistry(lake.artifacts)
    return [kind for kind in (CLASSIFIER, BIGRAM) if not registry.history(kind)]


def kinds_named(select: str) -> list[str]:
    """Kinds of model that a selection names; see `names_models`."""
    from socialsent_assets.domain.learning.model_card import BIGRAM, CLASSIFIER

    return [kind for kind in (CLASSIFIER, BIGRAM) if select in (MODELS, f"models/{kind}")]


def introduce(lake: Lake, kinds: Sequence[str], now: datetime, console: Console) -> None:
    """Report the newest candidate of each kind; a first one is promoted if it passes its gate."""
    from socialsent_assets.domain.learning.model_card import CLASSIFIER, obstacles
    from socialsent_assets.ml.registry import ModelRegistry

    registry = ModelRegistry(lake.artifacts)
    for kind in kinds:
        cards = {digest: registry.card(kind, digest) for digest in registry.digests(kind)}
        newest = max(cards, key=lambda digest: (cards[digest].created_at, digest), default=None)
        if newest is None:
            console.print(f"  [yellow]![/yellow] no {kind} yet: there is too little training data", soft_wrap=True)
            continue
        name, headline = f"{kind} {newest[:12]}", cards[newest].headline
        if obstacles(cards[newest]):  # the check of the training has just named them
            console.print(
                f"  [yellow]![/yellow] {name} is not promoted, see its gate above; more labels may help: "
                "socialsent labels import PATH",
                soft_wrap=True,
            )
        elif registry.champion_digest(kind) == newest:
            console.print(f"  {name} remains the champion; training did not change it: {headline}", soft_wrap=True)
        elif registry.history(kind):
            kind_option = "" if kind == CLASSIFIER else f" --kind {kind}"
            console.print(
                f"  {name} is a candidate: {headline}; socialsent models promote {newest[:12]}{kind_option}",
                soft_wrap=True,
            )
        else:
            registry.promote(kind, newest, now)
            console.print(f"  [green]★[/green] {name} is the first champion: {headline}", soft_wrap=True)
