"""Contracts of the dbt project: sources, documentation, order of the receipt, portable SQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from socialsent_assets.domain.tables import TABLES
from tests.marts.dbt_in_process import fresh_manifest, run_dbt
from tests.marts.lake_folder import LakeFolder

MARTS = {
    "dim_users", "fct_posts", "fct_comments", "fct_interactions", "agg_sentiment_hourly", "agg_sentiment_daily",
    "agg_topic_sentiment_daily", "agg_user_engagement", "user_profile_history",
}  # fmt: skip


@pytest.fixture(scope="module")
def manifest(parsed_project: bytes) -> Any:
    return fresh_manifest(parsed_project)


def models(manifest: Any, folder: str) -> dict[str, Any]:
    return {n.name: n for n in manifest.nodes.values() if n.resource_type == "model" and n.fqn[1] == folder}


def test_the_sources_are_the_tables_of_the_domain(manifest: Any) -> None:
    """Prevents a column that the jobs write and the warehouse lacks, or describes differently."""
    found = {
        (source.source_name, source.name): [(c.name, c.data_type, c.description) for c in source.columns.values()]
        for source in manifest.sources.values()
    }
    assert found == {t.asset_key: [(c.name, c.type, c.meaning) for c in t.columns] for t in TABLES}


def test_the_sources_are_the_assets_that_the_jobs_make(manifest: Any) -> None:
    """Prevents a lineage that breaks in two between the lake and the marts."""
    for source in manifest.sources.values():
        assert source.config.meta["dagster"]["asset_key"] == [source.source_name, source.name]


def test_the_marts_of_the_contract_exist_under_their_bare_names(manifest: Any) -> None:
    """Prevents a mart that is renamed, or built in another schema, without anybody noticing."""
    marts = models(manifest, "marts")
    assert marts.keys() == MARTS | {"lake_hours"}
    assert {(node.schema, node.alias) for node in marts.values()} == {("main", name) for name in marts}
    assert {node.schema for node in models(manifest, "intermediate").values()} == {"staging"}


def test_every_mart_has_an_enforced_contract_and_an_owner(manifest: Any) -> None:
    """Prevents a mart whose columns change under the report that reads it."""
    for name, node in models(manifest, "marts").items():
        assert node.config.contract.enforced, name
        assert all(column.data_type and column.description for column in node.columns.values()), name
        assert node.config.meta["dagster"]["asset_key"] == ["marts", name]
        assert node.config.meta["dagster"]["owners"], name


def test_every_model_source_and_exposure_is_described(manifest: Any) -> None:
    """Prevents docs with empty pages."""
    nodes = [node for node in manifest.nodes.values() if node.resource_type == "model"]
    things = [*nodes, *manifest.sources.values(), *manifest.exposures.values()]
    assert [thing.name for thing in things if not thing.description.strip()] == []
    assert [node.name for node in nodes if not node.columns] == []


def test_the_lake_is_asked_for_its_versions_before_any_row_is_read(manifest: Any) -> None:
    """Prevents an hour that is rewritten during a build from being signed as up to date."""
    readers = [n for n in models(manifest, "intermediate").values() if "reads_lake" in n.tags]
    assert len(readers) == 8
    for node in readers:
        if node.name != "int_lake_hours":
            assert "model.socialsent.int_lake_hours" in node.depends_on.nodes, node.name
    direct = {n.name for n in models(manifest, "intermediate").values() if _reads_staging(n)}
    assert direct == {node.name for node in readers}, "a model that reads the lake needs the tag reads_lake"


def _reads_staging(node: Any) -> bool:
    return any(".stg_" in parent for parent in node.depends_on.nodes)


def test_the_receipt_waits_for_every_mart(manifest: Any) -> None:
    """Prevents hours that count as done while a mart still misses them, after a kill at the wrong moment."""
    parents = {parent.split(".")[-1] for parent in models(manifest, "marts")["lake_hours"].depends_on.nodes}
    assert parents >= MARTS


def test_the_project_parses_without_a_warning(lake: LakeFolder, tmp_path: Path) -> None:
    """Prevents deprecations that become errors with the next release of dbt."""
    result = run_dbt(["--warn-error", "parse", "--quiet"], lake.environment, tmp_path / "target")
    assert result.success, result.exception


def test_rows_are_spread_and_sorted_by_columns_that_exist(manifest: Any) -> None:
    """Prevents a DISTKEY or SORTKEY that Redshift rejects: neither DuckDB nor PostgreSQL looks at them."""
    for node in manifest.nodes.values():
        if node.resource_type != "model" or node.config.materialized in ("view", "ephemeral"):
            continue
        dist, sort = node.config.get("dist"), node.config.get("sort")
        assert dist in {"all", "even", "auto", *node.columns}, node.name
        assert {sort} if isinstance(sort, str) else set(sort) <= node.columns.keys(), node.name
