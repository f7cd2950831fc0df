"""Slices of labelled posts: parts that are known to be hard, or of which a reader wants to know, measured apart.

A mean hides what it is made of: a candidate can win on the whole and lose every post with a negation.

Not here: the measures (evaluation.py), what a gate makes of them (model_card.py).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from socialsent_assets.domain.language.detection import detect_languages
from socialsent_assets.domain.language.normalise import added_emoji
from socialsent_assets.domain.language.text import clean_text, words
from socialsent_assets.domain.language.vader.lexicon import emoji_descriptions, valences
from socialsent_assets.domain.learning.evaluation import Interval, difference, evaluate
from socialsent_assets.domain.learning.features import is_negation
from socialsent_assets.domain.learning.labels import LabelledPosts

__all__ = ["FEWEST_POSTS", "sliced", "slices_of", "tags_of"]

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

FEWEST_POSTS = 30
"""Posts below which a slice is not measured: its interval would span everything."""

SHORT, LONG = 6, 25  # words
MOST_OF_A_KIND = 10
"""Languages and topics that are measured, the most frequent."""

_EMOJI = re.compile("[\u2600-\u27bf\u2b50\U0001f000-\U0001faff]")


def slices_of(posts: LabelledPosts) -> dict[str, Rows]:
    """Rows of each slice that holds at least `FEWEST_POSTS` posts, by name; a post can be in many."""
    texts = [clean_text(text) for text in posts.texts]
    tokens = [words(text) for text in texts]
    tags = posts.tags or [()] * len(posts)
    detected = detect_languages(texts, [None] * len(texts))
    named: list[list[str]] = []
    for raw, said, tag, lang in zip(posts.texts, tokens, tags, detected, strict=True):
        found = [*tag]
        if lang and not any(name.startswith("language ") for name in tag):
            found.append(f"language {lang}")
        held = set(said)
        tests = {
            f"under {SHORT} words": len(said) < SHORT,
            f"over {LONG} words": len(said) > LONG,
            "negation": any(map(is_negation, said)),
            "but": "but" in held,
            "no lexicon word": not any(word.lstrip("#") in valences() for word in held) and not _has_emoji(raw),
            "emoji": _has_emoji(raw),
            "hashtag": any(word[0] == "#" for word in said),
        }
        named.append([*(name for name, is_in in tests.items() if is_in), *found])
    counts = Counter(name for names in named for name in names)
    frequent = _frequent(counts)
    return {
        name: np.array([row for row, names in enumerate(named) if name in names], np.int64)
        for name in sorted(counts)
        if name in frequent and counts[name] >= FEWEST_POSTS
    }


def sliced(
    posts: LabelledPosts, ours: Floats, lexicon: Floats, champion: Floats | None, seed: int = 0
) -> dict[str, dict[str, Any]]:
    """Measures of each slice, as plain values: `posts`, `macro_recall`, the lexicon's, and the gain on the champion.

    The interval of a gain is wider the more slices there are (Bonferroni), so that of all of them together one in
    twenty trainings would be stopped by chance.

    Args:
        posts: held out.
        ours: probabilities of the candidate, shape (n, 3).
        lexicon: the lexicon's, as certain answers.
        champion: the champion's; None without one.
        seed: of the bootstrap.
    """
    parts = slices_of(posts)
    found: dict[str, dict[str, Any]] = {}
    for name, rows in parts.items():
        labels = posts.labels[rows]
        gain: Interval | None = None
        if champion is not None:
            answers = (ours[rows].argmax(axis=1), champion[rows].argmax(axis=1))
            gain = difference(labels, *answers, seed, confidence=1 - 0.05 / len(parts))
        found[name] = {
            "posts": len(rows),
            "macro_recall": vars(evaluate(labels, ours[rows], seed).macro_recall),
            "lexicon": evaluate(labels, lexicon[rows], seed).macro_recall.value,
            "against_champion": None if gain is None else vars(gain),
        }
    return found


def _has_emoji(text: str) -> bool:
    if text.isascii():
        return False
    return bool(_EMOJI.search(text)) or not (emoji_descriptions().keys() | added_emoji().keys()).isdisjoint(text)


def _frequent(counts: Mapping[str, int]) -> set[str]:
    """All names, of languages and topics the most frequent alone."""
    kept: set[str] = set()
    for kind in ("language ", "topic "):
        of_kind = sorted((name for name in counts if name.startswith(kind)), key=lambda name: (-counts[name], name))
        kept |= set(of_kind[:MOST_OF_A_KIND])
    return kept | {name for name in counts if not name.startswith(("language ", "topic "))}


def tags_of(lang: str | None, topic: str | None) -> tuple[str, ...]:
    """Slices that the source of a post names.

    >>> tags_of("en", None), tags_of(None, "trams")
    (('language en',), ('topic trams',))
    """
    named: Sequence[tuple[str, str | None]] = (("language", lang), ("topic", topic))
    return tuple(f"{kind} {value[:60]}" for kind, value in named if value)
