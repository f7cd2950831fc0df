"""Landing lines as rows: read once with a fixed schema, judged, and keyed by the table and hour they belong to.

The consumer has judged every line that it landed. Landing is a folder that others can write to as well, so
every line is judged again: one that breaks a rule goes to quarantine with its reason.

Not here: the rules (validation.py), the tables' columns (normalise.py), unreadable objects (corrupt_objects.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.kinds import KINDS
from socialsent_assets.domain.events.layout import LANDING_EVENTS
from socialsent_assets.domain.tables import QUARANTINE
from socialsent_assets.jobs.partition_writer import PARTITION
from socialsent_assets.jobs.schemas import CORRUPT, landing_schema

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.types import StructType

TABLE_OF = {kind: f"{kind}s" for kind in KINDS}
"""Event type -> cleansed table."""

# No "encoding": Spark would decode every line before it parses it, which takes a fifth longer and hides bytes
# that are not UTF-8.
_JSON_OPTIONS = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": CORRUPT, "lineSep": "\n"}


def landing_rows(spark: SparkSession, root: str, files: Sequence[str]) -> DataFrame:
    """A row per line of landing files, good or bad.

    `root` is the folder above `dt=…/hr=…`. Exactly `files` below it are read; no folder is listed.

    Returns:
        PARTITION, event_id, event_time (text, one spelling), source, every field of `data` as text, and for a
        bad line reason, detail, source_object and raw (base64, if it was not JSON and not too large).
    """
    from pyspark.sql import functions as F  # noqa: N812 - as everybody writes it

    from socialsent_assets.jobs.validation import STRICT_JSON, failure, one_spelling

    options = {"basePath": root, **_JSON_OPTIONS, **STRICT_JSON}
    lines = spark.read.schema(landing_schema()).options(**options).json(list(files))
    judged = lines.withColumn("event_time", one_spelling("event_time")).withColumn("failure", failure())
    bad = F.col("failure").isNotNull()
    hour = F.concat(F.lit("dt="), F.col("dt"), F.lit("/hr="), F.col("hr"))
    return judged.select(
        F.concat(_table(bad), F.lit("/"), hour).alias(PARTITION),
        F.trim("event_id").alias("event_id"),
        F.when(~bad, F.col("event_time")).alias("event_time"),
        "source",
        "data.*",
        F.col("failure.reason").alias("reason"),
        F.col("failure.detail").alias("detail"),
        F.when(bad, F.concat(F.lit(f"{LANDING_EVENTS}/"), hour, F.lit("/"), F.col("_metadata.file_name"))).alias(
            "source_object"
        ),
        # A line of 50 MB would be copied four times on its way to the table; it stays where it is, in landing.
        F.when(F.col("failure.reason") != "too_large", F.base64(F.col(CORRUPT).cast("binary"))).alias("raw"),
    )


def landing_row_schema() -> StructType:
    """Schema of what `landing_rows` returns, for rows that come from elsewhere."""
    from pyspark.sql import types as T  # noqa: N812

    data = next(field.dataType for field in landing_schema() if field.name == "data")
    if not isinstance(data, T.StructType):
        raise TypeError(f"data is not a struct: {data}")
    before = (PARTITION, "event_id", "event_time", "source")
    after = ("reason", "detail", "source_object", "raw")
    return T.StructType(
        [
            *(T.StructField(name, T.StringType()) for name in before),
            *data.fields,
            *(T.StructField(name, T.StringType()) for name in after),
        ]
    )


def _table(bad: Column) -> Column:
    from pyspark.sql import functions as F  # noqa: N812

    table = F.when(bad, F.lit(QUARANTINE.name))
    for kind, name in TABLE_OF.items():
        table = table.when(F.col("event_type") == kind, F.lit(name))
    return table
