"""Reasons of the extreme posts: the words that moved the answer of the reader whose sentiment the report shows.

Not here: what the reasons are (domain/language/vader/explanation.py, domain/learning/explanation.py), which posts are
extreme (report_data.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.language.vader.corrections import NO_CORRECTIONS, Corrections
from socialsent_assets.domain.language.vader.explanation import explain_polarity
from socialsent_assets.insights.report_data import Facts
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.lexicon_corrections import read_corrections

MOST = 5
"""Words that are shown for a post, the strongest."""
_SMALLEST = 0.005  # of numbers that are shown with two decimals
_LONGEST_WORD = 40


class Reason(NamedTuple):
    """A word, and what it adds: to the polarity, or to the classifier's logits for the label of the list."""

    word: str
    adds: float


def reasons_of(facts: Facts, lake: Lake | None) -> tuple[str, Mapping[str, tuple[Reason, ...]]]:
    """Whose reasons these are, "champion" or "lexicon", and those of each extreme post by its clean text.

    The lexicon's where the champion's model is not available, or several models scored.
    """
    asked = [*((post.clean_text, "positive") for post in facts.most_positive)]
    asked += [(post.clean_text, "negative") for post in facts.most_negative]
    reader = "lexicon"
    corrections = read_corrections(lake.artifacts) if lake is not None else NO_CORRECTIONS
    explain: Callable[[str, str], list[Reason]] = partial(_by_lexicon, corrections)
    if facts.reader == "champion" and lake is not None and len(facts.models) == 1:
        by_model = _by_model(lake, facts.models[0])
        if by_model is not None:
            reader, explain = "champion", by_model
    return reader, {text: _strongest(explain(text, label)) for text, label in asked}


def _strongest(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    ordered = sorted(reasons, key=lambda reason: -abs(reason.adds))  # stable: of equals the first of the text
    return tuple(reason for reason in ordered[:MOST] if abs(reason.adds) >= _SMALLEST)


def _by_lexicon(corrections: Corrections, text: str, _: str) -> list[Reason]:
    found = explain_polarity(text, corrections=corrections)
    return [Reason((word.emoji or word.word)[:_LONGEST_WORD], word.adds) for word in found.words]


def _by_model(lake: Lake, digest: str) -> Callable[[str, str], list[Reason]] | None:
    from socialsent_assets.domain.learning.cascade import ALONE, opened
    from socialsent_assets.domain.learning.classifier import UnreadableModelError
    from socialsent_assets.domain.learning.explanation import explain_prediction
    from socialsent_assets.domain.learning.labels import CLASSES
    from socialsent_assets.domain.learning.model_card import CLASSIFIER
    from socialsent_assets.ml.registry import ModelRegistry

    try:
        model = ModelRegistry(lake.artifacts).read(CLASSIFIER, digest.removesuffix(ALONE))
        classifier = opened(model.files, alone=digest.endswith(ALONE))
    except (UserError, UnreadableModelError, FileNotFoundError):
        return None

    def reasons(text: str, label: str) -> list[Reason]:
        place = CLASSES.index(label)
        words = explain_prediction(classifier, text).words
        return [Reason(word.word[:_LONGEST_WORD], float(word.centred[place])) for word in words]

    return reasons
