"""Filters that all views share: parsed from an address, bounded, and turned into SQL with parameters.

Not here: the questions that they narrow (views.py, posts.py), the form on the page (static/).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal, Protocol, get_args

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.readers import CHAMPION, LEXICON, MOODS

__all__ = ["NONE", "Filter", "parse_filter"]

NONE = "(none)"
"""Name of a missing topic, language or source, as in `agg_topic_sentiment_daily`."""

Basis = Literal["lexicon", "model"]
Facet = Literal["source", "topic", "lang", "kind", "watch"]

READER_OF = {"lexicon": LEXICON, "model": CHAMPION}
FACETS: tuple[Facet, ...] = get_args(Facet)
MOST_VALUES = 50
LONGEST_VALUE = 1024  # characters: the width of a topic in the marts
LONGEST_SEARCH = 200
MOST_WORDS = 8


class Query(Protocol):
    """Parameters of an address."""

    def get(self, key: str, /, default: str) -> str:
        """The last value of a name."""
        ...

    def getlist(self, key: Any) -> list[str]:
        """All values of a name."""
        ...


@dataclass(frozen=True)
class Filter:
    """Selection of texts. Times are naive UTC; an empty tuple or text does not narrow.

    Attributes:
        start, end: half-open span of event times.
        source, topic, lang, kind: any of these values.
        watch: any of these watched words is in the text.
        basis: whose sentiment is counted: the lexicon's or the model's.
        search: words that the text has to contain, lower case.
        mood, author: for lists of posts alone.
    """

    start: datetime | None = None
    end: datetime | None = None
    source: tuple[str, ...] = ()
    topic: tuple[str, ...] = ()
    lang: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    watch: tuple[str, ...] = ()
    basis: Basis = "lexicon"
    search: tuple[str, ...] = ()
    mood: str = ""
    author: str = ""

    def where(self, time_column: str, *, without: str = "") -> tuple[str, list[Any]]:
        """Condition and parameters over the summary: facets and a time; `without` skips one facet, or the span."""
        condition, values = self._where_columns(time_column, without)
        if self.watch and without != "watch":
            condition += " and list_has_any(watch, ?)"
            values.append(list(self.watch))
        return condition, values

    def _where_columns(self, time_column: str, without: str) -> tuple[str, list[Any]]:
        conditions, values = ["true"], list[Any]()
        for bound, sign in ((self.start, ">="), (self.end, "<")):
            if bound is not None and without != "span":
                conditions.append(f"{time_column} {sign} ?")
                values.append(bound)
        for facet in FACETS:
            wanted: Sequence[str] = getattr(self, facet)
            if wanted and facet not in (without, "watch"):
                marks = ", ".join("?" * len(wanted))
                conditions.append(f"coalesce({facet}, '{NONE}') in ({marks})")
                values += wanted
        return " and ".join(conditions), values

    def where_texts(self, *, without: str = "") -> tuple[str, list[Any]]:
        """As `where`, over rows of texts: with search, mood and author."""
        condition, values = self._where_columns("event_time", without)
        found, words = search_condition(self.search)
        condition, values = f"{condition} and {found}", values + words
        if self.watch and without != "watch":
            holds, patterns = zip(*map(watch_condition, self.watch), strict=True)
            condition += f" and ({' or '.join(holds)})"
            values += [value for pair in patterns for value in pair]
        if self.mood:
            condition += f" and {mood_column(self.basis)} = ?"
            values.append(self.mood)
        if self.author:
            condition += " and author_id = ?"
            values.append(self.author)
        return condition, values

    def before(self) -> Filter | None:
        """The same over the span of equal length that ends where this one starts; None without a span."""
        if self.start is None or self.end is None:
            return None
        return replace(self, start=self.start - (self.end - self.start), end=self.start)


def mood_column(basis: Basis) -> str:
    """SQL for the sentiment of a text; null where it was not scored."""
    if basis == "model":
        return CHAMPION.sentiment
    return "case when unscored_reason is null then sentiment end"


def search_condition(words: Sequence[str]) -> tuple[str, list[Any]]:
    """Condition and parameters: every word is part of the text, in any case."""
    return " and ".join(["contains(lower(clean_text), ?)"] * len(words)) or "true", list(words)


def watch_condition(word: str) -> tuple[str, list[Any]]:
    """Condition and parameters: the text holds that word whole, in any case; a hashtag of it counts.

    The cheap search goes first: the pattern is tried on the few texts that pass it.
    """
    before = _BEFORE if has_spaces(word[0]) else ""
    after = _AFTER if has_spaces(word[-1]) else ""
    if not (before or after):
        return "contains(lower(clean_text), ?)", [word]
    pattern = f"{before}{re.escape(word)}{after}"
    return "(contains(lower(clean_text), ?) and regexp_matches(lower(clean_text), ?))", [word, pattern]


_BEFORE, _AFTER = r"(?:^|[^\pL\pN_])", r"(?:[^\pL\pN_]|$)"
_WRITTEN_TOGETHER = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")


def has_spaces(letter: str) -> bool:
    """Check that a letter or number is of a script that puts spaces between words."""
    return letter.isalnum() and not unicodedata.name(letter, "").startswith(_WRITTEN_TOGETHER)


def parse_filter(query: Query) -> Filter:
    """The filter that an address names.

    Raises:
        UserError: a value that cannot be meant; the message names it.
    """
    start, end = _time(query, "from"), _time(query, "to")
    if start is not None and end is not None and end <= start:
        raise UserError("the end of the time span must be after its start")
    basis, mood = query.get("by", "lexicon") or "lexicon", query.get("mood", "")
    if basis not in get_args(Basis):
        raise UserError(f"by={basis[:40]} is not known; write lexicon or model")
    if mood and mood not in MOODS:
        raise UserError(f"mood={mood[:40]} is not known; write {', '.join(MOODS)}")
    return Filter(
        start=start,
        end=end,
        basis="model" if basis == "model" else "lexicon",
        search=_search(query.get("q", "")),
        mood=mood,
        author=query.get("author", "")[:LONGEST_VALUE],
        **{str(facet): _values(query, facet) for facet in FACETS},
    )


def _values(query: Query, name: str) -> tuple[str, ...]:
    values = tuple(dict.fromkeys(value for value in query.getlist(name) if value))
    if len(values) > MOST_VALUES or any(len(value) > LONGEST_VALUE for value in values):
        raise UserError(f"{name}: at most {MOST_VALUES} values of at most {LONGEST_VALUE} characters")
    return values


def _search(text: str) -> tuple[str, ...]:
    if len(text) > LONGEST_SEARCH:
        raise UserError(f"search for at most {LONGEST_SEARCH} characters")
    return tuple(dict.fromkeys(text.lower().split()))[:MOST_WORDS]


def _time(query: Query, name: str) -> datetime | None:
    text = query.get(name, "")
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"{name}={text[:40]} is not a time; write 2026-11-22T09:00") from None
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
