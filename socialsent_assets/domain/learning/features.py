"""Features of a post: words with negation, characters, and scores of the lexicon.

Everything here is a function of one post alone: nothing is fitted, so nothing can leak from held-out posts,
and a post has the same features whatever batch it comes in.

Not here: weights of words (classifier.py), VADER (language/polarity.py).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from socialsent_assets.domain.language.normalise import USER
from socialsent_assets.domain.language.polarity import Scores, score_texts
from socialsent_assets.domain.language.text import clean_text, words
from socialsent_assets.domain.language.vader.lexicon import NEGATIONS, valences
from socialsent_assets.domain.learning.emoji_words import without_emoji

__all__ = ["FEATURES_VERSION", "NUMBERS", "Document", "characters", "documents", "readable", "word_ngrams"]

FEATURES_VERSION = 1
"""Raise it with every change of any output here: a model answers only with the features it learned from."""

NEGATED = "_NEG"
"""Ends the second form of every word in the reach of a negation: "not good" is "not", "good" and "good_NEG"."""

LONGEST_TEXT = 10_000
"""Characters of a post that are looked at. Posts of the platforms end far below; a text of a megabyte would
stall a batch for no better answer."""


class Document(NamedTuple):
    """One post, ready for weighing.

    Attributes:
        words: tokens, lower case.
        negated: those of them that a negation reaches, marked.
        numbers: float64, shape (len(NUMBERS),), each of the order of one.
    """

    words: list[str]
    negated: list[str]
    numbers: npt.NDArray[np.float64]


NUMBERS = (
    *("polarity", "pos", "neu", "neg", "is_positive", "is_negative", "very_positive", "very_negative", "strength"),
    *("exclaims", "exclaims_much", "asks", "trails_off", "shouts", "stretches", "negates", "length", "mentions"),
    *("hashtags", "has_number", "is_short"),
    *("sum_up", "sum_down", "highest", "lowest", "last", "count_up", "count_down", "mean", "mean_of_all"),
)
"""Names of `Document.numbers`: VADER's scores, the post's surface, and valences of its single words."""


def documents(texts: Sequence[str | None]) -> list[Document]:
    """A document for each text, in order; a missing text is an empty one."""
    found = [readable(text) if text else "" for text in texts]
    return _documents(found, score_texts(found))


def word_ngrams(document: Document) -> list[str]:
    """Words, pairs of neighbours, and negated words once more: the analyzer of the word counter."""
    found = document.words
    return [*found, *(f"{a} {b}" for a, b in pairwise(found)), *document.negated]


def characters(document: Document) -> str:
    """The words as one string, of which character n-grams are counted."""
    return " ".join(document.words)


# ------------------------------------------------------------------------------------------------ words

_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")  # some public label sets hold \u2019 where an apostrophe was
_DOUBLED_QUOTES = re.compile(r'\\?"(?:\\?")+')
_PLACEHOLDER = re.compile(r"\bhttps?\b(?!:)", re.IGNORECASE)  # and "http" where an address was
_RUN = re.compile(r"([!?.])[!?.]*")
MARKS = ".!?"
"""Signs of which a run is one token."""
LONGEST_RUN = 3
APART = frozenset(";")
CLAUSE_END = frozenset(".:!?,") | {"...", "!!", "!!!", "??", "???", "but"}


def readable(text: str) -> str:
    """The text as its words are read and as the lexicon scores it: see `clean_text`, with emoji as emoticons."""
    text = text[:LONGEST_TEXT]
    if "\\" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    if '"' in text:
        text = _DOUBLED_QUOTES.sub('"', text)
    if "http" in text:
        text = _PLACEHOLDER.sub(" ", text)
    return without_emoji(clean_text(text))


def _tokens(text: str) -> list[str]:
    """Words of a readable text, with runs of marks as one token of at most three: "!!!!" is "!!!"."""
    found: list[str] = []
    for word in words(text):
        if word in MARKS and found and found[-1][0] == word:
            if len(found[-1]) < LONGEST_RUN:
                found[-1] += word
        else:
            found.append(word)
    return found


def _words_and_negated(text: str) -> tuple[list[str], list[bool]]:
    """Tokens of a readable text, and for each whether it lies between a negation and the end of its clause.

    ";" ends a clause and is then left out: it sets the replacements of emoji apart, and carries no meaning itself.
    """
    kept, negated, negating = [], [], False
    for token in _tokens(text):
        if token in APART:
            negating = False
            continue
        negates = is_negation(token)
        if token in CLAUSE_END:
            negating = False
        kept.append(token)
        negated.append(negating and not negates and token[0].isalnum())
        negating = negating or negates
    return kept, negated


def is_negation(token: str) -> bool:
    """Whether the token negates the words after it."""
    return token in NEGATIONS or token.endswith("n't")


# ---------------------------------------------------------------------------------------------- numbers

_STRETCHED = re.compile(r"([^\W\d_])\1{2}")


def _documents(texts: Sequence[str], scores: Scores) -> list[Document]:
    rows = np.empty((len(texts), len(NUMBERS)))
    found = []
    columns = (column.tolist() for column in (scores.polarity, scores.pos, scores.neu, scores.neg))
    for row, text, polarity in zip(rows, texts, zip(*columns, strict=True), strict=True):
        tokens, negated = _words_and_negated(text)
        row[:] = (*_lexicon_says(*polarity), *_surface(text, tokens), *_word_valences(tokens, negated))
        marked = [token + NEGATED for token, is_negated in zip(tokens, negated, strict=True) if is_negated]
        found.append(Document(tokens, marked, row))
    return found


def _lexicon_says(polarity: float, pos: float, neu: float, neg: float) -> tuple[float, ...]:
    steps = (polarity >= 0.05, polarity <= -0.05, polarity > 0.5, polarity < -0.5)
    return (polarity, 3 * pos, neu, 3 * neg, *steps, abs(polarity))  # pos and neg are rarely above a third


def _surface(text: str, tokens: Sequence[str]) -> tuple[float, ...]:
    shouted = sum(len(word) > 2 and word.isupper() for word in text.split())
    exclamations = text.count("!")
    return (
        exclamations > 0,
        exclamations > 2,
        "?" in text,
        "..." in text,
        math.log1p(shouted),
        _STRETCHED.search(text) is not None,
        any(map(is_negation, tokens)),
        math.log1p(len(tokens)) / 4,
        USER in tokens,
        math.log1p(sum(token[0] == "#" for token in tokens)),
        any(token[0].isdigit() for token in tokens),
        len(tokens) < 6,
    )


def valence_of(token: str) -> float:
    """Valence of a word or hashtag in the lexicon; 0.0 when it is not there."""
    return valences().get(token.lstrip("#") or token, 0.0)


def _word_valences(tokens: Sequence[str], negated: Sequence[bool]) -> tuple[float, ...]:
    """Sums, extremes and counts of the words' own valences; a negated word counts 0.7 the other way."""
    found = []
    for token, is_negated in zip(tokens, negated, strict=True):
        valence = valence_of(token)
        if valence:
            found.append(valence / 4 * (-0.7 if is_negated else 1))
    if not found:
        return (0.0,) * 9
    up = [v for v in found if v > 0]
    down = [v for v in found if v < 0]
    return (
        math.log1p(sum(up)),
        math.log1p(-sum(down)),
        max(found),
        min(found),
        found[-1],
        math.log1p(len(up)),
        math.log1p(len(down)),
        sum(found) / len(found),
        sum(found) / (1 + len(found)),
    )
