"""Spark as an engine: reads and sorts in the JVM, on one machine or on AWS Glue.

Not here: the session (jobs/spark_session.py), the files (jobs/partition_writer.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from socialsent_assets.domain.events.layout import LANDING_EVENTS, EventHour
from socialsent_assets.domain.tables import COMMENTS, EVENT_HOUR, POSTS, SENTIMENT
from socialsent_assets.jobs.corrupt_objects import rows_without_damage, salvage
from socialsent_assets.jobs.engines.engine import TextFiles
from socialsent_assets.jobs.grouping import Groups
from socialsent_assets.jobs.partition_writer import PARTITION, TableFile, Written, write_hours
from socialsent_assets.jobs.read_landing import landing_rows
from socialsent_assets.jobs.schemas import spark_schema
from socialsent_assets.jobs.spark_errors import SparkRunError
from socialsent_assets.lake.staging import staging
from socialsent_assets.lake.storage.base import ObjectInfo, Storage
from socialsent_assets.lake.storage.open import storage_at

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


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
    ) -> Written:
        """See `Engine.cleanse`. Raises SparkRunError, see `write_hours`."""
        keys = [info.key for info in objects]
        rows = landing_rows(self.session, landing.path(LANDING_EVENTS), [landing.path(key) for key in keys])
        try:
            return write_hours(rows, tier, tables, groups)
        except SparkRunError:
            with staging(storage_at(tier)) as area:
                damaged = salvage(landing, keys, area)
                if not damaged:
                    raise
                rows = rows_without_damage(self.session, landing, keys, damaged, area)
                return write_hours(rows, tier, tables, groups)

    def score(self, files: TextFiles, tier: str, tables: Mapping[str, TableFile], groups: Groups) -> Written:
        """See `Engine.score`. Raises SparkRunError, see `write_hours`."""
        rows: DataFrame | None = None
        for table, kind, paths in ((POSTS, "post", files.posts), (COMMENTS, "comment", files.comments)):
            if paths:
                read = self.session.read.schema(spark_schema(table)).parquet(*paths)
                texts = _texts_of(read, kind, files.hours)
                rows = texts if rows is None else rows.unionByName(texts)
        return Written() if rows is None else write_hours(rows, tier, tables, groups)


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
