"""The lake's tables and a landing line in Spark's types; all follow from the domain.

Not here: the columns themselves (domain/tables.py), the fields of an event (domain/events/kinds/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from socialsent_assets.domain.events.event import ENVELOPE
from socialsent_assets.domain.events.kinds import KINDS
from socialsent_assets.domain.tables import Table

if TYPE_CHECKING:
    from pyspark.sql.types import StructType

CORRUPT = "_corrupt_record"
PATH_COLUMNS = ("dt", "hr")
"""Partition columns of landing, read from the path as text."""


def spark_schema(table: Table) -> StructType:
    """Columns of a table in Spark's types."""
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
    return T.StructType([T.StructField(column.name, kinds[column.type]) for column in table.columns])


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
