"""Spark as an engine: reads and sorts in the JVM, on one machine or on AWS Glue.

Not here: the session (jobs/spark_session.py), the files (jobs/partition_writer.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from socialsent_assets.domain.events.layout import LANDING_EVENTS
from socialsent_assets.domain.tables import COMMENTS, POSTS, SENTIMENT, Table
from socialsent_assets.jobs.corrupt_objects import rows_without_damage, salvage
from socialsent_assets.jobs.engines.engine import TextFiles
from socialsent_assets.jobs.partition_writer import PARTITION, StagedHour, TableFile, write_hours
from socialsent_assets.jobs.read_landing import landing_rows
from socialsent_assets.jobs.schemas import spark_schema
from socialsent_assets.jobs.spark_errors import SparkRunError
from socialsent_assets.lake.commit import StagingArea
from socialsent_assets.lake.storage.base import ObjectInfo, Storage

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class SparkEngine:
    """A session that is running."""

    session: Any
    name: str = "spark"

    def cleanse(
        self, landing: Storage, objects: Sequence[ObjectInfo], area: StagingArea, tables: Mapping[str, TableFile]
    ) -> list[StagedHour]:
        """See `Engine.cleanse`. Raises SparkRunError, see `write_hours`."""
        keys = [info.key for info in objects]
        rows = landing_rows(self.session, landing.path(LANDING_EVENTS), [landing.path(key) for key in keys])
        try:
            return write_hours(rows, area.below("whole"), tables)
        except SparkRunError:
            salvaged = area.below("salvaged")
            damaged = salvage(landing, keys, salvaged)
            if not damaged:
                raise
            rows = rows_without_damage(self.session, landing, keys, damaged, salvaged)
            return write_hours(rows, area.below("without_damage"), tables)

    def score(
        self, cleansed: Storage, files: TextFiles, area: StagingArea, tables: Mapping[str, TableFile]
    ) -> list[StagedHour]:
        """See `Engine.score`. Raises SparkRunError, see `write_hours`."""
        rows: DataFrame | None = None
        for table, kind, keys in ((POSTS, "post", files.posts), (COMMENTS, "comment", files.comments)):
            if keys:
                texts = _texts_of(self._read(cleansed, table, keys), kind)
                rows = texts if rows is None else rows.unionByName(texts)
        return [] if rows is None else write_hours(rows, area, tables)

    def _read(self, cleansed: Storage, table: Table, keys: Sequence[str]) -> DataFrame:
        reader = self.session.read.schema(spark_schema(table)).option("basePath", cleansed.path(table.name))
        frame: DataFrame = reader.parquet(*(cleansed.path(key) for key in keys))
        return frame


def _texts_of(rows: DataFrame, kind: str) -> DataFrame:
    from pyspark.sql import functions as F  # noqa: N812 - as everybody writes it

    return rows.select(
        F.concat(F.lit(f"{SENTIMENT.name}/dt="), F.col("dt"), F.lit("/hr="), F.col("hr")).alias(PARTITION),
        "event_id",
        "event_time",
        F.col(f"{kind}_id").alias("text_id"),
        F.lit(kind).alias("text_kind"),
        *("post_id", "author_id", "topic", "lang", "deleted", "clean_text"),
    )
