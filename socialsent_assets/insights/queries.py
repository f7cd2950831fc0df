"""Queries of the report, in the SQL that DuckDB, Athena and Redshift share.

A test parses every question as each of them and holds it to a short list of functions. What that list leaves out:
FILTER (Redshift has none), median and percentiles (Athena's are approximate), md5 (Athena wants bytes), unnamed
subqueries (Redshift), a division of whole numbers or decimals (each engine has its own idea of the result).

Not here: what the answers mean (report_data.py), how marts are built (dbt_project/).
"""

from __future__ import annotations

from collections.abc import Iterator

from socialsent_assets.domain.readers import CHAMPION, LEXICON, MOODS, Reader

TEXTS = """(
    select cast('post' as varchar(64)) as kind, post_id as text_id, event_time, event_hour, source, topic, lang,
        author_id, text, clean_text, polarity, sentiment, unscored_reason, predicted_sentiment, predicted_probability,
        predicted_polarity, scorer_version, model_version
    from fct_posts
    union all
    select 'comment', comment_id, event_time, event_hour, source, topic, lang,
        author_id, text, clean_text, polarity, sentiment, unscored_reason, predicted_sentiment, predicted_probability,
        predicted_polarity, scorer_version, model_version
    from fct_comments
) as texts"""
"""Posts and comments as one relation, with the columns that both have."""

AUTHORS = f"select count(distinct author_id) from {TEXTS}"  # noqa: S608
UNSCORED = f"select count(*) from {TEXTS} where unscored_reason is not null"  # noqa: S608
AGREEMENT = f"""
    select count(sentiment), count(predicted_sentiment), count(case when predicted_sentiment = sentiment then 1 end)
    from {TEXTS}
    where unscored_reason is null
"""  # noqa: S608
LANGUAGES = """
    select language, count(*) as number, count(case when is_scored = 1 then 1 end) as scored from (
        select coalesce(lang, detected_lang) as language,
            case when unscored_reason is null then 1 else 0 end as is_scored
        from fct_posts
        union all
        select coalesce(lang, detected_lang), case when unscored_reason is null then 1 else 0 end from fct_comments
    ) as texts
    group by language order by number desc, language
"""
KINDS = """
    select what, number from (
        select 1 as place, cast('posts' as varchar(64)) as what, count(*) as number from fct_posts
        union all select 2, 'comments', count(*) from fct_comments
        union all select 3, 'user profiles', count(*) from dim_users
        union all
        select 4, case action when 'like' then 'likes' when 'share' then 'shares' when 'follow' then 'follows'
            when 'comment' then 'comment actions' else action end, count(*)
        from fct_interactions group by action
    ) as kinds
    order by place, what
"""
ENGAGEMENT = """
    select
        cast(coalesce(sum(case when post_count > 0 then engagement_received end), 0) as bigint),
        cast(coalesce(sum(post_count), 0) as bigint)
    from agg_user_engagement
"""
# The middle one, or the two in the middle.
MEDIAN_ENGAGEMENT = """
    select coalesce(avg(engagement_per_post), 0) from (
        select engagement_per_post, row_number() over (order by engagement_per_post) as place,
            count(*) over () as authors
        from agg_user_engagement where engagement_per_post is not null
    ) as ranked
    where 2 * place between authors and authors + 2
"""
RECORDS = """
    select cast(coalesce(sum(records), 0) as bigint), cast(coalesce(sum(accepted), 0) as bigint),
        cast(coalesce(sum(duplicates), 0) as bigint), cast(coalesce(sum(quarantined), 0) as bigint)
    from lake_hours
"""
LAKE_VERSIONS = "select lake_version from lake_hours order by event_hour"


def versions(column: str) -> str:
    """The different values of `scorer_version` or `model_version`."""
    return f"select distinct {column} from {TEXTS} where {column} is not null order by 1"  # noqa: S608


def hours(reader: Reader, other: Reader) -> str:
    """Counts and sum of polarities of every hour by one reader, and count and sum by the other.

    Means are stored per hour; with the counts they give back the sums, so that any hours can be put together.
    Polarities have four decimals, so rounding restores the exact sum: no trace of the order of its addition.
    """
    moods = ", ".join(reader.mood_counts)
    return f"""
    select event_hour, {moods}, {_sum(reader)}, text_count - {reader.counted},
        {other.counted}, {_sum(other)}
    from agg_sentiment_hourly
    where text_count > 0
    order by event_hour
"""  # noqa: S608


def _sum(reader: Reader) -> str:
    return f"coalesce(round({reader.mean} * {reader.counted}, 4), 0)"


def topics(limit: int, reader: Reader) -> str:
    """Topics by number of texts; the mean is null where the reader read none of them."""
    moods = ", ".join(
        f"cast(sum({count}) as bigint) as {mood}" for mood, count in zip(MOODS, reader.mood_counts, strict=True)
    )
    return f"""
        select topic, positive, neutral, negative, cast(polarity_sum as double precision) / nullif(answered, 0),
            texts - answered
        from (
            select nullif(topic, '(none)') as topic, {moods},
                sum(cast({reader.mean} * {reader.counted} as decimal(18, 4))) as polarity_sum,
                cast(sum({reader.counted}) as bigint) as answered, cast(sum(text_count) as bigint) as texts
            from agg_topic_sentiment_daily group by 1
        ) as summed
        where texts > 0 order by texts desc, topic limit {limit:d}
    """  # noqa: S608


def extremes(reader: Reader, *, is_positive: bool, limit: int) -> str:
    """The posts and comments of the highest or lowest polarity.

    A text that is posted again and again would fill the table by itself: only its newest copy counts.
    """
    sign, direction = (">", "desc") if is_positive else ("<", "asc")
    return f"""
        select text, author, topic, event_time, polarity, clean_text from (
            select texts.text, coalesce(u.user_name, texts.author_id) as author, texts.topic, texts.event_time,
                texts.{reader.polarity} as polarity, texts.text_id, texts.clean_text,
                row_number() over (partition by texts.clean_text order by texts.event_time desc, texts.text_id) as age
            from {TEXTS} left join dim_users as u on u.user_id = texts.author_id
            where texts.{reader.polarity} {sign} 0
        ) as copies
        where age = 1 order by polarity {direction}, event_time desc, text_id limit {limit:d}
    """  # noqa: S608


def users(limit: int) -> str:
    """Users by what they received."""
    return f"""
        select coalesce(user_name, user_id), post_count, likes_received, shares_received, comments_received,
            mean_polarity
        from agg_user_engagement where engagement_received > 0
        order by engagement_received desc, user_id limit {limit:d}
    """  # noqa: S608


def sample(limit: int, reader: Reader) -> str:
    """Clean text and sentiment of texts that were read: all, or every n-th in the order of time, always the same."""
    return f"""
        select clean_text, mood from (
            select clean_text, {reader.sentiment} as mood,
                row_number() over (order by event_hour, text_id, clean_text) as place,
                count(*) over () as found
            from {TEXTS} where {reader.sentiment} is not null
        ) as ordered
        where floor(cast(place as double precision) * {limit:d} / found)
            > floor(cast(place - 1 as double precision) * {limit:d} / found)
        order by place
    """  # noqa: S608


def every_question() -> Iterator[str]:
    """All of them, for the test that parses them."""
    yield from (AUTHORS, UNSCORED, AGREEMENT, LANGUAGES, KINDS, ENGAGEMENT, MEDIAN_ENGAGEMENT, RECORDS, LAKE_VERSIONS)
    yield from (versions("scorer_version"), versions("model_version"), users(9))
    for reader, other in ((LEXICON, CHAMPION), (CHAMPION, LEXICON)):
        yield from (hours(reader, other), topics(9, reader), sample(9, reader))
        yield from (extremes(reader, is_positive=True, limit=9), extremes(reader, is_positive=False, limit=9))
