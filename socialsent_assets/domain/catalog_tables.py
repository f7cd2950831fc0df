"""The lake's tables as the Glue Data Catalog describes them: arguments of its calls, derived from the contract.

The deployed stacks and the running graph take them from here, so both say the same about a table.

Not here: calling Glue (lake/glue_catalog.py), what the columns are (tables.py).
"""

from __future__ import annotations

from typing import Any

from socialsent_assets.domain.events.layout import EventHour, table_prefix
from socialsent_assets.domain.tables import Table

PARTITION_KEYS = (
    ("dt", "Day of the event hour, UTC, YYYY-MM-DD: filter by it to read only those days."),
    ("hr", "The event hour, UTC, 00 to 23."),
)
LONGEST_COMMENT = 255
"""Characters that Glue keeps of a column's comment (Column.Comment in its API reference)."""

_PARQUET = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
}
# Text that is longer than Redshift's varchar(65535) is cut by Spectrum; it would come out as null, which clean_text
# must not be (Database Developer Guide, CREATE EXTERNAL TABLE, table properties).
_SPECTRUM = {"data_cleansing_enabled": "true", "surplus_char_handling": "TRUNCATE"}
_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"


def table_input(table: Table, location: str) -> dict[str, Any]:
    """Glue's `TableInput` of a table whose objects lie under `location` (`s3://bucket/posts`); a new dict per call.

    Glue's column types are Hive's, which are the words that the contract uses.
    """
    return {
        "Name": table.name,
        "Description": table.meaning,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet", **_SPECTRUM},
        "PartitionKeys": [_column(name, "string", meaning) for name, meaning in PARTITION_KEYS],
        "StorageDescriptor": _storage(table, f"{location.rstrip('/')}/"),
    }


def table_location(tier_uri: str, table: Table) -> str:
    """Where a table's objects lie, from the URI of its tier: `s3://bucket/prefix` -> `s3://bucket/prefix/posts`."""
    return f"{tier_uri.rstrip('/')}/{table.name}"


def partition_values(hour: EventHour) -> list[str]:
    """Values of the partition keys, in their order: `["2026-11-22", "09"]`."""
    return [part.partition("=")[2] for part in hour.path.split("/")]


def partition_input(table: Table, tier_uri: str, hour: EventHour) -> dict[str, Any]:
    """Glue's `PartitionInput` of one event hour of a table; a new dict per call."""
    location = f"{tier_uri.rstrip('/')}/{table_prefix(table.name, hour)}/"
    return {"Values": partition_values(hour), "StorageDescriptor": _storage(table, location)}


def _storage(table: Table, location: str) -> dict[str, Any]:
    return {
        **_PARQUET,
        "Columns": [_column(column.name, column.type, column.meaning) for column in table.columns],
        "Location": location,
        "Compressed": False,
        "SerdeInfo": {"SerializationLibrary": _SERDE, "Parameters": {"serialization.format": "1"}},
    }


def _column(name: str, kind: str, meaning: str) -> dict[str, str]:
    return {"Name": name, "Type": kind, "Comment": meaning}
