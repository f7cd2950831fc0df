"""Landing lines as rows of the cleansed tables: read once with a fixed schema, judged, normalised.

The consumer has judged every line that it landed. Landing is a folder that others can write to as well, so
every line is judged again: one that breaks a rule goes to quarantine with its reason.

Not here: the rules (line_rules.py), repeats and files (hour_files.py), unreadable objects (damaged.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.kinds import KINDS
from socialsent_assets.domain.events.layout import LANDING_EVENTS
from socialsent_assets.domain.tables import CLEANSED_EVENTS, QUARANTINE
from socialsent_assets.jobs.hour_files import PARTITION
from socialsent_assets.jobs.schemas import CORRUPT, landing_schema

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

TABLE_OF = {kind: f"{kind}s" for kind in KINDS}
"""Event type -> cleansed table."""

_JSON_OPTIONS = {
    "mode": "PERMISSIVE",
    "columnNameOfCorruptRecord": CORRUPT,
    "allowSingleQuotes": "false",
    "allowNonNumericNumbers": "false",
    "encoding": "UTF-8",
    "lineSep": "\n",
}


def landing_rows(spark: SparkSession, root: str, files: Sequence[str]) -> DataFrame:
    """Rows of landing files, good and bad: PARTITION and every column of the cleansed tables but clean_text.

    `root` is the folder above `dt=…/hr=…`. Exactly `files` below it are read; no folder is listed.
    """
    from pyspark.sql import functions as F  # noqa: N812 - as everybody writes it

    from socialsent_assets.jobs.line_rules import failure

    lines = spark.read.schema(landing_schema()).options(basePath=root, **_JSON_OPTIONS).json(list(files))
    judged = lines.withColumn("failure", failure()).withColumn("bad", F.col("failure").isNotNull())
    made = _made_columns()
    columns = (made.get(name, _given(name)).cast(kind).alias(name) for name, kind in _columns().items())
    return judged.select(*columns)


def landing_rows_ddl() -> str:
    """Spark DDL of what `landing_rows` returns."""
    return ", ".join(f"{name} {kind}" for name, kind in _columns().items())


def _columns() -> dict[str, str]:
    columns: dict[str, str] = {PARTITION: "string"}
    for table in (*CLEANSED_EVENTS, QUARANTINE):
        columns.update({column.name: column.type for column in table.columns if column.name != "clean_text"})
    return columns


def _made_columns() -> dict[str, Column]:
    """Columns that are not simply a field of `data`."""
    from pyspark.sql import functions as F  # noqa: N812

    from socialsent_assets.jobs.line_rules import time_of

    hour = F.concat(F.lit("dt="), F.col("dt"), F.lit("/hr="), F.col("hr"))
    table = F.lit(QUARANTINE.name)
    for kind, name in TABLE_OF.items():
        table = F.when(~F.col("bad") & (F.col("event_type") == kind), F.lit(name)).otherwise(table)
    source_object = F.concat(F.lit(f"{LANDING_EVENTS}/"), hour, F.lit("/"), F.col("_metadata.file_name"))
    return {
        PARTITION: F.concat(table, F.lit("/"), hour),
        "event_id": F.nullif(F.trim("event_id"), F.lit("")),
        "event_time": time_of("event_time"),
        "source": F.col("source"),
        "text": F.replace(F.col("data.text"), F.lit("\0"), F.lit("")),
        "lang": F.lower(_given("lang")),
        "hashtags": _hashtags(),
        "deleted": F.coalesce(F.col("data.deleted") == "true", F.lit(False)),
        "joined_at": time_of("data.joined_at"),
        "reason": F.col("failure.reason"),
        "detail": F.col("failure.detail"),
        "source_object": F.when(F.col("bad"), source_object),
        "raw": F.base64(F.col(CORRUPT).cast("binary")),
    }


def _given(name: str) -> Column:
    """A field of `data`: without NUL characters, trimmed, and null rather than empty."""
    from pyspark.sql import functions as F  # noqa: N812

    return F.nullif(F.trim(F.replace(F.col(f"data.{name}"), F.lit("\0"), F.lit(""))), F.lit(""))


def _hashtags() -> Column:
    """Lower case, without `#` and white space, no empty ones; repeats and order stay."""
    from pyspark.sql import functions as F  # noqa: N812

    tags = F.transform("data.hashtags", lambda tag: F.lower(F.regexp_replace(tag, r"^[\s#]+|[\s\x00]+$", "")))
    return F.filter(tags, lambda tag: tag != "")
