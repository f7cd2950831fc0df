"""What is known about a table or an hour, in the words that the Dagster UI shows and plots.

Not here: the facts themselves (domain/tables.py, receipts of lake/).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.layout import EventHour, table_prefix
from socialsent_assets.domain.tables import Table
from socialsent_assets.lake.receipts import Receipt
from socialsent_assets.lake.storage.base import Storage

OWNERS = ("team:socialsent",)


def table_metadata(table: Table) -> dict[str, Any]:
    """Column schema, column lineage and key of a table, for its asset's definition."""
    columns = [
        dg.TableColumn(
            name=column.name,
            type=column.type,
            description=column.meaning,
            constraints=dg.TableColumnConstraints(nullable=not column.required),
        )
        for column in table.columns
    ]
    return {
        "dagster/column_schema": dg.TableSchema(columns=columns),
        **lineage_metadata(_lineage(table)),
        "key": ", ".join(table.key),
    }


def lineage_metadata(deps: Mapping[str, Sequence[dg.TableColumnDep]]) -> dict[str, Any]:
    """Column -> the columns that it is computed from, for Dagster and, as a table, for people; {} if there is none.

    The open-source web server keeps `dagster/column_lineage` in its API but shows it nowhere (1.13).
    """
    known = {column: list(origins) for column, origins in deps.items() if origins}
    if not known:
        return {}
    rows = [f"| `{column}` | {', '.join(map(_in_words, origins))} |" for column, origins in known.items()]
    return {
        "dagster/column_lineage": dg.TableColumnLineage(deps_by_column=known),
        "column lineage": dg.MetadataValue.md("\n".join(["| column | computed from |", "| --- | --- |", *rows])),
    }


def _in_words(dep: dg.TableColumnDep) -> str:
    return f"`{dep.asset_key.to_user_string()}.{dep.column_name}`"


def _lineage(table: Table) -> dict[str, list[dg.TableColumnDep]]:
    return {column.name: [_column_dep(source) for source in column.derived_from] for column in table.columns}


def _column_dep(source: str) -> dg.TableColumnDep:
    table, _, column = source.partition(".")  # the column may hold dots: landing/events.data.text
    return dg.TableColumnDep(asset_key=dg.AssetKey(table.split("/")), column_name=column)


def counts_metadata(counts: Counts) -> dict[str, int]:
    """What became of the records of an hour; numbers, so that the UI plots them."""
    return {
        "records": counts.records,
        "accepted": counts.accepted,
        "duplicates": counts.duplicates,
        "quarantined": counts.quarantined,
    }


def measures_metadata(measures: Mapping[str, Any]) -> dict[str, float | int | str]:
    """The measures of a receipt, mappings flattened to `name/key`; whatever is no number or text is left out.

    >>> measures_metadata({"mean_polarity": 0.2, "rows": {"posts": 3}, "nothing": None})
    {'mean_polarity': 0.2, 'rows/posts': 3}
    """
    flat: dict[str, float | int | str] = {}
    for name, value in measures.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}/{key}": inner for key, inner in value.items() if isinstance(inner, (int, float, str))}
        elif isinstance(value, (int, float, str)):
            flat[name] = value
    return flat


def describe_hours(
    context: dg.AssetExecutionContext, tables: Iterable[Table], receipts: Iterable[Receipt], tier: Storage
) -> None:
    """Give every hour of every table its own metadata: a run over many hours would else stamp all of them alike."""
    known = list(receipts)
    for table in tables:
        key = dg.AssetKey(table.asset_key)
        if key not in context.selected_asset_keys:
            continue
        for receipt in known:
            metadata = {
                "dagster/row_count": receipt.rows.get(table.name, 0),
                "bytes": bytes_of(tier, table, receipt.hour),
                **counts_metadata(receipt.counts),
                **measures_metadata(receipt.measures),
            }
            context.add_asset_metadata(metadata, asset_key=key, partition_key=receipt.hour.key)


def bytes_of(tier: Storage, table: Table, hour: EventHour) -> int:
    """Size of an hour of a table, in bytes."""
    return sum(info.size for info in tier.list(table_prefix(table.name, hour)))
