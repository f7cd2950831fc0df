"""Spark as an engine: hands objects to Python workers, brings rows together and sorts them, here or on AWS Glue.

The workers read and validate with the functions of the process engine, so Spark decides nothing about a line.

Not here: the session (jobs/spark_session.py), the files (jobs/partition_writer.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from socialsent_assets.domain.events.erasure import NOTHING_ERASED, Erased
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import COMMENTS, EVENT_HOUR, POSTS, SENTIMENT
from socialsent_assets.jobs.engines.engine import TextFiles
from socialsent_assets.jobs.grouping import Groups, in_slices
from socialsent_assets.jobs.partition_writer import PARTITION, TableFile, Written, write_hours
from socialsent_assets.jobs.read_landing import full_batches, landing_rows, row_schema
from socialsent_assets.jobs.schemas import spark_schema
from socialsent_assets.lake.storage.base import ObjectInfo, Storage
from socialsent_assets.lake.storage.open import storage_at

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

TASK_BYTES = 4 * 1024 * 1024
"""Gzipped landing that one task reads: a second or two of work."""

_MOST_OBJECTS = 2_000


@dataclass(frozen=True)
class SparkEngine:
    """A session that is running."""

    session: Any
    name: str = "spark"

    def cleanse(
        self,
        landing: Storage,
        objects: Sequence[ObjectInfo],
        tier: str,
        tables: Mapping[str, TableFile],
        groups: Groups,
        erased: Erased = NOTHING_ERASED,
    ) -> Written:
        """See `Engine.cleanse`. Raises SparkRunError, see `write_hours`."""
        return write_hours(self.landing_rows(landing, objects, erased), tier, tables, groups)

    def landing_rows(
        self, landing: Storage, objects: Sequence[ObjectInfo], erased: Erased = NOTHING_ERASED
    ) -> DataFrame:
        """A row per line of these objects, in the columns of `row_schema`, in no order."""
        tasks = [
            ([info.key for info in slice_],)
            for slice_ in in_slices(objects, lambda info: info.size, TASK_BYTES, _MOST_OBJECTS)
        ]
        uri = landing.uri

        def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                for keys in batch.column("keys").to_pylist():
                    for table in landing_rows(storage_at(uri), keys, erased):
                        yield from full_batches(table)

        frame = self.session.createDataFrame(tasks, "keys array<string>").repartition(len(tasks))
        rows: DataFrame = frame.mapInArrow(read, _ddl(row_schema()))
        return rows

    def score(self, files: TextFiles, tier: str, tables: Mapping[str, TableFile], groups: Groups) -> Written:
        """See `Engine.score`. Raises SparkRunError, see `write_hours`."""
        rows: DataFrame | None = None
        for table, kind, found in ((POSTS, "post", files.posts), (COMMENTS, "comment", files.comments)):
            if found:
                read = self.session.read.schema(spark_schema(table)).parquet(*(file.path for file in found))
                texts = _texts_of(read, kind, files.hours)
                rows = texts if rows is None else rows.unionByName(texts)
        return Written() if rows is None else write_hours(rows, tier, tables, groups)


def _ddl(schema: pa.Schema) -> str:
    import pyarrow as pa

    return ", ".join(
        f"`{field.name}` {'array<string>' if pa.types.is_list(field.type) else 'string'}" for field in schema
    )


def _texts_of(rows: DataFrame, kind: str, hours: Collection[EventHour]) -> DataFrame:
    from pyspark.sql import functions as F  # noqa: N812 - as everybody writes it

    path = F.date_format(EVENT_HOUR, "'dt='yyyy-MM-dd'/hr='HH")
    return rows.where(F.col(EVENT_HOUR).isin([hour.start for hour in sorted(hours)])).select(
        F.concat(F.lit(f"{SENTIMENT.name}/"), path).alias(PARTITION),
        "event_id",
        "event_time",
        F.col(f"{kind}_id").alias("text_id"),
        F.lit(kind).alias("text_kind"),
        *("post_id", "author_id", "topic", "lang", "deleted", "clean_text"),
    )
