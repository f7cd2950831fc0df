"""The lake's tables in Spark's types, which follow from the domain.

Not here: the columns themselves (domain/tables.py), the rows of landing (read_landing.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from socialsent_assets.domain.tables import Table

if TYPE_CHECKING:
    from pyspark.sql.types import StructType


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
