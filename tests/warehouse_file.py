"""A warehouse file with the marts' own columns (their dbt contracts), filled by hand: no Spark and no dbt.

Not here: marts that dbt builds (tests/marts).
"""

import contextlib
import datetime as dt
import subprocess
import sys
from pathlib import Path

import duckdb
import yaml

from socialsent_assets.domain.language.polarity import score_text

MARTS = Path(__file__).resolve().parents[1] / "dbt_project" / "models" / "marts"
START = dt.datetime.fromisoformat("2026-11-22T03:00")

MEASURES = """
    count(*) as text_count, count(*) filter (kind = 'post') as post_count,
    count(*) filter (kind = 'comment') as comment_count, count(distinct author_id) as author_count,
    count(*) filter (sentiment = 'positive') as positive_count,
    count(*) filter (sentiment = 'neutral') as neutral_count,
    count(*) filter (sentiment = 'negative') as negative_count,
    count(sentiment) as scored_count, count(unscored_reason) as unscored_count,
    count(sentiment) / count(*) as scored_share, avg(polarity) as mean_polarity,
    count(predicted_sentiment) as predicted_count,
    count(*) filter (predicted_sentiment = 'positive') as predicted_positive_count,
    count(*) filter (predicted_sentiment = 'neutral') as predicted_neutral_count,
    count(*) filter (predicted_sentiment = 'negative') as predicted_negative_count,
    avg(predicted_polarity) as mean_predicted_polarity
"""
TEXTS = """(
    select 'post' as kind, author_id, event_hour, event_day, topic, sentiment, unscored_reason, polarity,
        predicted_sentiment, predicted_polarity
    from fct_posts
    union all
    select 'comment', author_id, event_hour, event_day, topic, sentiment, unscored_reason, polarity,
        predicted_sentiment, predicted_polarity
    from fct_comments
)"""
ENGAGEMENT = """
    select a.user_id, u.user_name, a.posts as post_count, 0 as comment_count, coalesce(l.likes, 0) as likes_received,
        0 as shares_received, 0 as comments_received, coalesce(l.likes, 0) as engagement_received,
        coalesce(l.likes, 0) / nullif(a.posts, 0) as engagement_per_post, a.mood as mean_polarity
    from (select author_id as user_id, count(*) as posts, avg(polarity) as mood from fct_posts group by 1) a
    left join (
        select p.author_id as user_id, count(*) as likes
        from fct_interactions i join fct_posts p using (post_id) group by 1
    ) l using (user_id)
    left join dim_users u using (user_id)
"""


def text_row(number, text, *, hours=0.0, author="ann", topic="coffee", **more):
    """Columns that a post and a comment share."""
    time = START + dt.timedelta(hours=hours)
    hour = time.replace(minute=0, second=0, microsecond=0)
    scores = score_text(text)._asdict()
    return {
        "event_id": f"e{number}",
        "event_time": time,
        "event_hour": hour,
        "event_day": hour.date(),
        "created_at": time,
        "author_id": author,
        "text": text,
        "clean_text": text,
        "topic": topic,
        "scorer_version": "vader-test",
        **scores,
        **more,
    }


def insert(connection, table, rows):
    for row in rows:
        names = ", ".join(row)
        marks = ", ".join("?" * len(row))
        connection.execute(f"insert into {table} ({names}) values ({marks})", list(row.values()))


def make_warehouse(path, *, posts=(), comments=(), users=(), interactions=(), lake_hours=()):
    """Marts at `path` with these rows; the aggregates follow from them."""
    with duckdb.connect(str(path)) as connection:
        for file in sorted(MARTS.glob("*.yml")):
            for model in yaml.safe_load(file.read_text())["models"]:
                columns = ", ".join(f"{column['name']} {column['data_type']}" for column in model["columns"])
                connection.execute(f"create table {model['name']} ({columns})")
        insert(connection, "fct_posts", posts)
        insert(connection, "fct_comments", comments)
        insert(connection, "dim_users", users)
        insert(connection, "fct_interactions", interactions)
        insert(connection, "lake_hours", lake_hours)
        connection.execute(
            f"insert into agg_sentiment_hourly by name select event_hour, {MEASURES} from {TEXTS} group by 1"
        )
        connection.execute(
            f"insert into agg_sentiment_daily by name select event_day, {MEASURES} from {TEXTS} group by 1"
        )
        connection.execute(
            f"insert into agg_topic_sentiment_daily by name "
            f"select event_day, coalesce(topic, '(none)') as topic, {MEASURES} from {TEXTS} group by 1, 2"
        )
        connection.execute(f"insert into agg_user_engagement by name {ENGAGEMENT}")
    return path


def lake_hour(hours=0, records=10, duplicates=1, quarantined=0):
    return {
        "event_hour": START + dt.timedelta(hours=hours),
        "records": records,
        "accepted": records - duplicates - quarantined,
        "duplicates": duplicates,
        "quarantined": quarantined,
        "scored": 5,
        "lake_version": f"v{hours}",
    }


@contextlib.contextmanager
def open_in_another_program(path):
    """Another process has the file open for writing."""
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout.readline() == b"open\n"
        yield
        writer.stdin.close()
