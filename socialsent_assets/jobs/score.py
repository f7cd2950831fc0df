"""Cleansed posts and comments -> analytics/sentiment, and analytics/lake_hours: which version of an hour this is.

Not here: how a text is scored or split into tokens (domain/language/), the classifier (champion.py), the files
(partition_writer.py), Dagster (defs/analytics.py).
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import COMMENTS, LAKE_HOURS, POSTS, SENTIMENT
from socialsent_assets.jobs.batching import in_slices
from socialsent_assets.jobs.champion import Champion, champion_of
from socialsent_assets.jobs.engines.engine import Engine, TextFiles
from socialsent_assets.jobs.partition_writer import StagedHour, TableFile
from socialsent_assets.jobs.schemas import arrow_schema
from socialsent_assets.lake.commit import StagingArea, partition_key, promote, staging
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.receipts import Receipt, drop_receipt, read_receipt, write_receipt
from socialsent_assets.lake.staleness import lake_version, score_code_version
from socialsent_assets.lake.storage.parallel import each

if TYPE_CHECKING:
    import pyarrow as pa

JOB = "score"
SLICE_ROWS = 2_000_000
_POLARITY_UNITS = 10_000  # VADER rounds to four decimals
_CLASSES = ("positive", "neutral", "negative")
_TOPICS = 50  # counted in a receipt, the most frequent first: a receipt stays small whatever the topics are


def score(engine: Engine, lake: Lake, hours: Sequence[EventHour]) -> list[Receipt]:
    """Rebuild sentiment and the lake_hours row of these hours from their cleansed tables; one receipt per hour.

    An hour without posts and comments has no sentiment object, but a row in lake_hours. Safe to repeat. The
    champion of this moment fills the predictions; a later one changes no hour by itself, only when it is scored
    again (`socialsent materialize --hours FROM..TO`).

    Raises:
        FileNotFoundError: an hour was never cleansed.
        ModelRefusedError: there is a champion, but it must not answer.
        SparkRunError: Spark was the engine and failed.
    """
    cleansed = each(lake.cleansed, lambda hour: _cleansed(lake, hour), sorted(set(hours)))
    champion = champion_of(lake.artifacts)
    return [
        receipt
        for batch in in_slices(cleansed, _texts, SLICE_ROWS)
        for receipt in _score_slice(engine, lake, batch, champion)
    ]


def _cleansed(lake: Lake, hour: EventHour) -> Receipt:
    receipt = read_receipt(lake.cleansed, "cleanse", hour)
    if receipt is None:
        raise FileNotFoundError(f"hour {hour} was never cleansed: run cleanse for it first")
    return receipt


def _texts(cleansed: Receipt) -> int:
    return cleansed.rows.get(POSTS.name, 0) + cleansed.rows.get(COMMENTS.name, 0)


def _score_slice(engine: Engine, lake: Lake, cleansed: Sequence[Receipt], champion: Champion | None) -> list[Receipt]:
    with staging(lake.analytics) as area:
        staged = _stage(engine, lake, cleansed, area, champion)
        by_hour = {done.hour: done for done in staged}
        return each(
            lake.analytics,
            lambda receipt: _publish(lake, receipt, by_hour.get(receipt.hour), champion),
            cleansed,
        )


def _stage(
    engine: Engine, lake: Lake, cleansed: Sequence[Receipt], area: StagingArea, champion: Champion | None
) -> list[StagedHour]:
    posts, comments = (
        tuple(key for r in cleansed for key in r.outputs if key == partition_key(table.name, r.hour))
        for table in (POSTS, COMMENTS)
    )
    files = TextFiles(posts, comments, rows=sum(_texts(receipt) for receipt in cleansed))
    scored = partial(_scored, champion=champion)
    return engine.score(lake.cleansed, files, area, {SENTIMENT.name: TableFile(SENTIMENT, False, scored, _mood)})


def _scored(rows: pa.RecordBatch, champion: Champion | None) -> Mapping[str, pa.Array]:
    """What is computed from clean_text and lang: the lexicon's columns, and the champion's where there is one."""
    import pyarrow as pa

    from socialsent_assets.domain.language.polarity import SCORER_VERSION, score_texts
    from socialsent_assets.domain.language.tokenizer.column import token_column

    texts = rows.column("clean_text")
    scores = score_texts(texts, rows.column("lang"))
    return {
        "tokens": token_column(texts),
        "polarity": pa.array(scores.polarity),
        "pos": pa.array(scores.pos),
        "neu": pa.array(scores.neu),
        "neg": pa.array(scores.neg),
        "sentiment": pa.array(scores.sentiments()),
        "unscored_reason": pa.array(scores.unscored_reason, pa.string()),
        "scorer_version": pa.repeat(SCORER_VERSION, len(rows)),
        **(champion.columns(texts) if champion is not None else {}),
    }


def _mood(rows: pa.RecordBatch) -> Mapping[str, int]:
    """Numbers to add up; whole ones, because sums of floats would depend on how Spark cut the batches."""
    moods, predicted, unscored = (
        rows.column(name).to_pylist() for name in ("sentiment", "predicted_sentiment", "unscored_reason")
    )
    reasons = Counter(reason for reason in unscored if reason)
    answers = Counter(answer for answer in predicted if answer)
    both = [(p, mood) for p, mood, reason in zip(predicted, moods, unscored, strict=True) if p and not reason]
    topics, deleted = rows.column("topic").to_pylist(), rows.column("deleted").to_pylist()
    judged = [
        (topic, mood)
        for topic, mood, reason, gone in zip(topics, moods, unscored, deleted, strict=True)
        if topic and not reason and not gone
    ]
    return {
        **Counter(moods),
        **{f"predicted/{name}": count for name, count in answers.items()},
        "compared": len(both),
        "disagreeing": sum(p != mood for p, mood in both),
        **{f"unscored/{reason}": count for reason, count in reasons.items()},
        **Counter(f"topic_texts/{topic}" for topic, _ in judged),
        **Counter(f"topic_negative/{topic}" for topic, mood in judged if mood == "negative"),
        "polarity_sum": sum(round(value * _POLARITY_UNITS) for value in rows.column("polarity").to_pylist()),
    }


def _publish(lake: Lake, cleansed: Receipt, staged: StagedHour | None, champion: Champion | None) -> Receipt:
    hour = cleansed.hour
    drop_receipt(lake.analytics, JOB, hour)
    outputs = promote(lake.analytics, SENTIMENT.name, hour, staged.file if staged else None)
    receipt = _receipt(cleansed, staged, outputs, champion)
    lake.analytics.write(partition_key(LAKE_HOURS.name, hour), _lake_hours_file(cleansed, receipt))
    write_receipt(lake.analytics, receipt)
    return receipt


def _receipt(
    cleansed: Receipt, staged: StagedHour | None, outputs: Mapping[str, str], champion: Champion | None
) -> Receipt:
    rows = staged.rows if staged else 0
    return Receipt(
        job=JOB,
        hour=cleansed.hour,
        input_version=cleansed.output_version,
        code_version=score_code_version(),
        counts=Counts(records=rows, accepted=rows, duplicates=0, quarantined=0),
        rows={SENTIMENT.name: rows, LAKE_HOURS.name: 1},
        outputs=outputs,
        measures={**_measures(staged), "model_version": champion.digest if champion else None},
    )


def _measures(staged: StagedHour | None) -> dict[str, object]:
    """Of one hour. `disagreement`: share of the rows judged by lexicon and champion that they judge differently."""
    counted = staged.measures if staged else {}
    rows = staged.rows if staged else 0
    by_sentiment = {name: int(counted.get(name, 0)) for name in _CLASSES}
    by_prediction = {name: int(counted.get(f"predicted/{name}", 0)) for name in _CLASSES}
    compared = counted.get("compared", 0)
    unscored = {key.partition("/")[2]: int(n) for key, n in counted.items() if key.startswith("unscored/")}
    return {
        "rows_by_sentiment": by_sentiment,
        "share_by_sentiment": {name: count / rows if rows else None for name, count in by_sentiment.items()},
        "mean_polarity": counted["polarity_sum"] / _POLARITY_UNITS / rows if rows else None,
        "unscored_by_reason": unscored,
        "rows_by_prediction": by_prediction,
        "disagreement": counted["disagreeing"] / compared if compared else None,
        "moods_by_topic": _moods_by_topic(counted),
    }


def _moods_by_topic(counted: Mapping[str, float]) -> dict[str, dict[str, int]]:
    """Topic -> living texts that were scored, and how many of them are negative; the most frequent topics only."""
    texts = {key.partition("/")[2]: int(n) for key, n in counted.items() if key.startswith("topic_texts/")}
    frequent = sorted(texts, key=lambda topic: (-texts[topic], topic))[:_TOPICS]
    return {
        topic: {"texts": texts[topic], "negative": int(counted.get(f"topic_negative/{topic}", 0))}
        for topic in sorted(frequent)
    }


def _lake_hours_file(cleansed: Receipt, scored: Receipt) -> bytes:
    """The one-row Parquet object that tells readers which version of the hour they see.

    It is not among the receipt's outputs: it holds the version that is computed from them.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    counts = cleansed.counts
    row = {
        "event_hour": cleansed.hour.start,
        "records": counts.records,
        "accepted": counts.accepted,
        "duplicates": counts.duplicates,
        "quarantined": counts.quarantined,
        "scored": scored.counts.accepted,
        "lake_version": lake_version(cleansed, scored),
    }
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([row], schema=arrow_schema(LAKE_HOURS)), buffer, compression="zstd")
    return buffer.getvalue()
