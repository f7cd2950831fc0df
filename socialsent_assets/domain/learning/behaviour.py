"""Behavioural suite: invented sentences that leave no doubt, each a way in which readers of sentiment go wrong.

A held-out set says how often a model is right, not what it cannot do. No sentence is learned from or tuned on; they
are too few for a score, so they stand on the card as passed of total, beside the lexicon's.

Not here: metrics on labelled posts (evaluation.py), what a card holds (model_card.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from socialsent_assets.domain.learning.labels import CLASSES

__all__ = ["SENTENCES", "Sentence", "behaviour"]

_FAILURES_KEPT = 60


class Sentence(NamedTuple):
    """A text, the class that any reader gives it, and what it tries."""

    text: str
    label: str
    tries: str


def _group(tries: str, label: str, *texts: str) -> list[Sentence]:
    return [Sentence(text, label, tries) for text in texts]


SENTENCES: tuple[Sentence, ...] = (
    *_group("plain", "positive", "What a lovely evening, thank you all!", "Best pizza in town, I am so happy"),
    *_group("plain", "negative", "Worst service ever, never again", "I am sad and tired of this broken app"),
    *_group("plain", "neutral", "The meeting starts at nine in room four", "Line 7 now stops at the old market"),
    *_group(
        "negated praise",
        "negative",
        "This is not good",
        "I wouldn't call that a success",
        "The food wasn't great and the room wasn't clean",
        "Nothing about this trip was fun",
        "I don't like the new design at all",
    ),
    *_group(
        "negated blame",
        "positive",
        "Not bad at all, I'd come back!",
        "I couldn't be happier with it",
        "Never had a better burger",
        "No complaints, everything worked",
        "You can't go wrong with this place",
        "It never lets me down",
    ),
    *_group(
        "irony",
        "negative",
        "Thanks for nothing",
        "Great, another two hours stuck at the gate",
        "Oh wonderful, it crashed again",
        "Just what I needed, a flat tyre in the rain",
        "Wow, only three weeks late this time, amazing job",
    ),
    *_group(
        "but",
        "negative",
        "The staff was kind but the food made us sick",
        "Looks nice, but it broke on day one",
        "I wanted to love it, but it's a mess",
    ),
    *_group(
        "but",
        "positive",
        "The start was slow, but I loved the ending",
        "Had my doubts, but this is brilliant",
        "It rained all day but we had the best time",
    ),
    *_group(
        "comparison",
        "negative",
        "The old version was so much better than this",
        "I expected more from a place this famous",
        "My grandmother codes faster than your support answers",
    ),
    *_group(
        "no word of the lexicon",
        "negative",
        "Still waiting for my parcel after six weeks",
        "The screen went black and never came back on",
    ),
    *_group(
        "no word of the lexicon", "positive", "Ten out of ten, would order again", "This band gave me goosebumps"
    ),
    *_group("emoji alone", "positive", "The new album 😍😍", "we did it 🎉"),
    *_group("emoji alone", "negative", "the new update 😡", "my phone 💔"),
    *_group(
        "words of feeling as names", "neutral", "Love Street is closed until Monday", "Happy Hour is from 5 to 7"
    ),
)


def behaviour(probabilities: npt.NDArray[np.float64], lexicon: Sequence[int]) -> dict[str, Any]:
    """Passed sentences of a model and of the lexicon, in all and by what they try, as plain values.

    Args:
        probabilities: shape (len(SENTENCES), 3), the model's for `SENTENCES`.
        lexicon: class numbers that the lexicon gives them.
    """
    expected = [CLASSES.index(sentence.label) for sentence in SENTENCES]
    answers = probabilities.argmax(axis=1).tolist()
    groups: dict[str, dict[str, int]] = {}
    for sentence, wanted, ours, theirs in zip(SENTENCES, expected, answers, lexicon, strict=True):
        group = groups.setdefault(sentence.tries, {"sentences": 0, "passed": 0, "lexicon_passed": 0})
        group["sentences"] += 1
        group["passed"] += ours == wanted
        group["lexicon_passed"] += int(theirs) == wanted
    return {
        **{name: sum(group[name] for group in groups.values()) for name in ("sentences", "passed", "lexicon_passed")},
        "groups": groups,
        "failed": [
            {"text": sentence.text, "expected": sentence.label, "answered": CLASSES[ours], "tries": sentence.tries}
            for sentence, wanted, ours in zip(SENTENCES, expected, answers, strict=True)
            if ours != wanted
        ][:_FAILURES_KEPT],
    }
