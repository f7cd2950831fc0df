"""Reasons of a text's score and prediction, cut to what a page shows: word by word, and what adds up to the rest.

Not here: what the reasons are (domain/language/vader/explanation.py, domain/learning/explanation.py).
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.language.vader.corrections import NO_CORRECTIONS, Corrections
from socialsent_assets.domain.language.vader.explanation import Step, explain_polarity
from socialsent_assets.domain.language.vader.reference import describe_emoji
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.open import storage_at

if TYPE_CHECKING:
    from socialsent_assets.domain.learning.cascade import SentimentModel

WORDS_SHOWN = 120
MODEL_WORDS = 8


def reasons(clean_text: str, corrections: Corrections = NO_CORRECTIONS) -> dict[str, Any]:
    """Polarity of a text, its first words with what each adds, and the rest: all `adds` sum to the polarity.

    `{"polarity": …, "words": [{"word", "adds", "why"}, …], "emphasis": …, "others": …, "cut": …}`
    """
    found = explain_polarity(clean_text, corrections=corrections)
    words = clean_text.split()
    adds, why = [0.0] * min(len(words), WORDS_SHOWN), [""] * min(len(words), WORDS_SHOWN)
    # The lexicon reads an emoji as the words of its description: each belongs to the token that holds the emoji.
    token_of = [
        token for token, word in enumerate(words[:WORDS_SHOWN]) for _ in describe_emoji(word, corrections).split()
    ]
    others = found.others[1]
    for reason in found.words:
        if reason.place < len(token_of):
            token = token_of[reason.place]
            adds[token] += reason.adds
            why[token] = "; ".join(filter(None, (why[token], _told(reason.word, reason.steps))))
        else:
            others += reason.adds
    return {
        "polarity": found.polarity,
        "words": [
            {"word": word[:80], "adds": add, "why": text} for word, add, text in zip(words, adds, why, strict=False)
        ],
        "emphasis": found.emphasis[1],
        "others": others,
        "cut": len(words) > WORDS_SHOWN,
    }


def model_reasons(lake: Lake | None, digest: str | None, clean_text: str) -> dict[str, Any] | None:
    """What moved the prediction of the model that made it; None where that model cannot be asked any more.

    `{"label", "probability", "words": [{"word", "adds"}, …], "others", "intercept", "sum"}`: logits of the label
    above the mean of the classes; words, others and intercept sum to `sum`.
    """
    from socialsent_assets.domain.learning.classifier import UnreadableModelError
    from socialsent_assets.domain.learning.explanation import explain_prediction
    from socialsent_assets.domain.learning.labels import CLASSES

    if lake is None or digest is None:
        return None
    try:
        found = explain_prediction(_classifier(lake.artifacts.uri, digest), clean_text)
    except (UserError, UnreadableModelError, OSError) as error:
        logging.getLogger(__name__).warning("model %s cannot explain itself: %s", digest[:12], error)
        return None
    label = CLASSES.index(found.label)
    words = sorted(found.words, key=lambda word: -abs(word.centred[label]))
    adds = [float(word.centred[label]) for word in words]
    return {
        "label": found.label,
        "probability": float(found.probabilities[label]),
        "words": [
            {"word": word.word[:80], "adds": add}
            for word, add in zip(words[:MODEL_WORDS], adds[:MODEL_WORDS], strict=True)
        ],
        "others": sum(adds[MODEL_WORDS:]),
        "intercept": float(found.intercept[label] - found.intercept.mean()),
        "sum": float(found.logits[label] - found.logits.mean()),
    }


@lru_cache(maxsize=1)
def _classifier(uri: str, digest: str) -> SentimentModel:
    from socialsent_assets.domain.learning.cascade import ALONE, opened
    from socialsent_assets.domain.learning.model_card import CLASSIFIER
    from socialsent_assets.ml.registry import ModelRegistry

    model = ModelRegistry(storage_at(uri)).read(CLASSIFIER, digest.removesuffix(ALONE))
    return opened(model.files, alone=digest.endswith(ALONE))


def _told(word: str, steps: tuple[Step, ...]) -> str:
    rules = [f"{step.adds:+.2f} {step.rule}" + (f" ({step.by[:40]})" if step.by else "") for step in steps[1:]]
    return ", ".join([f"{word[:40]} {steps[0].adds:+.2f}", *rules])
