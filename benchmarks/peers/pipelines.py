"""Landing -> deduplicated, cleaned, scored Parquet in thirty lines, with Polars, PySpark and DuckDB.

They read the same gzipped lines, leave out lines that they cannot use, keep the newest copy of an event_id within an
hour, strip links and entities from the text and write Parquet. They quarantine nothing, check no field beyond id,
type and time, and know no champion: they do less.

Not here: what is measured of them (benchmarks/pipeline.py).
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

_DATA = [
    *("post_id", "comment_id", "author_id", "text", "lang", "topic"),
    *("user_id", "user_name", "age", "interaction_id", "action", "actor_id", "target_user_id"),
]
_ENVELOPE = ("event_id", "event_type", "event_time", "source")
_LINK = re.compile(r"https?://\S+")


def cleaned(text: str | None) -> str:
    """A text without links and entities."""
    return " ".join(_LINK.sub(" ", html.unescape(text or "")).split())


def duckdb_cleanse(lake: Path) -> int:
    """Read, leave out, drop repeats, write; in SQL, without scores. Returns the rows written."""
    import duckdb

    data = ", ".join(f"{name} varchar" for name in _DATA) + ", hashtags varchar[]"
    rows = (
        duckdb.connect()
        .execute(
            f"""
        copy (
            select * exclude (data), data.*, trim(regexp_replace(data.text, 'https?://\\S+', ' ', 'g')) as clean_text,
                cast(event_time as timestamptz) as at
            from read_ndjson('{lake}/landing/events/*/*/*.gz', ignore_errors=true, hive_partitioning=true,
                columns={{event_id: 'varchar', event_type: 'varchar', event_time: 'varchar', source: 'varchar',
                          data: 'struct({data})'}})
            where event_id is not null and event_type is not null
            qualify row_number() over (partition by event_type, dt, hr, event_id order by event_time desc) = 1
        ) to '{lake}/duckdb' (format parquet, compression zstd, partition_by (event_type, dt, hr))
        """
        )
        .fetchall()
    )
    return int(rows[0][0])


def polars_vader(lake: Path, done: Callable[[], object]) -> tuple[int, int, float]:
    """With Polars and vaderSentiment. Returns events, texts and the sum of polarities.

    `done` is called when all is written.
    """
    import polars as pl
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    fields = pl.Struct({**dict.fromkeys(_DATA, pl.String), "hashtags": pl.List(pl.String)})
    line = pl.Struct({**dict.fromkeys(_ENVELOPE, pl.String), "data": fields})
    files = sorted(str(path) for path in (lake / "landing" / "events").rglob("*.gz"))
    events = (
        pl.scan_ndjson(files, schema=line.to_schema(), ignore_errors=True)
        .filter(pl.col("event_id").is_not_null() & pl.col("event_type").is_not_null())
        .unnest("data")
        .with_columns(
            pl.col("event_time").str.to_datetime(time_zone="UTC", strict=False),
            pl.col("event_time").str.slice(0, 13).alias("hour"),
        )
        .sort("event_time", descending=True)
        .unique(["event_type", "hour", "event_id"], keep="first")
        .collect()
    )
    target = pl.PartitionBy(lake / "polars", key=["event_type", "hour"])
    events.lazy().sink_parquet(target, compression="zstd", mkdir=True)
    texts = events.filter(pl.col("event_type").is_in(["post", "comment"]))
    score = SentimentIntensityAnalyzer().polarity_scores
    scores = [score(cleaned(text)) for text in texts["text"].to_list()]
    scored = texts.with_columns(pl.from_dicts(scores))
    target = pl.PartitionBy(lake / "polars_scored", key=["hour"])
    scored.lazy().sink_parquet(target, compression="zstd", mkdir=True)
    done()
    return events.height, scored.height, float(scored["compound"].sum())


def pyspark_vader(lake: Path, done: Callable[[], object]) -> tuple[int, int, float]:
    """With PySpark and a vaderSentiment UDF. Returns events, texts and the sum of polarities.

    `done` is called when all is written.
    """
    from pyspark.sql import SparkSession, Window
    from pyspark.sql import functions as F  # noqa: N812 - as everybody writes it

    analyzer: list[Any] = []

    def polarity(text: str | None) -> float:
        if not analyzer:
            from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

            analyzer.append(SentimentIntensityAnalyzer())
        return float(analyzer[0].polarity_scores(cleaned(text))["compound"])

    spark = SparkSession.builder.config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "8")
    session = spark.master("local[*]").getOrCreate()
    data = ", ".join(f"{name}: string" for name in _DATA) + ", hashtags: array<string>"
    schema = ", ".join(f"{name} string" for name in _ENVELOPE) + f", data struct<{data}>"
    newest = Window.partitionBy("event_type", "dt", "hr", "event_id").orderBy(F.col("event_time").desc())
    events = (
        session.read.schema(schema)
        .json(f"{lake}/landing/events")
        .where("event_id is not null and event_type is not null")
        .withColumn("n", F.row_number().over(newest))
        .where("n = 1")
        .select(*_ENVELOPE, "dt", "hr", "data.*")
    )
    events.write.partitionBy("event_type", "dt", "hr").parquet(f"{lake}/pyspark")
    written = session.read.parquet(f"{lake}/pyspark")
    scored = written.where("event_type in ('post', 'comment')").withColumn(
        "polarity", F.udf(polarity, "double")("text")
    )
    scored.write.partitionBy("dt", "hr").parquet(f"{lake}/pyspark_scored")
    done()
    row = session.read.parquet(f"{lake}/pyspark_scored").agg(F.count("*"), F.sum("polarity")).collect()[0]
    count = written.count()
    session.stop()
    return count, int(row[0]), float(row[1])
