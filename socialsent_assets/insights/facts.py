"""What the report states, read from the marts once: plain values, each with what it is counted over.

Nothing here depends on a clock or on the order of rows, so the same marts give the same facts.

Not here: how facts look (charts.py, report.html.j2), word statistics (word_clouds.py), how the marts are built
(dbt_project/).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from socialsent_assets.domain.events.errors import UserError

if TYPE_CHECKING:
    import duckdb

MOODS = ("positive", "neutral", "negative")
EXTREMES = 8
TOPICS = 12
USERS = 10


class Hour(NamedTuple):
    """Texts of one event hour; `polarity_sum` is the sum of their polarities."""

    start: datetime
    positive: int
    neutral: int
    negative: int
    polarity_sum: float

    @property
    def texts(self) -> int:
        """Living posts and comments."""
        return self.positive + self.neutral + self.negative


class Topic(NamedTuple):
    """Texts about one subject; the name is None where the source gave none."""

    name: str | None
    positive: int
    neutral: int
    negative: int
    mean_polarity: float

    @property
    def texts(self) -> int:
        """Living posts, and comments on them."""
        return self.positive + self.neutral + self.negative


class Post(NamedTuple):
    """A living post as the tables of extremes show it."""

    text: str
    author: str
    topic: str | None
    time: datetime
    polarity: float


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
        """Likes, shares and replies by others on the user's living posts."""
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
    """Everything that the report says about the marts.

    Attributes:
        hours: every event hour with a living text, in order.
        authors: different authors of living texts.
        unscored: living texts in a language that the lexicon does not speak; they count as neutral.
        kinds: (what, how many) of everything that happened, in a fixed order.
        agreement: (texts that lexicon and classifier both judged, of which they say the same); None without a
            classifier.
        version: digest of the lake hours that the marts hold; scorers and models are the versions found.
    """

    hours: tuple[Hour, ...]
    authors: int
    unscored: int
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
        """Living posts and comments."""
        return sum(hour.texts for hour in self.hours)

    @property
    def first(self) -> datetime:
        """Start of the first hour with a living text, naive UTC."""
        return self.hours[0].start

    @property
    def end(self) -> datetime:
        """End of the last hour with a living text, naive UTC."""
        return self.hours[-1].start + timedelta(hours=1)

    def count(self, mood: str) -> int:
        """Living texts of that mood."""
        return sum(int(getattr(hour, mood)) for hour in self.hours)


def read_facts(connection: duckdb.DuckDBPyConnection) -> Facts:
    """The facts of a warehouse.

    Raises:
        UserError: there is no mart, or no living post or comment in them; the message names the next command.
    """
    import duckdb

    ask = _Asker(connection)
    try:
        return _facts(ask)
    except duckdb.CatalogException as error:
        raise UserError("there are no marts to report on yet: run socialsent materialize first") from error


class _Asker:
    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Every row of the answer."""
        return self._connection.execute(sql, list(parameters)).fetchall()

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...]:
        """The first row of the answer."""
        return self.rows(sql, parameters)[0]


def _facts(ask: _Asker) -> Facts:
    hours = tuple(Hour(*row) for row in ask.rows(_HOURS))
    if not hours:
        raise UserError("the marts hold no post or comment yet: run socialsent simulate or ingest, then materialize")
    predicted, agreeing = ask.row(_AGREEMENT)
    return Facts(
        hours=hours,
        authors=ask.row(_AUTHORS)[0],
        unscored=ask.row(_UNSCORED)[0],
        kinds=tuple((what, number) for what, number in ask.rows(_KINDS)),
        topics=tuple(Topic(*row) for row in ask.rows(_TOPICS, [TOPICS])),
        most_positive=_extremes(ask, "desc"),
        most_negative=_extremes(ask, "asc"),
        users=tuple(User(*row) for row in ask.rows(_USERS, [USERS])),
        engagement=Engagement(*ask.row(_ENGAGEMENT)),
        records=Records(*ask.row(_RECORDS)),
        agreement=(predicted, agreeing) if predicted else None,
        version=_digest(
            version for (version,) in ask.rows("select lake_version from lake_hours order by event_hour")
        ),
        scorers=tuple(version for (version,) in ask.rows(_VERSIONS.format(column="scorer_version"))),
        models=tuple(version for (version,) in ask.rows(_VERSIONS.format(column="model_version"))),
    )


def _extremes(ask: _Asker, direction: str) -> tuple[Post, ...]:
    sign = ">" if direction == "desc" else "<"
    return tuple(Post(*row) for row in ask.rows(_EXTREMES.format(sign=sign, direction=direction), [EXTREMES]))


def _digest(versions: Any) -> str:
    return hashlib.sha256("\n".join(versions).encode()).hexdigest()[:12]


_TEXTS = """(
    select post_id as text_id, author_id, clean_text, sentiment, predicted_sentiment, scorer_version, model_version,
        unscored_reason
    from fct_posts
    union all
    select comment_id, author_id, clean_text, sentiment, predicted_sentiment, scorer_version, model_version,
        unscored_reason
    from fct_comments
)"""

# Means are stored per hour; with the counts they give back the sums, so that any hours can be put together. VADER
# gives four decimals, so rounding restores the exact sum: no trace of the order in which a mean was added up.
_HOURS = """
    select event_hour, positive_count, neutral_count, negative_count,
        round(mean_polarity * text_count, 4)
    from agg_sentiment_hourly
    where text_count > 0
    order by event_hour
"""
_AUTHORS = f"select count(distinct author_id) from {_TEXTS}"  # noqa: S608
_UNSCORED = f"select count(*) from {_TEXTS} where unscored_reason is not null"  # noqa: S608
_AGREEMENT = f"""
    select count(predicted_sentiment), count(*) filter (predicted_sentiment = sentiment) from {_TEXTS}
    where unscored_reason is null
"""  # noqa: S608
_VERSIONS = f"select distinct {{column}} from {_TEXTS} where {{column}} is not null order by 1"  # noqa: S608
_KINDS = """
    select what, number from (
        select 1 as place, 'posts' as what, (select count(*) from fct_posts) as number
        union all select 2, 'comments', (select count(*) from fct_comments)
        union all select 3, 'user profiles', (select count(*) from dim_users)
        union all
        select 4, case action when 'like' then 'likes' when 'share' then 'shares' when 'follow' then 'follows'
            when 'comment' then 'comment actions' else action end, count(*)
        from fct_interactions group by action
    ) order by place, what
"""
_TOPICS = """
    select topic, positive, neutral, negative, polarity_sum / texts from (
        select nullif(topic, '(none)') as topic, cast(sum(positive_count) as bigint) as positive,
            cast(sum(neutral_count) as bigint) as neutral, cast(sum(negative_count) as bigint) as negative,
            sum(cast(mean_polarity * text_count as decimal(18, 4))) as polarity_sum, sum(text_count) as texts
        from agg_topic_sentiment_daily group by 1
    ) where texts > 0 order by texts desc, topic limit ?
"""
# A text that is posted again and again would fill the table by itself: its newest copy stands for all.
_EXTREMES = """
    select text, author, topic, event_time, polarity from (
        select p.text, coalesce(u.user_name, p.author_id) as author, p.topic, p.event_time, p.polarity, p.post_id,
            row_number() over (partition by p.clean_text order by p.event_time desc, p.post_id) as copy
        from fct_posts p left join dim_users u on u.user_id = p.author_id
        where p.polarity {sign} 0
    ) where copy = 1 order by polarity {direction}, event_time desc, post_id limit ?
"""
_USERS = """
    select coalesce(user_name, user_id), post_count, likes_received, shares_received, comments_received, mean_polarity
    from agg_user_engagement where engagement_received > 0
    order by engagement_received desc, user_id limit ?
"""
_ENGAGEMENT = """
    select cast(coalesce(sum(engagement_received) filter (post_count > 0), 0) as bigint),
        cast(coalesce(sum(post_count), 0) as bigint), coalesce(median(engagement_per_post), 0)
    from agg_user_engagement
"""
_RECORDS = """
    select cast(coalesce(sum(records), 0) as bigint), cast(coalesce(sum(accepted), 0) as bigint),
        cast(coalesce(sum(duplicates), 0) as bigint), cast(coalesce(sum(quarantined), 0) as bigint)
    from lake_hours
"""


def read_texts(connection: duckdb.DuckDBPyConnection, limit: int) -> list[tuple[str, str]]:
    """(clean text, sentiment) of at most `limit` scored living texts: always the same ones, spread over all hours."""
    query = f"""
        select clean_text, sentiment from {_TEXTS} where unscored_reason is null
        order by md5(text_id), text_id limit ?
    """  # noqa: S608
    return connection.execute(query, [limit]).fetchall()
