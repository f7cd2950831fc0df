"""Explanation of a polarity: the words of the lexicon in a text, the rules that changed them, and what each adds.

A polarity is total / sqrt(total**2 + 15), so each word's part of the total, divided by the same root, is its part of
the polarity: the parts add up to it. Steps come from the rules themselves (reference.py), so they cannot disagree.

Not here: the rules (reference.py), reasons of a model (domain/learning/explanation.py), how reasons look.
"""

from __future__ import annotations

import heapq
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from socialsent_assets.domain.language.vader import reference
from socialsent_assets.domain.language.vader.corrections import NO_CORRECTIONS, Corrections, lexicon_of

__all__ = ["MOST_WORDS", "PolarityReasons", "Step", "WordReason", "explain_polarity"]

MOST_WORDS = 60
"""Words that are explained one by one, the strongest of a text; the others are added up."""

_TOKEN = re.compile(r"\S+")  # the same white space as str.split


class Step(NamedTuple):
    """A rule, the word that acts by it ("" for none), and what it adds to the valence.

    Rules: lexicon, negation, emphasis, degree, capitals, idiom, kind of, but.
    """

    rule: str
    by: str
    adds: float


class WordReason(NamedTuple):
    """One word of the lexicon in the text.

    Attributes:
        word: as written, without the punctuation around it.
        emoji: the emoji whose description holds the word; "" for a word of the text.
        place: number of the word in the text, emoji described, from 0.
        steps: what adds up to `valence`.
        valence: after all rules, about -6 to 6.
        adds: part of the polarity.
    """

    word: str
    emoji: str
    place: int
    steps: tuple[Step, ...]
    valence: float
    adds: float


@dataclass(frozen=True)
class PolarityReasons:
    """Reasons of the polarity of one text: `adds` of words, others and emphasis sum to it, before it is rounded.

    Attributes:
        polarity: as `score` gives it, four decimals.
        words: in the order of the text.
        others: (how many, what they add) of lexicon words beyond the strongest `MOST_WORDS`.
        emphasis: (valence, what it adds) of "!" and "??".
        word_count: words of the text, emoji described.
    """

    polarity: float
    words: tuple[WordReason, ...]
    others: tuple[int, float]
    emphasis: tuple[float, float]
    word_count: int


def explain_polarity(text: str, most: int = MOST_WORDS, corrections: Corrections = NO_CORRECTIONS) -> PolarityReasons:
    """Reasons of the polarity of a text exactly as given; no words for one that the lexicon has nothing to say about.

    Time and memory are those of a score, and some of each of the `most` strongest words.
    """
    described = reference.describe_emoji(text, corrections)
    words = reference.words_of(described, corrections)
    before_but, found = reference.steps_of_valences(words)
    shouting = reference.is_shouting(words)
    total = math.fsum(valence for _, valence in found)
    emphasis = math.copysign(reference.emphasis_of(described), total) if total else 0.0
    root = math.sqrt((total + emphasis) ** 2 + 15.0)
    strongest = set(heapq.nlargest(most, range(len(found)), key=lambda k: abs(found[k][1])))
    kept = [k for k in range(len(found)) if k in strongest]
    places = {found[k][0] for k in kept}
    shown = dict(_shown(described, _emoji_spans(text, corrections) if text != described else [], places))
    reasons = []
    for k in kept:
        place, valence = found[k]
        word, emoji = shown[place]
        steps = _steps(words, place, shouting, before_but[k][1], valence)
        reasons.append(WordReason(word, emoji, place, steps, valence, valence / root))
    rest = [valence for k, (_, valence) in enumerate(found) if k not in strongest and valence]
    return PolarityReasons(
        polarity=reference.score(text, corrections)[0],
        words=tuple(reasons),
        others=(len(rest), math.fsum(rest) / root),
        emphasis=(emphasis, emphasis / root),
        word_count=len(words),
    )


def _steps(
    words: list[reference.Word], place: int, shouting: bool, in_context: float, valence: float
) -> tuple[Step, ...]:
    """Changes of the valence, from the lexicon's own to the last; rules that change nothing are left out."""
    own = words[place].valence or 0.0
    steps, now = [Step("lexicon", "", own)], own

    def note(rule: str, by: str, after: float) -> None:
        nonlocal now
        if after != now:
            stronger = rule == "negation" and after * now > 0 and abs(after) > abs(now)  # "never so good"
            steps.append(Step("emphasis" if stronger else rule, by, after - now))
            now = after

    reference.valence_in_context(words, place, shouting, note)
    if valence != in_context:
        note("but", "but", valence)
    return tuple(steps)


def _shown(
    described: str, emoji_at: list[tuple[int, int, str]], places: set[int]
) -> Iterator[tuple[int, tuple[str, str]]]:
    """(place, (the word as written, its emoji or "")) of the words at these places of the described text."""
    at = 0
    for place, token in enumerate(_TOKEN.finditer(described)):
        while at < len(emoji_at) and emoji_at[at][1] <= token.start():
            at += 1
        if place in places:
            inside = at < len(emoji_at) and emoji_at[at][0] <= token.start()
            yield place, (reference.word_of(token[0]), emoji_at[at][2] if inside else "")


def _emoji_spans(text: str, corrections: Corrections) -> list[tuple[int, int, str]]:
    """(start, end, emoji) of each description in `describe_emoji(text)`."""
    descriptions = lexicon_of(corrections).descriptions
    spans, length, after_space = [], 0, True
    for character in text:
        description = descriptions.get(character)
        if description is None:
            length += 1
            after_space = character == " "
        else:
            length += 0 if after_space else 1
            spans.append((length, length + len(description), character))
            length += len(description)
            after_space = False
    return spans
