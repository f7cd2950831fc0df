"""Limits that an API's model states in words alone, like "The valid values for Fargate are 2-120 seconds."

A sentence counts when it speaks of the resource at hand: one about another launch type, engine or node type does not.
Of several ranges any may hold, as each belongs to a case that the text defines and this parser ignores: what lies
outside of all of them is wrong in every case.

Not here: limits that a model states as data (shapes.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_NUMBER = r"(-?\d[\d,]*)(?![\d.]*\d)"
# Where the two numbers of a range have units, they are the same; sizes in GB are those of another member's text.
_UNIT = r"(?: (?:seconds?|minutes?|hours?|days?|MB|characters?))?(?: \([^)]*\))?"
_TO = rf"{_NUMBER}{_UNIT} ?(?:-|–|to|and|through) ?{_NUMBER}(?! ?(?:GB|days|hours))"
_RANGES = (
    rf"valid (?:values?|ranges?)\b[^.|]{{0,60}}?\b{_TO}",
    rf"\b(?:the range is|any value from|between|from|within the ranges?) {_TO}",
    rf"\bmust be (?:a (?:value|number|positive integer) |an integer )?(?:from |between )?{_TO}",
    rf"\bminimum value of {_NUMBER}\. maximum value of {_NUMBER}",
)
_HIGHEST = (
    rf"\bmax(?:imum)?(?: allowed)?(?: \w+){{0,3}} (?:is|of) {_NUMBER}",
    rf"\bmust have \w+ values less than \d+ days or {_NUMBER}",
    rf"(?<!take )\bup to (?:a maximum of )?{_NUMBER}",
)
_LENGTHS = (
    rf"\bmust (?:be|contain)(?: from)? {_NUMBER}(?: ?- ?| to ){_NUMBER}(?: \w+){{0,2}} (?:letters|characters)",
)
_LONGEST = (
    rf"\bmaximum of {_NUMBER} (?:alphanumeric )?characters",
    rf"\bup to {_NUMBER} (?:\w+ )?characters",
    rf"\blimited to {_NUMBER} characters",
)
_CHOICES = r"valid values?: ((?:[\w.+-]+ ?(?:\||, and\b|, or\b|,) ?)+[\w.+-]+)"
_SENTENCE = re.compile(r"(?<=[.;:])\s+(?=[A-Z(])|<li>|<p>|</p>|</li>")
_MARKUP = re.compile(r"<[^>]+>")


@dataclass(frozen=True)
class Stated:
    """One limit and the words that state it.

    Attributes:
        lowest, highest: of a number, or of the length of a text; None where the words are silent.
        of_length: whether the length is meant.
        choices: allowed texts; empty when the words list none.
        words: the sentence.
    """

    lowest: int | None = None
    highest: int | None = None
    of_length: bool = False
    choices: tuple[str, ...] = ()
    words: str = ""

    def holds(self, value: str | int | float) -> bool:
        """Whether `value` is within it."""
        if self.choices:
            return str(value) in self.choices
        size = len(str(value)) if self.of_length else float(value)
        return (self.lowest is None or size >= self.lowest) and (self.highest is None or size <= self.highest)


def sentences(documentation: str, other_cases: Sequence[str] = ()) -> Iterator[str]:
    """The sentences of a model's text that are not about one of `other_cases`, without markup."""
    about_another_case = False
    for part in _SENTENCE.split(documentation):
        words = " ".join(_MARKUP.sub(" ", part).split())
        speaks = any(case.lower() in words.lower() for case in other_cases)
        if words.endswith(":"):  # a heading: what follows is about it
            about_another_case = speaks
        if words and not speaks and not about_another_case:
            yield words


def stated(documentation: str, *, number: bool, other_cases: Sequence[str] = ()) -> list[Stated]:
    """Limits that the text of a model states for a value.

    Args:
        documentation: of the member, as HTML.
        number: whether the value is a number; else a text, whose length and choices are looked for.
        other_cases: words that mark a sentence as one about something else, like "EC2 launch type".
    """
    found: list[Stated] = []
    for words in sentences(documentation, other_cases):
        if re.search(r"\bdefault", words, re.IGNORECASE) and not re.search(r"valid|max", words, re.IGNORECASE):
            continue
        found += _of_number(words) if number else _of_text(words)
    return found


def _of_number(words: str) -> Iterator[Stated]:
    for pattern in _RANGES:
        for low, high in re.findall(pattern, words, re.IGNORECASE):
            yield Stated(_int(low), _int(high), words=words)
    for pattern in _HIGHEST:
        for high in re.findall(pattern, words, re.IGNORECASE):
            yield Stated(highest=_int(high), words=words)


def _of_text(words: str) -> Iterator[Stated]:
    for pattern in _LENGTHS:
        for low, high in re.findall(pattern, words, re.IGNORECASE):
            yield Stated(_int(low), _int(high), of_length=True, words=words)
    for pattern in _LONGEST:
        for high in re.findall(pattern, words, re.IGNORECASE):
            yield Stated(highest=_int(high), of_length=True, words=words)
    for listed in re.findall(_CHOICES, words, re.IGNORECASE):
        choices = tuple(re.split(r" ?(?:\||, and\b|, or\b|,) ?", listed.rstrip(".")))
        if len(choices) > 1:
            yield Stated(choices=choices, words=words)


def _int(text: str) -> int:
    return int(text.replace(",", ""))
