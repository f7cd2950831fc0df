"""Properties of every asset, and of the graph. Starts no Spark and no dbt build."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from socialsent_assets.domain.tables import TABLES
from socialsent_assets.settings import PROJECT_ROOT


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    from socialsent_assets.definitions import defs

    return defs


@pytest.fixture(scope="module")
def graph(defs: dg.Definitions) -> dg.AssetGraph:
    return defs.resolve_asset_graph()


def test_the_graph_loads_and_every_job_resolves(defs: dg.Definitions) -> None:
    """Prevents a dangling dependency, resource or check that only a run would find."""
    dg.Definitions.validate_loadable(defs)


def test_every_asset_says_who_owns_it_what_it_is_and_which_code_makes_it(graph: dg.AssetGraph) -> None:
    """Prevents assets without owner, group or description in the UI."""
    lacking = {
        key.to_user_string(): missing
        for key in graph.materializable_asset_keys
        if (
            missing := [
                name
                for name in ("owners", "group_name", "kinds", "description", "code_version")
                if not getattr(graph.get(key), name)
            ]
        )
    }
    assert lacking == {}


def test_asset_keys_are_tier_and_table(graph: dg.AssetGraph) -> None:
    """Prevents a second grammar of names, in which lineage breaks in two."""
    tiers = {"landing", "cleansed", "analytics", "staging", "marts", "reports", "models"}
    assert {key.path[0] for key in graph.materializable_asset_keys} <= tiers
    assert {len(key.path) for key in graph.materializable_asset_keys} == {2}
    assert {dg.AssetKey(table.asset_key) for table in TABLES} <= set(graph.materializable_asset_keys)


def test_no_asset_waits_for_something_outside_the_graph(graph: dg.AssetGraph) -> None:
    """Prevents a dbt source whose asset key does not match the Python asset: two boxes instead of one line."""
    assert set(graph.get_all_asset_keys()) == set(graph.materializable_asset_keys)


def test_marts_stand_downstream_of_landing(graph: dg.AssetGraph) -> None:
    """Prevents a lineage that ends half way."""
    upstream = dg.AssetSelection.assets(["marts", "agg_user_engagement"]).upstream().resolve(graph)
    assert dg.AssetKey(["landing", "events"]) in upstream
    assert dg.AssetKey(["analytics", "sentiment"]) in upstream


def test_every_daily_asset_takes_a_backfill_as_one_run(graph: dg.AssetGraph) -> None:
    """Prevents a backfill of a year from being 365 runs."""
    daily = [graph.get(key) for key in graph.materializable_asset_keys if graph.get(key).partitions_def is not None]
    assert {node.key.path[0] for node in daily} == {"landing", "cleansed", "analytics", "marts"}
    assert {node.backfill_policy for node in daily} == {dg.BackfillPolicy.single_run()}
    assert len({node.partitions_def for node in daily}) == 1


def test_every_table_of_the_lake_has_blocking_contract_checks(graph: dg.AssetGraph) -> None:
    """Prevents a new table that nothing guards."""
    for table in TABLES:
        names = {key.name for key in graph.get_check_keys_for_assets({dg.AssetKey(table.asset_key)})}
        assert {"columns_are_the_contract", "required_columns_are_filled", "rows_as_counted"} <= names


def test_every_table_of_the_lake_shows_its_columns(graph: dg.AssetGraph) -> None:
    """Prevents a column schema in the UI that is not the contract."""
    for table in TABLES:
        schema = graph.get(dg.AssetKey(table.asset_key)).metadata["dagster/column_schema"]
        assert [(column.name, column.type) for column in schema.columns] == [(c.name, c.type) for c in table.columns]


PROBE = """
import json
from socialsent_assets.definitions import defs
graph = defs.resolve_asset_graph()
print(json.dumps([sorted(k.to_user_string() for k in graph.get_all_asset_keys()),
                  sorted(f"{k.asset_key.to_user_string()}:{k.name}" for k in graph.asset_check_keys)]))
"""


def test_keys_are_the_same_with_an_empty_environment_and_without_network(
    graph: dg.AssetGraph, tmp_path: Path
) -> None:
    """Prevents keys that carry an environment's name, and an import that needs a network."""
    no_network = (
        "import socket\n"
        "def no(*a, **k): raise OSError('no network')\n"
        "socket.socket.connect = no\n"
        "socket.getaddrinfo = no\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", no_network + PROBE],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT_ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assets, checks = json.loads(done.stdout.splitlines()[-1])
    assert assets == sorted(key.to_user_string() for key in graph.get_all_asset_keys())
    assert checks == sorted(f"{key.asset_key.to_user_string()}:{key.name}" for key in graph.asset_check_keys)


def test_importing_the_graph_starts_no_spark_and_opens_no_warehouse() -> None:
    """Prevents a web server that pays for a JVM, and a lock on the warehouse while it is unused."""
    program = (
        "import sys, socialsent_assets.definitions;"
        "print([m for m in ('pyspark', 'sklearn', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
