"""Arrow schemas of the lake's tables and the Spark schema of a landing line; both follow from the domain.

Not here: the columns themselves (domain/tables.py), the fields of an event (domain/events/kinds/).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from socialsent_assets.domain.tables import Table

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql.types import StructType

CORRUPT = "_corrupt_record"


@cache
def arrow_schema(table: Table) -> pa.Schema:
    """Columns of a table in Arrow's types; timestamps in microseconds, UTC. All nullable, as Spark writes them."""
    import pyarrow as pa

    types = {
        "string": pa.string(),
        "timestamp": pa.timestamp("us", tz="UTC"),
        "boolean": pa.bool_(),
        "double": pa.float64(),
        "bigint": pa.int64(),
        "int": pa.int32(),
        "array<string>": pa.list_(pa.field("element", pa.string())),
    }
    return pa.schema([pa.field(column.name, types[column.type]) for column in table.columns])


def landing_schema() -> StructType:
    """What Spark reads of a landing line: every field as text, so that a wrong type is judged, never nulled."""
    from pyspark.sql.types import ArrayType, StringType, StructField, StructType

    names = sorted({field for fields in DATA_FIELDS.values() for field in fields})
    data = [StructField(n, ArrayType(StringType()) if n == "hashtags" else StringType()) for n in names]
    envelope = ("schema_version", "event_id", "event_type", "event_time", "source")
    return StructType(
        [
            *(StructField(name, StringType()) for name in envelope),
            StructField("data", StructType(data)),
            StructField(CORRUPT, StringType()),
            StructField("dt", StringType()),
            StructField("hr", StringType()),
        ]
    )


_TEXT_FIELDS = ("post_id", "author_id", "text", "lang", "topic", "hashtags", "place", "deleted")
DATA_FIELDS = {
    "post": _TEXT_FIELDS,
    "comment": ("comment_id", "parent_comment_id", *_TEXT_FIELDS),
    "user": ("user_id", "user_name", "display_name", "age", "location", "joined_at"),
    "interaction": ("interaction_id", "action", "actor_id", "post_id", "target_user_id"),
}
