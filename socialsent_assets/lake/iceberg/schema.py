"""Iceberg schema, partitioning and sort order of the lake's tables, derived from domain/tables.py.

Partitioned by month of `event_hour` and sorted by it: measured, a day per partition made 900 files of three rows out
of a sparse history, and the statistics of each file (first and last `event_hour`) already let every engine skip the
files of other hours. Field ids are given once, by the table's metadata; a new column is added at the end, and old
snapshots go on reading.

Not here: the columns themselves (domain/tables.py), files (data_files.py).
"""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from socialsent_assets.domain.tables import EVENT_HOUR, Column, Table
from socialsent_assets.lake.iceberg.catalog import CatalogConfig, open_catalog, translate_errors

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.schema import Schema
    from pyiceberg.table import Table as IcebergTable
    from pyiceberg.types import IcebergType

_LOG = logging.getLogger(__name__)

PROPERTIES = {
    "format-version": "2",
    "write.parquet.compression-codec": "zstd",
    # Every commit writes one metadata file; the last ones are kept for readers that opened them.
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
    # commit.py plans again after a conflict, because the files to replace may have changed; pyiceberg would not.
    "commit.retry.num-retries": "0",
    "commit.manifest.min-count-to-merge": "20",
    # Bounds of the columns that queries filter by; texts need none.
    "write.metadata.metrics.default": "counts",
    "write.metadata.metrics.column.event_hour": "full",
    "write.metadata.metrics.column.event_time": "full",
}


class SchemaConflictError(RuntimeError):
    """A table's schema was changed from outside in a way that the contract does not allow."""


def load_table(config: CatalogConfig, table: Table, tier_uri: str) -> IcebergTable:
    """The table as the catalog has it now; made if it is missing, given the columns that the contract added since.

    Args:
        config: where the catalog is.
        table: of domain/tables.py.
        tier_uri: root of its tier; the table lies in `<tier_uri>/<name>`.

    Raises:
        SchemaConflictError: a column has another type than the contract's.
        CatalogError: see `open_catalog`.
    """
    from pyiceberg.exceptions import NoSuchTableError

    catalog = open_catalog(config)
    with translate_errors(config):
        try:
            found = catalog.load_table(config.identifier(table))
        except NoSuchTableError:
            return _create(config, table, tier_uri)
        except FileNotFoundError:
            if config.file is None:
                raise
            # The table's folder was removed: the table is empty now, and its hours are stale.
            catalog.drop_table(config.identifier(table))
            return _create(config, table, tier_uri)
        if config.file is not None and is_elsewhere(found.metadata_location, tier_uri, table):
            _LOG.warning("%s is a copy: the rows of %s are built again from landing", config.file.parent, table.name)
            catalog.drop_table(config.identifier(table))
            return _create(config, table, tier_uri)
        return _evolve(found, table)


def table_exists(config: CatalogConfig, table: Table) -> bool:
    """Whether the catalog knows the table; False too where there is no catalog yet."""
    if config.file is not None and not config.file.exists():
        return False
    catalog = open_catalog(config)
    with translate_errors(config):
        return bool(catalog.table_exists(config.identifier(table)))


def location(tier_uri: str, table: Table) -> str:
    """Where a table lies, as a URI that every engine opens: `file:///…` or `s3://…`."""
    root = tier_uri.rstrip("/")
    return f"{root}/{table.name}" if "://" in root else f"file://{root}/{table.name}"


def is_elsewhere(metadata_location: str, tier_uri: str, table: Table) -> bool:
    """Whether metadata of a table lies in another folder of this machine than the table should.

    A copied folder has a catalog whose addresses still lead to the original: a build would change that one.
    """
    here = location(tier_uri, table)
    if metadata_location.startswith(f"{here}/") or not (
        here.startswith("file:") and metadata_location.startswith("file:")
    ):
        return False
    folder = Path(metadata_location.removeprefix("file://")).parents[1]
    return folder.resolve() != Path(here.removeprefix("file://")).resolve()


def arrow_schema_of(table: IcebergTable) -> pa.Schema:
    """Columns in Arrow's types, each with its field id, which Parquet keeps and readers go by."""
    from pyiceberg.io.pyarrow import schema_to_pyarrow

    return schema_to_pyarrow(table.schema())


def iceberg_schema(table: Table) -> Schema:
    """A schema with provisional field ids; the catalog gives the final ones. Every column may be null."""
    from pyiceberg.schema import Schema
    from pyiceberg.types import NestedField

    return Schema(
        *(
            NestedField(number, column.name, _type(column, 1000 + number), required=False, doc=column.meaning)
            for number, column in enumerate(table.columns, start=1)
        )
    )


def _create(config: CatalogConfig, table: Table, tier_uri: str) -> IcebergTable:
    from pyiceberg.exceptions import NamespaceAlreadyExistsError, TableAlreadyExistsError
    from pyiceberg.partitioning import PartitionField, PartitionSpec
    from pyiceberg.table.sorting import SortField, SortOrder
    from pyiceberg.transforms import IdentityTransform, MonthTransform

    catalog = open_catalog(config)
    identifier = config.identifier(table)
    if not catalog.namespace_exists(identifier[0]):
        with contextlib.suppress(NamespaceAlreadyExistsError):  # another process, meanwhile
            catalog.create_namespace(identifier[0])
    schema = iceberg_schema(table)
    hour = schema.find_field(EVENT_HOUR).field_id
    try:
        return catalog.create_table(
            identifier,
            schema,
            location=location(tier_uri, table),
            partition_spec=PartitionSpec(PartitionField(hour, 1000, MonthTransform(), f"{EVENT_HOUR}_month")),
            sort_order=SortOrder(SortField(hour, IdentityTransform())),
            properties={**PROPERTIES, "comment": table.meaning},
        )
    except TableAlreadyExistsError:
        return _evolve(catalog.load_table(identifier), table)


def _evolve(found: IcebergTable, table: Table) -> IcebergTable:
    existing = {field.name: field.field_type for field in found.schema().fields}
    for column in table.columns:
        if column.name in existing and str(existing[column.name]) != str(
            _type(column, _element_id(existing, column))
        ):
            raise SchemaConflictError(
                f"{table.tier}.{table.name}.{column.name} is {existing[column.name]} in the catalog and "
                f"{column.type} in the contract: change it back there, or drop the table and run "
                "`socialsent materialize`"
            )
    missing = [column for column in table.columns if column.name not in existing]
    if missing:
        with found.update_schema() as update:
            for column in missing:
                update.add_column(column.name, _type(column, 1), doc=column.meaning)
    return found


def _element_id(existing: dict[str, IcebergType], column: Column) -> int:
    return int(getattr(existing[column.name], "element_id", 0))


def _type(column: Column, element_id: int) -> IcebergType:
    from pyiceberg import types as t

    plain: dict[str, IcebergType] = {
        "string": t.StringType(),
        "timestamp": t.TimestamptzType(),
        "boolean": t.BooleanType(),
        "double": t.DoubleType(),
        "bigint": t.LongType(),
        "int": t.IntegerType(),
    }
    if column.type == "array<string>":
        return t.ListType(element_id, t.StringType(), element_required=False)
    return plain[column.type]
