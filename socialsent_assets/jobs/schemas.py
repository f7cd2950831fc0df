"""The lake's tables in Arrow's and Spark's types, and a landing line in Spark's; all follow from the domain.

Not here: the columns themselves (domain/tables.py), the fields of an event (domain/events/kinds/).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.event import ENVELOPE
from socialsent_assets.domain.events.kinds import KINDS
from socialsent_assets.domain.tables import Table

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql.types import StructType

CORRUPT = "_corrupt_record"
PATH_COLUMNS = ("dt", "hr")
"""Partition columns, read from the path as text."""


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


def spark_schema(table: Table) -> StructType:
    """Columns of a table in Spark's types, then PATH_COLUMNS."""
    from pyspark.sql import types as T  # noqa: N812 - as everybody writes it

    kinds = {
        "string": T.StringType(),
        "timestamp": T.TimestampType(),
        "boolean": T.BooleanType(),
        "double": T.DoubleType(),
        "bigint": T.LongType(),
        "int": T.IntegerType(),
        "array<string>": T.ArrayType(T.StringType()),
    }
    columns = [T.StructField(column.name, kinds[column.type]) for column in table.columns]
    return T.StructType([*columns, *(T.StructField(name, T.StringType()) for name in PATH_COLUMNS)])


def landing_schema() -> StructType:
    """A landing line: every value as text, so that a wrong one can be judged and quoted; then PATH_COLUMNS."""
    from pyspark.sql import types as T  # noqa: N812

    lists = {field.name: field.type == "list of strings" for kind in KINDS.values() for field in kind.fields}
    data = [
        T.StructField(name, T.ArrayType(T.StringType()) if is_list else T.StringType())
        for name, is_list in sorted(lists.items())
    ]
    return T.StructType(
        [
            *(T.StructField(field.name, T.StringType()) for field in ENVELOPE),
            T.StructField("data", T.StructType(data)),
            T.StructField(CORRUPT, T.StringType()),
            *(T.StructField(name, T.StringType()) for name in PATH_COLUMNS),
        ]
    )
