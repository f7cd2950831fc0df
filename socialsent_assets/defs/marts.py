"""The marts: every dbt model as an asset, partitioned by event hour, its tests as checks.

Not here: SQL, tests and contracts of the models (dbt_project/), parsing them (warehouse/dbt/manifest.py), reading
column lineage out of them (warehouse/dbt/column_lineage.py).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets
from dagster_dbt.errors import DagsterDbtCliRuntimeError

from socialsent_assets.defs.metadata import (
    DAYS_DESCRIBED,
    OWNERS,
    dashboard_link,
    lineage_metadata,
    reason_metadata,
)
from socialsent_assets.defs.partitions import EVENT_DAYS, hours_of_run
from socialsent_assets.domain.events.hour_set import days_of
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.lake.deletion_latency import note_latency
from socialsent_assets.resources.warehouse import Warehouse
from socialsent_assets.warehouse.dbt.column_lineage import Lineage, read_lineage
from socialsent_assets.warehouse.dbt.environment import in_environment, window_environment
from socialsent_assets.warehouse.dbt.manifest import lineage_path

# Unit tests are about the SQL, not about the data of these hours: the test suite runs them. Nothing reads dbt's JSON
# artifacts, and writing them is a tenth of a build.
BUILD = ("build", "--exclude-resource-type", "unit_test", "--no-write-json")


_CHECK_EVENTS = (dg.AssetCheckResult, dg.AssetCheckEvaluation)

OTHER_COLUMNS = "schemas on this incremental model are out of sync"
"""dbt's message where `on_schema_change: fail` stopped a build."""


class MartTranslator(DagsterDbtTranslator):
    """Keys, groups and versions of dbt's nodes in our grammar: `<tier>/<table>`."""

    def __init__(self, lineage: Lineage | None = None, dashboard_url: str | None = None) -> None:
        super().__init__()
        self._lineage, self._dashboard_url = lineage or {}, dashboard_url

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """dagster-dbt's own, with the columns that each column is computed from.

        Part of the definition: dagster-dbt would compute them again in every run, for as much CPU time as
        the build itself takes.
        """
        spec = super().get_asset_spec(manifest, unique_id, project)
        deps = {
            column: [self._column_dep(manifest, *origin) for origin in origins]
            for column, origins in self._lineage.get(unique_id, {}).items()
        }
        is_mart = _tier(self.get_resource_props(manifest, unique_id)) == "marts"
        link = dashboard_link(self._dashboard_url) if is_mart else {}
        return spec.merge_attributes(metadata={**lineage_metadata(deps), **link})

    def _column_dep(self, manifest: Mapping[str, Any], parent: str, column: str) -> dg.TableColumnDep:
        key = self.get_asset_key(self.get_resource_props(manifest, parent))
        return dg.TableColumnDep(asset_key=key, column_name=column)

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """`marts/<model>` for what people query, `staging/<model>` for the steps before; sources name theirs."""
        if dbt_resource_props["resource_type"] == "source":
            return super().get_asset_key(dbt_resource_props)
        return dg.AssetKey([_tier(dbt_resource_props), dbt_resource_props["name"]])

    def get_partitions_def(self, dbt_resource_props: Mapping[str, Any]) -> dg.PartitionsDefinition | None:
        """Marts and sources go by the event hour; the steps between are tables without a meaning per hour.

        Dagster writes two events per asset and hour of a run, at 6 CPU milliseconds each.
        """
        return None if _tier(dbt_resource_props) == "staging" else EVENT_DAYS

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The tier."""
        return _tier(dbt_resource_props)

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str]:
        """Owner from the model's meta, else the default owner."""
        return super().get_owners(dbt_resource_props) or OWNERS

    def get_code_version(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """First digits of the checksum of the model's file; None for a source, which has no file."""
        checksum = dbt_resource_props.get("checksum")
        return checksum["checksum"][:12] if checksum else None

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Description from the model's .yml, without the SQL, which is one click away."""
        return (
            dbt_resource_props.get("description") or f"A step on the way to the marts: {dbt_resource_props['name']}."
        )


def dbt_marts(project: DbtProject, dashboard_url: str | None = None) -> dg.AssetsDefinition:
    """Assets of every model and seed of the project; the marts link to the dashboard."""

    @dbt_assets(
        name="dbt_build",
        manifest=project.manifest_path,
        project=project,
        dagster_dbt_translator=MartTranslator(read_lineage(lineage_path(project)), dashboard_url),
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool="warehouse",
    )
    def dbt_build(
        context: dg.AssetExecutionContext,
        dbt: DbtCliResource,
        warehouse: Warehouse,
    ) -> Iterator[Any]:
        """Build the models for the hours of the run, then test them; a failed test stops what depends on it."""
        hours, before = hours_of_run(context.run), warehouse.built_at()
        with warehouse.building(context.log.info), in_environment(window_environment(hours)):
            invocation = dbt.cli(BUILD, context=context, target_path=warehouse.artifacts_folder())
            tables = _tables_of(invocation.manifest)
            events, counts, failure = build_to_end(warehouse, invocation.stream(), tables)
            measures = {} if failure else measures_of_days(warehouse, hours)
        for table, rows in counts.items():
            key = tables[table]
            if key in context.selected_asset_keys:
                known = {"dagster/row_count": rows, **reason_metadata(context.run)}
                context.add_asset_metadata(known, asset_key=key)
        for key, days in measures.items():
            for day, numbers in days.items() if key in context.selected_asset_keys else ():
                context.add_asset_metadata(numbers, asset_key=key, partition_key=day)
        lake_hours = dg.AssetKey(["marts", "lake_hours"])
        if failure is None and lake_hours in context.selected_asset_keys:
            latency = note_latency(warehouse.lake.open(), hours, before, datetime.now(UTC))
            if latency is not None:
                context.add_asset_metadata({"deletion_latency_s": latency.slowest_s}, asset_key=lake_hours)
        yield from events
        if failure is not None and OTHER_COLUMNS in str(failure):
            raise dg.Failure(
                f"The marts have the columns of an older version. {warehouse.how_to_build_anew()}",
                allow_retries=False,
            ) from None
        if failure is not None:
            raise failure

    return dbt_build


def measures_of_days(
    warehouse: Warehouse, hours: Sequence[EventHour]
) -> dict[dg.AssetKey, dict[str, dict[str, int | float]]]:
    """Mart -> day -> numbers to plot, for the days of a run; {} for more days than `DAYS_DESCRIBED`."""
    days = days_of(hours)
    if not 0 < len(days) <= DAYS_DESCRIBED:
        return {}
    return {dg.AssetKey(["marts", mart]): found for mart, found in warehouse.day_measures(days).items()}


def build_to_end(
    warehouse: Warehouse, stream: Iterable[Any], tables: Iterable[str]
) -> tuple[list[Any], dict[str, int], Exception | None]:
    """Let dbt build, and show readers the whole of it, or nothing; inside `warehouse.building`.

    Returns the events for Dagster, rows by table, and dbt's error. A build that readers do not see yields only the
    results of its tests.
    """
    events, failure = _until_end(stream)
    if failure is not None and warehouse.publishes:
        return [event for event in events if isinstance(event, _CHECK_EVENTS)], {}, failure
    counts = warehouse.row_counts(tables)
    if failure is None:
        warehouse.publish()
    return events, counts, failure


def _until_end(stream: Iterable[Any]) -> tuple[list[Any], Exception | None]:
    """Every event of a dbt process, and how it failed. DuckDB can be read only after dbt has ended, and dagster-dbt's
    own way of counting rows costs as much CPU time as the build itself (measured: 6 of 11 seconds).
    """
    events: list[Any] = []
    try:
        events.extend(stream)
    except DagsterDbtCliRuntimeError as error:
        return events, error
    return events, None


def _tables_of(manifest: Mapping[str, Any]) -> dict[str, dg.AssetKey]:
    """`schema.table` -> asset key, of everything that dbt builds as a table."""
    translator = MartTranslator()
    return {
        f"{node['schema']}.{node['alias']}": translator.get_asset_key(node)
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["materialized"] not in ("view", "ephemeral")
    }


def _tier(dbt_resource_props: Mapping[str, Any]) -> str:
    return "marts" if "marts" in dbt_resource_props["fqn"] else "staging"
