"""What the report asks of the marts, in the SQL that DuckDB, Athena and Redshift all understand.

A test parses every question as each of them and holds it to a short list of functions. What that list leaves out:
FILTER (Redshift has none), median and percentiles (Athena's are approximate), md5 (Athena wants bytes), unnamed
subqueries (Redshift), a division of whole numbers or decimals (each engine has its own idea of the result).

Not here: what the answers mean (report_data.py), how marts are built (dbt_project/).
"""

from __future__ import annotations

from collections.abc import Iterator

TEXTS = """(
    select cast('post' as varchar(64)) as kind, post_id as text_id, event_time, event_hour, source, topic, lang,
        author_id, text, clean_text, polarity, sentiment, unscored_reason, predicted_sentiment, predicted_probability,
        scorer_version, model_version
    from fct_posts
    union all
    select 'comment', comment_id, event_time, event_hour, source, topic, lang,
        author_id, text, clean_text, polarity, sentiment, unscored_reason, predicted_sentiment, predicted_probability,
        scorer_version, model_version
    from fct_comments
) as texts"""
"""Posts and comments as one relation, with the columns that both have."""

# Means are stored per hour; with the counts they give back the sums, so that any hours can be put together. VADER
# gives four decimals, so rounding restores the exact sum: no trace of the order in which a mean was added up.
HOURS = """
    select event_hour, positive_count, neutral_count, negative_count,
        round(mean_polarity * text_count, 4)
    from agg_sentiment_hourly
    where text_count > 0
    order by event_hour
"""
AUTHORS = f"select count(distinct author_id) from {TEXTS}"  # noqa: S608
UNSCORED = f"select count(*) from {TEXTS} where unscored_reason is not null"  # noqa: S608
AGREEMENT = f"""
    select count(predicted_sentiment), count(case when predicted_sentiment = sentiment then 1 end) from {TEXTS}
    where unscored_reason is null
"""  # noqa: S608
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


def topics(limit: int) -> str:
    """Topics by number of texts."""
    return f"""
        select topic, positive, neutral, negative, cast(polarity_sum as double precision) / texts from (
            select nullif(topic, '(none)') as topic, cast(sum(positive_count) as bigint) as positive,
                cast(sum(neutral_count) as bigint) as neutral, cast(sum(negative_count) as bigint) as negative,
                sum(cast(mean_polarity * text_count as decimal(18, 4))) as polarity_sum,
                cast(sum(text_count) as bigint) as texts
            from agg_topic_sentiment_daily group by 1
        ) as summed
        where texts > 0 order by texts desc, topic limit {limit:d}
    """  # noqa: S608


def extremes(*, is_positive: bool, limit: int) -> str:
    """The posts of the highest or lowest polarity.

    A text that is posted again and again would fill the table by itself: its newest copy stands for all.
    """
    sign, direction = (">", "desc") if is_positive else ("<", "asc")
    return f"""
        select text, author, topic, event_time, polarity from (
            select p.text, coalesce(u.user_name, p.author_id) as author, p.topic, p.event_time, p.polarity, p.post_id,
                row_number() over (partition by p.clean_text order by p.event_time desc, p.post_id) as age
            from fct_posts as p left join dim_users as u on u.user_id = p.author_id
            where p.polarity {sign} 0
        ) as copies
        where age = 1 order by polarity {direction}, event_time desc, post_id limit {limit:d}
    """  # noqa: S608


def users(limit: int) -> str:
    """Users by what they received."""
    return f"""
        select coalesce(user_name, user_id), post_count, likes_received, shares_received, comments_received,
            mean_polarity
        from agg_user_engagement where engagement_received > 0
        order by engagement_received desc, user_id limit {limit:d}
    """  # noqa: S608


def sample(limit: int) -> str:
    """Clean text and sentiment of scored living texts: all, or every n-th in the order of time, always the same."""
    return f"""
        select clean_text, sentiment from (
            select clean_text, sentiment, row_number() over (order by event_hour, text_id, clean_text) as place,
                count(*) over () as found
            from {TEXTS} where unscored_reason is null
        ) as ordered
        where floor(cast(place as double precision) * {limit:d} / found)
            > floor(cast(place - 1 as double precision) * {limit:d} / found)
        order by place
    """  # noqa: S608


def every_question() -> Iterator[str]:
    """All of them, for the test that parses them."""
    yield from (HOURS, AUTHORS, UNSCORED, AGREEMENT, KINDS, ENGAGEMENT, MEDIAN_ENGAGEMENT, RECORDS, LAKE_VERSIONS)
    yield f"select kind, count(*) from {TEXTS} group by kind"  # noqa: S608
    yield from (versions("scorer_version"), versions("model_version"), topics(9), users(9), sample(9))
    yield from (extremes(is_positive=True, limit=9), extremes(is_positive=False, limit=9))
