"""Cleansed posts and comments -> analytics.sentiment, and analytics.lake_hours: which version of an hour this is.

Not here: how a text is scored or split into tokens (domain/language/), the classifier (champion.py), the files
(hour_files.py), Dagster (defs/analytics.py).
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import CLEANSED_EVENTS, COMMENTS, LAKE_HOURS, POSTS, SENTIMENT, Table
from socialsent_assets.jobs.champion import Champion, champion_of
from socialsent_assets.jobs.engines.engine import Engine, TextFiles
from socialsent_assets.jobs.grouping import Groups, in_slices
from socialsent_assets.jobs.partition_writer import HourCount, TableFile, Written
from socialsent_assets.jobs.publish import publish_tables, rebuild_on_conflict
from socialsent_assets.lake.builds import (
    BuildState,
    Receipt,
    output_version,
    read_builds,
    table_name,
    write_receipts,
)
from socialsent_assets.lake.iceberg.scan import files_of
from socialsent_assets.lake.iceberg.schema import arrow_schema_of
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.staleness import score_code_version

if TYPE_CHECKING:
    import pyarrow as pa

JOB = "score"
SLICE_ROWS = 5_000_000
GROUP_ROWS = 125_000
"""Texts that one task scores and writes."""

_POLARITY_UNITS = 10_000  # VADER rounds to four decimals
_CLASSES = ("positive", "neutral", "negative")
_TOPICS = 50  # counted in a receipt, the most frequent first: a receipt stays small whatever the topics are


def score(engine: Engine, lake: Lake, hours: Sequence[EventHour]) -> list[Receipt]:
    """Rebuild sentiment and the lake_hours row of these hours from their cleansed tables; one receipt per hour.

    An hour without posts and comments has no sentiment rows, but a row in lake_hours. Safe to repeat. The champion of
    this moment fills the predictions; a later one changes no hour by itself, only when it is scored again
    (`socialsent materialize --hours FROM..TO`).

    Raises:
        FileNotFoundError: an hour was never cleansed.
        ModelRefusedError: there is a champion, but it must not answer.
        SparkRunError, CommitConflictError: see `cleanse`.
    """
    return rebuild_on_conflict(lambda: _score(engine, lake, sorted(set(hours))))


def _score(engine: Engine, lake: Lake, hours: Sequence[EventHour]) -> list[Receipt]:
    builds = read_builds(lake)
    missing = [hour for hour in hours if hour not in builds.cleanse]
    if missing:
        raise FileNotFoundError(f"hour {missing[0]} was never cleansed: run cleanse for it first")
    champion = champion_of(lake.artifacts)
    written = Written()
    for batch in in_slices([builds.cleanse[hour] for hour in hours], _texts, SLICE_ROWS):
        written.add(_write(engine, lake, builds, batch, champion))
    run = uuid.uuid4().hex
    pins = publish_tables(lake, (SENTIMENT,), hours, written.files, run)
    receipts = [_receipt(builds.cleanse[hour], written.count(SENTIMENT, hour), champion) for hour in hours]
    names = [table_name(table) for table in CLEANSED_EVENTS]
    read = {name: builds.pins[name] for name in names if name in builds.pins}
    write_receipts(lake, JOB, receipts, {**read, **pins}, run)
    return receipts


def _texts(cleansed: Receipt) -> int:
    return cleansed.rows.get(POSTS.name, 0) + cleansed.rows.get(COMMENTS.name, 0)


def _write(
    engine: Engine, lake: Lake, builds: BuildState, cleansed: Sequence[Receipt], champion: Champion | None
) -> Written:
    hours = frozenset(receipt.hour for receipt in cleansed if _texts(receipt))
    if not hours:
        return Written()

    def paths(table: Table) -> tuple[str, ...]:
        return tuple(file.path for file in files_of(lake.table(table), hours, builds.pins.get(table_name(table))))

    files = TextFiles(paths(POSTS), paths(COMMENTS), hours, sum(map(_texts, cleansed)))
    schema = arrow_schema_of(lake.table(SENTIMENT))
    scored = TableFile(SENTIMENT, schema, False, partial(_scored, champion=champion), _mood)
    groups = Groups.by_size([(receipt.hour, _texts(receipt)) for receipt in cleansed], GROUP_ROWS)
    return engine.score(files, lake.analytics.uri, {SENTIMENT.name: scored}, groups)


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


def _receipt(cleansed: Receipt, count: HourCount, champion: Champion | None) -> Receipt:
    model = champion.digest if champion else None
    version = output_version(cleansed.output_version, score_code_version(), model)
    return Receipt(
        job=JOB,
        hour=cleansed.hour,
        input_version=cleansed.output_version,
        output_version=version,
        code_version=score_code_version(),
        counts=cleansed.counts,
        rows={SENTIMENT.name: count.rows, LAKE_HOURS.name: 1},
        measures={**_measures(count), "model_version": model},
        lake_version=output_version(cleansed.output_version, str(cleansed.counts), version),
    )


def _measures(count: HourCount) -> dict[str, object]:
    """Of one hour. `disagreement`: share of the rows judged by lexicon and champion that they judge differently."""
    counted, rows = count.measures, count.rows
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
