"""Landing lines as rows: read once with a fixed schema, judged by the event contract, normalised.

The consumer has judged every line it landed. Landing is a folder that others can write to as well, so the rules
are applied again, as column expressions: a line that breaks one goes to quarantine with its reason.

Where this is laxer than the consumer: text, names and ids given as another JSON type are taken as written, and
bytes that are not UTF-8 inside a JSON string are replaced by U+FFFD.

Not here: repeats and files (hour_files.py), objects that cannot be read to their end (damaged.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING

from socialsent_assets.domain.tables import CLEANSED_EVENTS, QUARANTINE
from socialsent_assets.jobs.hour_files import PARTITION
from socialsent_assets.jobs.schemas import CORRUPT, landing_schema

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

TABLE_OF = {"post": "posts", "comment": "comments", "user": "users", "interaction": "interactions"}
MAX_LINE_BYTES = 1024 * 1024
MAX_ID_LENGTH = 128
_TIME = r"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$"
_ID = r"^[^\x00-\x1f\x7f]{1,128}$"
_JSON_OPTIONS = {
    "mode": "PERMISSIVE",
    "columnNameOfCorruptRecord": CORRUPT,
    "allowSingleQuotes": "false",
    "allowNonNumericNumbers": "false",
    "multiLine": "false",
    "encoding": "UTF-8",
    "lineSep": "\n",
}


def landing_rows(spark: SparkSession, root: str, files: Sequence[str]) -> DataFrame:
    """Rows of landing files, good and bad: PARTITION and every column of the cleansed tables.

    `root` is the folder above `dt=…/hr=…`; exactly `files` below it are read, and no folder is listed.
    """
    lines = spark.read.schema(landing_schema()).options(basePath=root, **_JSON_OPTIONS).json(list(files))
    return _cleansed_columns(_judged(lines))


def quarantine_row_schema() -> str:
    """Spark DDL of what `landing_rows` returns, for rows that come from elsewhere."""
    return ", ".join(f"{name} {kind}" for name, kind in _columns().items())


def _columns() -> dict[str, str]:
    columns = {PARTITION: "string"}
    for table in (*CLEANSED_EVENTS, QUARANTINE):
        columns.update({column.name: column.type for column in table.columns if column.name != "clean_text"})
    return columns


# ------------------------------------------------------------------------------------------------- judging


def _judged(lines: DataFrame) -> DataFrame:
    """With the parsed `time`, the `hour` path, `table` and `failure` (reason and detail, null if good)."""
    from pyspark.sql import functions as F  # noqa: N812

    timed = lines.withColumn("time", F.when(F.col("event_time").rlike(_TIME), F.expr("try_to_timestamp(event_time)")))
    judged = timed.withColumn("failure", F.coalesce(*_envelope_failures(), _data_failures()))
    return judged


def _failure(wrong: Column, reason: str, detail: Column | str) -> Column:
    from pyspark.sql import functions as F  # noqa: N812

    sentence = F.lit(detail) if isinstance(detail, str) else detail
    return F.when(wrong, F.struct(F.lit(reason).alias("reason"), sentence.alias("detail")))


def _envelope_failures() -> list[Column]:
    from pyspark.sql import functions as F  # noqa: N812

    corrupt, time = F.col(CORRUPT), F.col("time")
    starts = F.expr("try_to_timestamp(concat(dt, ' ', hr, ':00:00'))")
    version = F.col("schema_version")
    not_utf8 = F.encode(corrupt, "UTF-8") != corrupt.cast("binary")
    value = F.get_json_object(corrupt, "$")
    return [
        _failure(F.octet_length(corrupt) > MAX_LINE_BYTES, "too_large", "the line is longer than 1 MiB"),
        _failure(F.octet_length("data.text") > MAX_LINE_BYTES, "too_large", "data.text is longer than 1 MiB"),
        _failure(not_utf8, "not_utf8", "the line is not UTF-8"),
        _failure(corrupt.isNotNull() & value.isNull(), "not_json", "the line is not JSON"),
        _failure(
            corrupt.isNotNull() & ~F.ltrim(corrupt).startswith("{"), "not_an_object", "the line is not a JSON object"
        ),
        _failure(corrupt.isNotNull(), "invalid_field", "data.hashtags is not a list of text"),
        _missing("schema_version"),
        _failure(
            version != "1",
            "unsupported_schema_version",
            F.concat(F.lit("schema_version is "), version, F.lit("; this version reads 1")),
        ),
        _missing("event_type"),
        _failure(
            ~F.col("event_type").isin(*TABLE_OF),
            "unknown_event_type",
            F.concat(F.lit("event_type is "), F.col("event_type")),
        ),
        _missing("event_id"),
        _invalid_id("event_id"),
        _missing("source"),
        _missing("event_time"),
        _failure(
            time.isNull(),
            "invalid_field",
            F.concat(F.lit("event_time is not a time with an offset: "), F.col("event_time")),
        ),
        _failure(
            (time < starts) | (time >= starts + F.expr("interval 1 hour")),
            "event_time_out_of_range",
            F.concat(F.lit("event_time "), F.col("event_time"), F.lit(" lies outside the hour that it landed in")),
        ),
    ]


def _data_failures() -> Column:
    from pyspark.sql import functions as F  # noqa: N812

    tombstone = F.coalesce(F.col("data.deleted") == "true", F.lit(False))
    deleted = _failure(~F.col("data.deleted").isin("true", "false"), "invalid_field", "data.deleted is not a boolean")
    written = [deleted, _missing("data.author_id", ~tombstone), _missing("data.text", ~tombstone)]
    age = F.col("data.age")
    years = age.cast("double")
    kinds = {
        "post": [*_ids("post_id"), *written, _invalid_id("data.author_id")],
        "comment": [*_ids("comment_id", "post_id"), *written, _invalid_id("data.author_id")],
        "user": [
            *_ids("user_id"),
            _missing("data.user_name"),
            _failure(
                age.isNotNull() & ~(age.rlike(r"^-?\d+$") & years.between(0, 130)),
                "invalid_field",
                F.concat(F.lit("data.age is "), age, F.lit(", allowed are 0 to 130")),
            ),
            _failure(
                F.col("data.joined_at").isNotNull() & _time("data.joined_at").isNull(),
                "invalid_field",
                "data.joined_at is not a time with an offset",
            ),
        ],
        "interaction": [
            *_ids("interaction_id"),
            _missing("data.action"),
            _failure(
                ~F.col("data.action").isin("like", "share", "comment", "follow"),
                "invalid_field",
                F.concat(F.lit("data.action is "), F.col("data.action")),
            ),
            *_ids("actor_id"),
            _failure(
                _blank("data.post_id") & _blank("data.target_user_id"),
                "missing_field",
                "an interaction needs data.post_id or data.target_user_id",
            ),
        ],
    }
    branches = [(F.col("event_type") == kind, F.coalesce(*failures)) for kind, failures in kinds.items()]
    (condition, first), *others = branches
    return reduce(lambda case, branch: case.when(*branch), others, F.when(condition, first))


def _ids(*names: str) -> list[Column]:
    return [check for name in names for check in (_missing(f"data.{name}"), _invalid_id(f"data.{name}"))]


def _blank(name: str) -> Column:
    from pyspark.sql import functions as F  # noqa: N812

    return F.col(name).isNull() | (F.trim(F.col(name)) == "")


def _missing(name: str, unless: Column | None = None) -> Column:
    wrong = _blank(name) if unless is None else unless & _blank(name)
    return _failure(wrong, "missing_field", f"{name} is missing or empty")


def _invalid_id(name: str) -> Column:
    from pyspark.sql import functions as F  # noqa: N812

    wrong = ~F.trim(F.col(name)).rlike(_ID)
    return _failure(
        wrong, "invalid_field", f"{name} is longer than {MAX_ID_LENGTH} characters or holds control characters"
    )


def _time(name: str) -> Column:
    from pyspark.sql import functions as F  # noqa: N812

    return F.when(F.col(name).rlike(_TIME), F.expr(f"try_to_timestamp({name})"))


# --------------------------------------------------------------------------------------------- normalising


def _cleansed_columns(judged: DataFrame) -> DataFrame:
    from pyspark.sql import functions as F  # noqa: N812

    bad = F.col("failure").isNotNull()
    hour = F.concat(F.lit("dt="), F.col("dt"), F.lit("/hr="), F.col("hr"))
    table = F.lit(QUARANTINE.name)
    for kind, name in TABLE_OF.items():
        table = F.when(~bad & (F.col("event_type") == kind), F.lit(name)).otherwise(table)
    columns = {
        PARTITION: F.concat(table, F.lit("/"), hour),
        "event_id": F.nullif(F.trim("event_id"), F.lit("")),
        "event_time": F.col("time"),
        "source": F.trim("source"),
        "text": F.replace(F.col("data.text"), F.lit("\0"), F.lit("")),
        "lang": F.lower(_given("lang")),
        "hashtags": _hashtags(),
        "deleted": F.coalesce(F.col("data.deleted") == "true", F.lit(False)),
        "age": F.col("data.age").cast("int"),
        "joined_at": _time("data.joined_at"),
        "reason": F.col("failure.reason"),
        "detail": F.col("failure.detail"),
        "source_object": F.when(bad, F.concat(F.lit("events/"), hour, F.lit("/"), F.col("_metadata.file_name"))),
        "raw": F.base64(F.col(CORRUPT).cast("binary")),
    }
    return judged.select(
        *(columns.get(name, _given(name)).cast(kind).alias(name) for name, kind in _columns().items())
    )


def _given(name: str) -> Column:
    """An optional field of `data`: trimmed, and null rather than empty."""
    from pyspark.sql import functions as F  # noqa: N812

    return F.nullif(F.trim(F.replace(F.col(f"data.{name}"), F.lit("\0"), F.lit(""))), F.lit(""))


def _hashtags() -> Column:
    """Lower case, without `#` and white space, no empty ones; repeats and order stay."""
    from pyspark.sql import functions as F  # noqa: N812

    tags = F.transform("data.hashtags", lambda tag: F.lower(F.regexp_replace(tag, r"^[\s#]+|\s+$", "")))
    return F.filter(tags, lambda tag: tag != "")
