"""Filters that all views share: parsed from an address, bounded, and turned into SQL with parameters.

Not here: the questions that they narrow (views.py, posts.py), the form on the page (static/).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal, Protocol, get_args

from socialsent_assets.domain.events.errors import UserError

__all__ = ["NONE", "Filter", "parse_filter"]

NONE = "(none)"
"""Name of a missing topic, language or source, as in `agg_topic_sentiment_daily`."""

Basis = Literal["lexicon", "model"]
Facet = Literal["source", "topic", "lang", "kind"]

FACETS: tuple[Facet, ...] = get_args(Facet)
MOODS = ("positive", "neutral", "negative")
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
    basis: Basis = "lexicon"
    search: tuple[str, ...] = ()
    mood: str = ""
    author: str = ""

    def where(self, time_column: str, *, without: str = "") -> tuple[str, list[Any]]:
        """Condition and parameters over source, topic, lang, kind and a time; `without` skips one, or the span."""
        conditions, values = ["true"], list[Any]()
        for bound, sign in ((self.start, ">="), (self.end, "<")):
            if bound is not None and without != "span":
                conditions.append(f"{time_column} {sign} ?")
                values.append(bound)
        for facet in FACETS:
            wanted: Sequence[str] = getattr(self, facet)
            if wanted and facet != without:
                marks = ", ".join("?" * len(wanted))
                conditions.append(f"coalesce({facet}, '{NONE}') in ({marks})")
                values += wanted
        return " and ".join(conditions), values

    def where_texts(self, *, without: str = "") -> tuple[str, list[Any]]:
        """As `where`, over rows of texts: with search, mood and author."""
        condition, values = self.where("event_time", without=without)
        found, words = search_condition(self.search)
        condition, values = f"{condition} and {found}", values + words
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
        return "predicted_sentiment"
    return "case when unscored_reason is null then sentiment end"


def search_condition(words: Sequence[str]) -> tuple[str, list[Any]]:
    """Condition and parameters: every word is part of the text, in any case."""
    return " and ".join(["contains(lower(clean_text), ?)"] * len(words)) or "true", list(words)


def parse_filter(query: Query) -> Filter:
    """The filter that an address names.

    Raises:
        UserError: a value that cannot be meant; the message names it.
    """
    start, end = _time(query, "from"), _time(query, "to")
    if start is not None and end is not None and end <= start:
        raise UserError("the end of the span has to lie after its start")
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
