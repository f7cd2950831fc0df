"""The rules of VADER in plain Python: the specification to read, and the exact path for every text.

Equal bit for bit to vaderSentiment 3.3.2 as computed on Python 3.11, on every interpreter: sums run from left
to right (since 3.12 the builtin `sum` compensates rounding, and 3 of 100,170 posts change their class).
Rules that look odd are the reference's; each has a comment, and a post in tests/golden.

compiled.py compiles the same rules for the posts that need no Unicode tables; it sends the others here,
and where numba is missing all of them come here.

Not here: the public API and its thresholds (domain/language/polarity.py), the data (lexicon.py), cleaning
(domain/language/text.py).
"""

from __future__ import annotations

import heapq
import math
import string
from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import attrgetter

from socialsent_assets.domain.language.vader.corrections import NO_CORRECTIONS, Corrections, lexicon_of
from socialsent_assets.domain.language.vader.lexicon import (
    BOOSTER_PHRASES,
    BOOSTERS,
    CAPITALS,
    IDIOMS,
    NEGATION,
    NEGATIONS,
)

VaderScores = tuple[float, float, float, float]
"""polarity (the reference's "compound"), pos, neu, neg."""

Note = Callable[[str, str, float], None]
"""Receives each step: the rule, the word that acts by it, and the valence after it. For explanations."""

NO_WORDS = (0.0, 0.0, 0.0, 0.0)
NOTHING_FOUND = (0.0, 0.0, 1.0, 0.0)

_MEMO_LIMIT = 500_000

# Flags of a word. Most words have none, so a post is searched as a string of these bytes.
_SCORED, _CAPITALS, _BUT, _ACTS = 1, 2, 4, 8

# Words that can change the valence of a neighbour, beside boosters and negations. A phrase is named by its
# rarest word: without "shit" near, "the" need not be looked at.
_ACTING = {"no", "never", "without", "so", "this", "least", "kind", "sort", "enough"}
_ACTING |= {"shit", "bomb", "ass", "bus", "yeah", "death", "die", "beating"}


class Word:
    """What the rules ask about a token, once it has lost its punctuation."""

    __slots__ = ("boost", "capitals", "flags", "lower", "negates", "valence")

    def __init__(self, token: str, valences: Mapping[str, float]) -> None:
        word = word_of(token)
        self.lower = word.lower()
        self.valence = valences.get(self.lower)
        """None when the word is not in the lexicon; 0.0 never occurs there."""
        self.boost = BOOSTERS.get(self.lower, 0.0)
        self.negates = self.lower in NEGATIONS or "n't" in self.lower
        self.capitals = word.isupper()
        acts = self.boost != 0.0 or self.negates or self.lower in _ACTING
        self.flags = (
            (_SCORED if self.valence is not None else 0)
            | (_CAPITALS if self.capitals else 0)
            | (_BUT if self.lower == "but" else 0)
            | (_ACTS if acts else 0)
        )


def word_of(token: str) -> str:
    """A token without the punctuation around it.

    Only ASCII punctuation, and not from what would keep two letters or fewer: that may be an emoticon.
    """
    stripped = token.strip(string.punctuation)
    return stripped if len(stripped) > 2 else token


class _Words(dict[str, Word]):
    """Token -> its word in one lexicon. Bounded: it starts again after `_MEMO_LIMIT` different tokens."""

    def __init__(self, valences: Mapping[str, float]) -> None:
        super().__init__()
        self._valences = valences

    def __missing__(self, token: str) -> Word:
        if len(self) >= _MEMO_LIMIT:
            self.clear()
        word = self[token] = Word(token, self._valences)
        return word


@lru_cache(maxsize=4)
def _memo(corrections: Corrections) -> _Words:
    return _Words(lexicon_of(corrections).valences)


_NOWHERE = Word("", {})
_flags_of = attrgetter("flags")
_ONLY_SCORED, _ONLY_CAPITALS, _ONLY_BUT, _ONLY_ACTS = (
    bytes(1 if flags & flag else 0 for flags in range(256)) for flag in (_SCORED, _CAPITALS, _BUT, _ACTS)
)


def score(text: str, corrections: Corrections = NO_CORRECTIONS) -> VaderScores:
    """The four scores of a text, exactly as given. Any string, including lone surrogates; never raises.

    Those of the reference, or by a lexicon with corrections.
    """
    text = describe_emoji(text, corrections)
    words = words_of(text, corrections)
    if not words:
        return NO_WORDS
    flags = bytes(map(_flags_of, words))
    if 1 not in flags.translate(_ONLY_SCORED):
        return NOTHING_FOUND
    found = _weighed(flags, _valences(words, flags))
    return _combine([valence for _, valence in found if valence], len(words), emphasis_of(text))


def words_of(described: str, corrections: Corrections = NO_CORRECTIONS) -> list[Word]:
    """The words of a text whose emoji are described."""
    memo = _memo(corrections)
    return [memo[token] for token in described.split()]


def steps_of_valences(words: list[Word]) -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
    """(position, valence) of every word of the lexicon: after what its neighbours do to it, and after "but" too."""
    flags = bytes(map(_flags_of, words))
    found = _valences(words, flags)
    return found, _weighed(flags, found)


def describe_emoji(text: str, corrections: Corrections = NO_CORRECTIONS) -> str:
    """Each emoji of one code point replaced by its description, as the reference does it.

    A space goes before the description unless a space (no other white space) was there, and none after it.
    """
    if text.isascii():
        return text
    descriptions = lexicon_of(corrections).descriptions
    if descriptions.keys().isdisjoint(text):
        return text
    parts = []
    after_space = True
    for character in text:
        description = descriptions.get(character)
        if description is None:
            parts.append(character)
            after_space = character == " "
        else:
            parts.append(description if after_space else " " + description)
            after_space = False
    return "".join(parts)


# --------------------------------------------------------------------------------- the valence of one word


def _ignore(rule: str, by: str, valence: float) -> None:
    """Ignore the steps: the score alone is wanted."""


def _valences(words: list[Word], flags: bytes) -> list[tuple[int, float]]:
    """(position, valence) of every word of the lexicon, after what its neighbours do to it."""
    scored, acts = flags.translate(_ONLY_SCORED), flags.translate(_ONLY_ACTS)
    shouting = is_shouting(words, flags)
    found = []
    i = scored.find(1)
    while i >= 0:
        if acts.find(1, i - 3 if i > 3 else 0, i + 3) >= 0:
            valence = valence_in_context(words, i, shouting)
        else:
            valence = _shouted(words[i].valence or 0.0, words[i], shouting)
        found.append((i, valence))
        i = scored.find(1, i + 1)
    return found


def is_shouting(words: list[Word], flags: bytes | None = None) -> bool:
    """Whether capitals are emphasis: only where some words are in capitals and others are not."""
    flags = bytes(map(_flags_of, words)) if flags is None else flags
    return 0 < flags.translate(_ONLY_CAPITALS).count(1) < len(words)


def valence_in_context(words: list[Word], i: int, shouting: bool, note: Note = _ignore) -> float:
    """The valence of word i. The order of the steps is part of the rules: each reads the sign left by the last.

    `note` receives every step, also one that changes nothing.
    """
    word = words[i]
    last = len(words) - 1
    before1 = words[i - 1] if i > 0 else _NOWHERE
    before2 = words[i - 2] if i > 1 else _NOWHERE
    before3 = words[i - 3] if i > 2 else _NOWHERE
    after1 = words[i + 1] if i < last else _NOWHERE
    after2 = words[i + 2] if i + 1 < last else _NOWHERE

    if word.lower == "kind" and after1.lower == "of":
        note("kind of", after1.lower, 0.0)
        return 0.0
    own = word.valence or 0.0
    valence = 0.0 if word.lower == "no" and after1.valence is not None else own
    if before1.lower == "no" or before2.lower == "no" or (before3.lower == "no" and before1.lower in ("or", "nor")):
        valence = own * NEGATION
    note("negation", "no", valence)
    valence = _shouted(valence, word, shouting)
    note("capitals", "", valence)

    if before1.valence is None:  # a modifier that is itself in the lexicon does not modify
        valence += _boost(before1, valence, shouting)
        note("degree", before1.lower, valence)
        if before1.negates:
            valence *= NEGATION
        note("negation", before1.lower, valence)
    if before2.valence is None:
        valence += _boost(before2, valence, shouting) * 0.95
        note("degree", before2.lower, valence)
        valence = _negated_from_two_back(valence, before1, before2)
        note("negation", before2.lower, valence)
    if i > 2 and before3.valence is None:  # only here, so idioms near the start of a post do not count
        valence += _boost(before3, valence, shouting) * 0.9
        note("degree", before3.lower, valence)
        valence = _negated_from_three_back(valence, before1, before2, before3)
        note("negation", before3.lower if before3.negates else before1.lower, valence)
        valence = _idiom(valence, before3, before2, before1, word, after1, after2)
        note("idiom", "", valence)

    if before1.lower == "least" and before2.lower not in ("at", "very"):
        valence *= NEGATION
        note("negation", before1.lower, valence)
    return valence


def _shouted(valence: float, word: Word, shouting: bool) -> float:
    if not (shouting and word.capitals):
        return valence
    return valence + CAPITALS if valence > 0 else valence - CAPITALS


def _boost(modifier: Word, valence: float, shouting: bool) -> float:
    if not modifier.boost:
        return 0.0
    boost = -modifier.boost if valence < 0 else modifier.boost
    if shouting and modifier.capitals:
        boost += CAPITALS if valence > 0 else -CAPITALS
    return boost


def _negated_from_two_back(valence: float, before1: Word, before2: Word) -> float:
    if before2.lower == "never" and before1.lower in ("so", "this"):
        return valence * 1.25  # "never this good" is praise
    if before2.lower == "without" and before1.lower == "doubt":
        return valence
    return valence * NEGATION if before2.negates else valence


def _negated_from_three_back(valence: float, before1: Word, before2: Word, before3: Word) -> float:
    # The reference's "and" binds before its "or": "so" or "this" right before the word is enough.
    if (before3.lower == "never" and before2.lower in ("so", "this")) or before1.lower in ("so", "this"):
        return valence * 1.25
    if before3.lower == "without" and "doubt" in (before1.lower, before2.lower):
        return valence
    return valence * NEGATION if before3.negates else valence


def _idiom(
    valence: float, before3: Word, before2: Word, before1: Word, word: Word, after1: Word, after2: Word
) -> float:
    """Idioms replace the valence, also of a word that merely follows them; then "kind of" and its like add to it."""
    w3, w2, w1, w0, a1, a2 = (w.lower for w in (before3, before2, before1, word, after1, after2))
    for phrase in ((w1, w0), (w2, w1, w0), (w2, w1), (w3, w2, w1), (w3, w2)):
        if phrase in IDIOMS:
            valence = IDIOMS[phrase]
            break
    valence = IDIOMS.get((w0, a1), valence)
    valence = IDIOMS.get((w0, a1, a2), valence)
    valence += BOOSTER_PHRASES.get((w3, w2), 0.0)
    valence += BOOSTER_PHRASES.get((w2, w1), 0.0)
    return valence


# ------------------------------------------------------------------------------------- the text as a whole


def _weighed(flags: bytes, found: list[tuple[int, float]]) -> list[tuple[int, float]]:
    first_but = flags.translate(_ONLY_BUT).find(1)
    return found if first_but < 0 else _weigh_around_but(found, first_but)


def _weigh_around_but(found: list[tuple[int, float]], but: int) -> list[tuple[int, float]]:
    """Half the weight before the first "but", half as much again after it.

    The reference looks each sentiment up by value and changes the first position that holds an equal one, so
    of two equal sentiments the first can be changed twice. A heap of positions per value finds the same
    position without a search (a megabyte of "good but" would take minutes).
    """
    valences_now = [valence for _, valence in found]
    positions: dict[float, list[int]] = {}
    for index, valence in enumerate(valences_now):
        positions.setdefault(valence, []).append(index)
    for index in range(len(found)):
        valence = valences_now[index]
        if valence == 0.0:
            continue
        first = heapq.heappop(positions[valence])
        changed = valence * 0.5 if found[first][0] < but else valence * 1.5
        valences_now[first] = changed
        heapq.heappush(positions.setdefault(changed, []), first)
    return [(position, valence) for (position, _), valence in zip(found, valences_now, strict=True)]


def emphasis_of(text: str) -> float:
    """What "!" and "??" of a text add to the size of its total."""
    exclamations = min(text.count("!"), 4) * 0.292
    questions = text.count("?")
    if questions <= 1:
        return exclamations
    return exclamations + (questions * 0.18 if questions <= 3 else 0.96)


def _combine(sentiments: list[float], word_count: int, emphasis: float) -> VaderScores:
    """Valences that are not zero, left to right -> the four scores."""
    total = positive = negative = 0.0
    for sentiment in sentiments:
        total += sentiment
        if sentiment > 0:
            positive += sentiment + 1.0  # the 1 balances the neutral words, which count 1 each
        else:
            negative += sentiment - 1.0
    neutral = word_count - len(sentiments)

    if total > 0:
        total += emphasis
    elif total < 0:
        total -= emphasis
    compound = total / math.sqrt(total * total + 15.0)
    if positive > -negative:
        positive += emphasis
    elif positive < -negative:
        negative -= emphasis
    whole = positive - negative + neutral
    return (
        round(max(-1.0, min(1.0, compound)), 4),
        round(positive / whole, 3),
        round(neutral / whole, 3),
        round(abs(negative / whole), 3),
    )
