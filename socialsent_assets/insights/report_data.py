"""Data of the report, read from the marts once: plain values, each with its denominator.

Nothing here depends on a clock or on the order of rows, so the same marts give the same facts.

Not here: the SQL (queries.py), how facts look (charts.py, report.html.j2), word statistics (word_clouds.py), how
the marts are built (dbt_project/).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.readers import CHAMPION, LEXICON, READERS, Reader
from socialsent_assets.insights import queries
from socialsent_assets.warehouse.engine import SqlEngine

EXTREMES = 5
TOPICS = 10
USERS = 6


class Hour(NamedTuple):
    """Texts of one event hour; `polarity_sum` is the sum of the polarities of those that were read.

    `unread` texts have no sentiment; `other_read` and `other_sum` are count and sum of the other reader's polarities.
    """

    start: datetime
    positive: int
    neutral: int
    negative: int
    polarity_sum: float
    unread: int = 0
    other_read: int = 0
    other_sum: float = 0.0

    @property
    def read(self) -> int:
        """Current posts and comments with a sentiment: what shares and means are over."""
        return self.positive + self.neutral + self.negative

    @property
    def texts(self) -> int:
        """Current posts and comments."""
        return self.read + self.unread


class Topic(NamedTuple):
    """Texts about one subject; the name is None where the source gave none, the mean where no text was read."""

    name: str | None
    positive: int
    neutral: int
    negative: int
    mean_polarity: float | None
    unread: int = 0

    @property
    def read(self) -> int:
        """Texts with a sentiment: what shares and mean are over."""
        return self.positive + self.neutral + self.negative

    @property
    def texts(self) -> int:
        """Current posts, and comments on them."""
        return self.read + self.unread


class Post(NamedTuple):
    """A current post as the tables of extremes show it."""

    text: str
    author: str
    topic: str | None
    time: datetime
    polarity: float
    clean_text: str = ""


class User(NamedTuple):
    """What one user did and got."""

    name: str
    posts: int
    likes: int
    shares: int
    replies: int
    mean_polarity: float | None

    @property
    def received(self) -> int:
        """Likes, shares and replies by others on the user's current posts."""
        return self.likes + self.shares + self.replies


class Engagement(NamedTuple):
    """Likes, shares and replies that posts received from others; `median` is the median author's rate per post."""

    received: int
    posts: int
    median: float


class Records(NamedTuple):
    """What became of the landed lines of the hours in the marts."""

    records: int
    accepted: int
    duplicates: int
    quarantined: int


@dataclass(frozen=True)
class Facts:
    """Data of the report.

    Attributes:
        hours: every event hour with a current text, in order.
        authors: different authors of current texts.
        reader: whose sentiment hours, topics and posts carry: "champion" or "lexicon".
        unscored: current texts in a language without a reader; they are in no share and no mean.
        languages: (tag or None, texts, of which scored), most texts first.
        kinds: (what, how many) of everything that happened, in a fixed order.
        agreement: (texts with a score and a prediction, of which both are the same); None without a classifier.
        version: digest of the lake hours that the marts hold; scorers and models are the versions found.
    """

    reader: str
    hours: tuple[Hour, ...]
    authors: int
    unscored: int
    languages: tuple[tuple[str | None, int, int], ...]
    kinds: tuple[tuple[str, int], ...]
    topics: tuple[Topic, ...]
    most_positive: tuple[Post, ...]
    most_negative: tuple[Post, ...]
    users: tuple[User, ...]
    engagement: Engagement
    records: Records
    agreement: tuple[int, int] | None
    version: str
    scorers: tuple[str, ...]
    models: tuple[str, ...]

    @property
    def texts(self) -> int:
        """Number of current posts and comments."""
        return sum(hour.texts for hour in self.hours)

    @property
    def read(self) -> int:
        """Current posts and comments with a sentiment: what shares and means are over."""
        return sum(hour.read for hour in self.hours)

    @property
    def first(self) -> datetime:
        """Start of the first hour with a current text, naive UTC."""
        return self.hours[0].start

    @property
    def end(self) -> datetime:
        """End of the last hour with a current text, naive UTC."""
        return self.hours[-1].start + timedelta(hours=1)

    def count(self, mood: str) -> int:
        """Current texts of that sentiment."""
        return sum(int(getattr(hour, mood)) for hour in self.hours)


def read_facts(sql: SqlEngine, preferred: str = "champion") -> Facts:
    """The facts of the marts that an engine answers for.

    `preferred`: whose sentiment to report, "champion" or "lexicon"; the lexicon's as long as the champion has
    answered on fewer than half of the scored texts, because a promotion does not score history again.

    Raises:
        UserError: there is no mart, or no current post or comment in them; the message names the next command.
    """
    scored, predicted, agreeing = _row(sql, queries.AGREEMENT)
    reader = READERS[preferred if predicted and 2 * predicted >= scored else "lexicon"]
    other = LEXICON if reader is CHAMPION else CHAMPION
    hours = tuple(Hour(*row) for row in sql.run(queries.hours(reader, other)).rows)
    if not hours:
        raise UserError("the marts hold no post or comment yet: run socialsent simulate or ingest, then materialize")
    return Facts(
        reader=reader.name,
        hours=hours,
        authors=_row(sql, queries.AUTHORS)[0],
        unscored=_row(sql, queries.UNSCORED)[0],
        languages=tuple((tag, number, read) for tag, number, read in sql.run(queries.LANGUAGES).rows),
        kinds=tuple((what, number) for what, number in sql.run(queries.KINDS).rows),
        topics=tuple(Topic(*row) for row in sql.run(queries.topics(TOPICS, reader)).rows),
        most_positive=_extremes(sql, reader, is_positive=True),
        most_negative=_extremes(sql, reader, is_positive=False),
        users=tuple(User(*row) for row in sql.run(queries.users(USERS)).rows),
        engagement=Engagement(*_row(sql, queries.ENGAGEMENT), *_row(sql, queries.MEDIAN_ENGAGEMENT)),
        records=Records(*_row(sql, queries.RECORDS)),
        agreement=(predicted, agreeing) if predicted else None,
        version=_digest(_column(sql, queries.LAKE_VERSIONS)),
        scorers=tuple(_column(sql, queries.versions("scorer_version"))),
        models=tuple(_column(sql, queries.versions("model_version"))),
    )


def read_texts(sql: SqlEngine, limit: int, reader: str = "lexicon") -> list[tuple[str, str]]:
    """(clean text, sentiment) of at most `limit` texts with a sentiment: always the same, spread over all hours."""
    return [(text, mood) for text, mood in sql.run(queries.sample(limit, READERS[reader])).rows]


def _row(sql: SqlEngine, question: str) -> tuple[Any, ...]:
    return next(sql.run(question).rows)


def _column(sql: SqlEngine, question: str) -> Iterator[Any]:
    return (value for (value,) in sql.run(question).rows)


def _extremes(sql: SqlEngine, reader: Reader, *, is_positive: bool) -> tuple[Post, ...]:
    asked = queries.extremes(reader, is_positive=is_positive, limit=EXTREMES)
    return tuple(Post(*row) for row in sql.run(asked).rows)


def _digest(versions: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(versions).encode()).hexdigest()[:12]
