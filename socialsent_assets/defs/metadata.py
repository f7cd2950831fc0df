"""Metadata of tables and days for the Dagster UI.

Not here: the facts themselves (domain/tables.py, receipts of lake/).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.hour_set import days_of, hours_of_day
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import Table
from socialsent_assets.lake.builds import Receipt

OWNERS = ("team:socialsent",)
WHY_TAG = "socialsent/because"
"""Tag of a run that the sensor requested: why its hours were stale."""
DAYS_DESCRIBED = 31
"""A run over more days gives none of them numbers: Dagster takes longer to note them than the jobs to make them."""


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


def dashboard_link(url: str | None) -> dict[str, Any]:
    """Link to the page that shows these numbers live, for an asset's definition; {} where there is none."""
    return {} if url is None else {"dashboard": dg.MetadataValue.url(url)}


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


def describe_days(
    context: dg.AssetExecutionContext,
    tables: Iterable[Table],
    built: Mapping[EventHour, Receipt],
    hours: Iterable[EventHour],
) -> None:
    """Give every day of every table its own metadata: a run over many days would else stamp all of them alike.

    What is described is the whole day, also where a run built one hour of it. See `DAYS_DESCRIBED`.
    """
    days = days_of(hours)
    if len(days) > DAYS_DESCRIBED:
        return
    by_day = {day: [built[hour] for hour in hours_of_day(day) if hour in built] for day in days}
    for table in tables:
        key = dg.AssetKey(table.asset_key)
        if key not in context.selected_asset_keys:
            continue
        for day, receipts in by_day.items():
            metadata = {
                "dagster/row_count": sum(receipt.rows.get(table.name, 0) for receipt in receipts),
                "hours": len(receipts),
                **reason_metadata(context.run),
                **counts_metadata(sum_of_counts(receipts)),
                **measures_metadata(measures_of_day(receipts)),
            }
            context.add_asset_metadata(metadata, asset_key=key, partition_key=day)


def reason_metadata(run: dg.DagsterRun) -> dict[str, str]:
    """Why the run built its hours, for the asset's page; {} for a run that a person started."""
    return {"built because": run.tags[WHY_TAG]} if WHY_TAG in run.tags else {}


def sum_of_counts(receipts: Iterable[Receipt]) -> Counts:
    """What became of the records of several hours."""
    found = [receipt.counts for receipt in receipts]
    return Counts(
        records=sum(counts.records for counts in found),
        accepted=sum(counts.accepted for counts in found),
        duplicates=sum(counts.duplicates for counts in found),
        quarantined=sum(counts.quarantined for counts in found),
        erased=sum(counts.erased for counts in found),
    )


def measures_of_day(receipts: Sequence[Receipt]) -> dict[str, float | int | str]:
    """Measures of hours as those of their day: numbers of things are added, means and shares are weighted by the
    hours' accepted rows, and of texts the last hour's counts.
    """
    merged: dict[str, float | int | str] = {}
    weights: dict[str, int] = {}
    for receipt in receipts:
        weight = receipt.counts.accepted
        for name, value in measures_metadata(receipt.measures).items():
            if isinstance(value, str):
                merged[name] = value
            elif isinstance(value, int):
                merged[name] = int(merged.get(name, 0)) + value
            else:
                merged[name] = float(merged.get(name, 0.0)) + value * weight
                weights[name] = weights.get(name, 0) + weight
    for name, weight in weights.items():
        merged[name] = float(merged[name]) / weight if weight else 0.0
    return merged
