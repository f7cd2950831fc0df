"""Cleansed posts and comments -> analytics.sentiment, and analytics.lake_hours: which version of an hour this is.

Not here: the columns and counts of scored texts (sentiment_rows.py), the classifier (champion.py), the files
(partition_writer.py), Dagster (defs/analytics.py).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import BUILDS, CLEANSED_EVENTS, COMMENTS, LAKE_HOURS, POSTS, SENTIMENT, Table
from socialsent_assets.jobs.champion import Champion, champion_of
from socialsent_assets.jobs.engines.engine import Engine, TextFiles
from socialsent_assets.jobs.grouping import Groups, in_slices
from socialsent_assets.jobs.partition_writer import HourCount, TableFile, Written
from socialsent_assets.jobs.publish import publish_tables, rebuild_on_conflict
from socialsent_assets.jobs.sentiment_rows import sentiment_columns, sentiment_counts, sentiment_measures
from socialsent_assets.lake.builds import (
    BuildState,
    Receipt,
    output_version,
    read_builds,
    receipts_of,
    table_name,
    write_receipts,
)
from socialsent_assets.lake.erasure_ledger import consulted_ledger, ledger_folder
from socialsent_assets.lake.iceberg.commit import OvertakenError
from socialsent_assets.lake.iceberg.scan import ScannedFile
from socialsent_assets.lake.iceberg.schema import arrow_schema_of
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.lexicon_corrections import read_corrections
from socialsent_assets.lake.pinned_files import pinned_files
from socialsent_assets.lake.staleness import score_code_version
from socialsent_assets.lake.turns import publishing

if TYPE_CHECKING:
    import pyarrow as pa

Columns = Callable[["pa.RecordBatch"], Mapping[str, "pa.Array"]]

JOB = "score"
SLICE_ROWS = 5_000_000
GROUP_ROWS = 125_000
"""Texts that one task scores and writes."""


def score(engine: Engine, lake: Lake, hours: Sequence[EventHour], run: str | None = None) -> list[Receipt]:
    """Rebuild sentiment and the lake_hours row of these hours from their cleansed tables; one receipt per hour.

    An hour without posts and comments has no sentiment rows, but a row in lake_hours. Safe to repeat. The champion of
    this moment fills the predictions; a later one changes no hour by itself, only when it is scored again
    (`socialsent materialize --hours FROM..TO`). The lexicon's corrections are those of this moment too; a later one
    does make the hour stale.

    Raises:
        FileNotFoundError: an hour was never cleansed.
        ModelRefusedError: there is a champion, but it must not answer.
        SparkRunError, CommitConflictError: see `cleanse`.
    """

    def build() -> list[Receipt]:
        # Until its files are published or given up: an erasure then finds every file that holds what it erases.
        with consulted_ledger(ledger_folder(lake.landing.uri)):
            return _score(engine, lake, sorted(set(hours)), run or uuid.uuid4().hex)

    return rebuild_on_conflict(build)


def _score(engine: Engine, lake: Lake, hours: Sequence[EventHour], run: str) -> list[Receipt]:
    builds = read_builds(lake)
    missing = [hour for hour in hours if hour not in builds.cleanse]
    if missing:
        raise FileNotFoundError(f"hour {missing[0]} was never cleansed: run cleanse for it first")
    champion, corrections = champion_of(lake.artifacts), read_corrections(lake.artifacts)
    columns = partial(sentiment_columns, champion=champion, corrections=corrections)
    written = Written()
    for batch in in_slices([builds.cleanse[hour] for hour in hours], _texts, SLICE_ROWS):
        written.add(_write(engine, lake, builds, batch, columns))
    code = score_code_version(corrections.version)
    receipts = [_receipt(builds.cleanse[hour], written.count(SENTIMENT, hour), champion, code) for hour in hours]
    with publishing(lake, JOB, run) as turn:
        now, cleansed_pins = receipts_of(lake, "cleanse", set(hours))
        _check_current(builds.cleanse, now, hours)
        pins = publish_tables(lake, turn, (SENTIMENT,), hours, written.files)
        names = [table_name(table) for table in (*CLEANSED_EVENTS, BUILDS)]
        read = {name: cleansed_pins[name] for name in names if name in cleansed_pins}
        write_receipts(lake, JOB, receipts, {**read, **pins}, run, follows=turn.snapshot)
    return receipts


def _check_current(
    read: Mapping[EventHour, Receipt], now: Mapping[EventHour, Receipt], hours: Sequence[EventHour]
) -> None:
    """Raise OvertakenError if an hour was cleansed again since it was read: marts would join its new rows."""
    for hour in hours:
        receipt = now.get(hour)
        if receipt is None or receipt.output_version != read[hour].output_version:
            raise OvertakenError(f"another run cleansed {hour} while it was scored")


def _texts(cleansed: Receipt) -> int:
    return cleansed.rows.get(POSTS.name, 0) + cleansed.rows.get(COMMENTS.name, 0)


def _write(engine: Engine, lake: Lake, builds: BuildState, cleansed: Sequence[Receipt], columns: Columns) -> Written:
    hours = frozenset(receipt.hour for receipt in cleansed if _texts(receipt))
    if not hours:
        return Written()

    def of_table(table: Table) -> tuple[ScannedFile, ...]:
        return tuple(pinned_files(lake, table, builds.pins, hours))

    files = TextFiles(of_table(POSTS), of_table(COMMENTS), hours, sum(map(_texts, cleansed)))
    schema = arrow_schema_of(lake.table(SENTIMENT))
    scored = TableFile(SENTIMENT, schema, False, columns, sentiment_counts)
    groups = Groups.by_size([(receipt.hour, _texts(receipt)) for receipt in cleansed], GROUP_ROWS)
    return engine.score(files, lake.analytics.uri, {SENTIMENT.name: scored}, groups)


def _receipt(cleansed: Receipt, count: HourCount, champion: Champion | None, code: str) -> Receipt:
    model = champion.version if champion else None
    version = output_version(cleansed.output_version, code, model)
    return Receipt(
        job=JOB,
        hour=cleansed.hour,
        input_version=cleansed.output_version,
        output_version=version,
        code_version=code,
        counts=cleansed.counts,
        rows={SENTIMENT.name: count.rows, LAKE_HOURS.name: 1},
        measures={**sentiment_measures(count.measures), "model_version": model},
        lake_version=output_version(cleansed.output_version, str(cleansed.counts), version),
    )
