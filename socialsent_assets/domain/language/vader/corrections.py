"""Corrections of the lexicon: valences of one's own for words and emoji, such as "sick=+2.1" in a skateboard shop.

A correction replaces the reference's valence of a token, or adds one; 0 takes the token out of the lexicon. Scores
with corrections are versioned apart from those of the reference.

Not here: the reference's data (lexicon.py), where corrections are kept (lake/lexicon_corrections.py).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.language.vader.lexicon import BOOSTERS, NEGATIONS, emoji_descriptions, valences

__all__ = ["MOST_WORDS", "NO_CORRECTIONS", "Corrections", "Lexicon", "lexicon_of", "parse_correction"]

STRONGEST = 4.0
"""The lexicon's raters answered from -4 to 4."""

MOST_WORDS = 10_000
"""Corrections that are kept at most: more than the reference has words is another lexicon."""

_LONGEST_WORD = 60
_RULE_WORDS = frozenset({"but", "no", "never", "so", "this", "without", "doubt", "least", "kind"})


@dataclass(frozen=True)
class Corrections:
    """Valences that replace those of the reference.

    Attributes:
        words: (lower-case word or emoji, valence), sorted by word; 0 takes the word out of the lexicon.
    """

    words: tuple[tuple[str, float], ...] = ()

    @classmethod
    def of(cls, words: Mapping[str, float]) -> Corrections:
        """Corrections in the one order that equal ones have."""
        return cls(tuple(sorted(words.items())))

    @cached_property
    def version(self) -> str:
        """Part of the scorer's version: "" without corrections, and the same for the same words and valences."""
        if not self.words:
            return ""
        lines = "\n".join(f"{word}\t{valence!r}" for word, valence in self.words)
        return f"+own.{hashlib.sha256(lines.encode()).hexdigest()[:10]}"


NO_CORRECTIONS = Corrections()


class Lexicon(NamedTuple):
    """Data that the rules read: valences by token, descriptions by emoji. Shared: do not change it."""

    valences: Mapping[str, float]
    descriptions: Mapping[str, str]


@lru_cache(maxsize=4)
def lexicon_of(corrections: Corrections) -> Lexicon:
    """The reference's lexicon with these corrections. A corrected emoji is read as one made-up word."""
    if not corrections.words:
        return Lexicon(valences(), emoji_descriptions())
    found, descriptions = dict(valences()), dict(emoji_descriptions())
    for word, valence in corrections.words:
        token = word
        if word in descriptions:
            token = f"emoji-{ord(word):x}"
            descriptions[word] = token
        found[token] = valence
    return Lexicon({token: valence for token, valence in found.items() if valence}, descriptions)


def parse_correction(written: str) -> tuple[str, float]:
    """Word and valence of "WORD=VALENCE".

    Raises:
        UserError: not of that form, no number from -4 to 4, a phrase, or a word that no text can be corrected by.
    """
    name, equals, number = written.rpartition("=")
    word = name.strip().lower()
    if not equals or not word:
        raise UserError(f"{written[:80]!r} is not a correction: write WORD=VALENCE, for example sick=+2.1")
    try:
        valence = float(number)
    except ValueError:
        valence = math.nan
    if not -STRONGEST <= valence <= STRONGEST:  # false for NaN too
        raise UserError(f"{number[:40]!r} is not a valence: write a number from -4 (worst) to +4 (best), 0 for none")
    problem = _problem_of(word)
    if problem:
        raise UserError(f"{word[:80]!r} cannot be corrected: {problem}")
    return word, valence + 0.0  # no -0.0


def _problem_of(word: str) -> str:
    """Why a word cannot be corrected; "" if it can."""
    from socialsent_assets.domain.language.text import clean_text
    from socialsent_assets.domain.language.vader.reference import word_of

    if word in emoji_descriptions():
        return "" if clean_text(word) == word else f"it is read as {clean_text(word)!r}: correct that"
    if len(word.split()) > 1:
        return "it is a phrase, and corrections are of single words or emoji. Correct the word that carries it"
    if not (word.isascii() and word.isprintable() and len(word) <= _LONGEST_WORD):
        return f"a word has ASCII letters alone, at most {_LONGEST_WORD}, and an emoji is one sign of the lexicon"
    if clean_text(word) != word or word_of(word) != word:
        return f"no word of a cleaned text looks like this. Try {word_of(clean_text(word)) or 'another one'!r}"
    if word in NEGATIONS or word in BOOSTERS or word in _RULE_WORDS or "n't" in word:
        return "it is a word of the rules (a negation, a degree or a connective), not of the lexicon"
    return ""
