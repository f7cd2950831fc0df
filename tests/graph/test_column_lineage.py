"""Column lineage through every tier, as the UI shows it. Starts no Spark and opens no warehouse."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from socialsent_assets.domain.events.kinds import KINDS
from socialsent_assets.domain.tables import CLEANSED_EVENTS, LANDED_EVENTS
from socialsent_assets.settings import Settings
from socialsent_assets.warehouse.dbt import manifest
from socialsent_assets.warehouse.dbt.column_lineage import column_lineage, read_lineage, write_lineage

# Columns that are no function of upstream columns: constants, counts of rows, versions of code, digests of objects.
RECEIPT = ("input_version", "output_version", "code_version", "rows_by_table", "measures", "held_version")
FROM_NO_COLUMN = {
    "cleansed/quarantine": {"event_hour", "reason", "detail", "source_object", "raw"},
    "cleansed/builds": {"event_hour", "records", "duplicates", *RECEIPT},
    "analytics/sentiment": {"text_kind", "scorer_version", "model_version"},
    "analytics/lake_hours": {"event_hour", "records", "duplicates", "lake_version", *RECEIPT},
    "staging/int_event_keys": {"event_kind"},
    "staging/int_current_texts": {"text_kind"},
    "marts/agg_sentiment_hourly": {"text_count"},
    "marts/agg_sentiment_daily": {"text_count"},
    "marts/agg_topic_sentiment_daily": {"text_count"},
    # Posts and comments share one shape; these fields the other kind does not have.
    "cleansed/posts": {"comment_id", "parent_comment_id"},
    "cleansed/comments": {"topic", "hashtags", "place"},
}
# Counted over tables that one job writes together with those that it depends on.
FROM_NO_DIRECT_DEPENDENCY = {
    "analytics/lake_hours.accepted",
    "cleansed/builds.accepted",
    "cleansed/builds.quarantined",
}


@pytest.fixture(scope="module")
def graph() -> dg.AssetGraph:
    from socialsent_assets.definitions import defs

    return defs.resolve_asset_graph()


def columns(graph: dg.AssetGraph, key: dg.AssetKey) -> list[str]:
    schema = graph.get(key).metadata.get("dagster/column_schema")
    return [column.name for column in schema.columns] if schema else []


def column_deps(graph: dg.AssetGraph, key: dg.AssetKey) -> Mapping[str, Sequence[dg.TableColumnDep]]:
    lineage = graph.get(key).metadata.get("dagster/column_lineage")
    return lineage.deps_by_column if lineage else {}


def origins(graph: dg.AssetGraph, column: str) -> set[str]:
    """The `tier/table.column`s that a `tier/table.column` is computed from."""
    table, _, name = column.partition(".")
    found = column_deps(graph, dg.AssetKey(table.split("/"))).get(name, ())
    return {f"{dep.asset_key.to_user_string()}.{dep.column_name}" for dep in found}


def far_origins(graph: dg.AssetGraph, column: str) -> Iterator[str]:
    for origin in origins(graph, column):
        yield origin
        yield from far_origins(graph, origin)


def test_a_mart_column_traces_to_the_text_that_somebody_wrote(graph: dg.AssetGraph) -> None:
    """Prevents a lineage that ends at an ephemeral model, a `select *` or files that are read by name."""
    assert origins(graph, "marts/fct_posts.polarity") == {"staging/int_post_versions.polarity"}
    assert origins(graph, "staging/int_post_versions.polarity") == {"analytics/sentiment.polarity"}
    assert origins(graph, "staging/int_post_versions.text") == {"cleansed/posts.text"}
    assert "landing/events.data.text" in set(far_origins(graph, "marts/agg_sentiment_daily.mean_polarity"))
    assert "landing/events.data.age" in set(far_origins(graph, "marts/dim_users.age"))


def test_a_mean_over_posts_and_comments_comes_from_both(graph: dg.AssetGraph) -> None:
    """Prevents a union of which only the first half is followed."""
    assert origins(graph, "marts/agg_sentiment_daily.mean_polarity") == {"staging/int_current_texts.polarity"}
    both = {"marts/fct_posts.polarity", "marts/fct_comments.polarity"}
    assert origins(graph, "staging/int_current_texts.polarity") == both
    assert origins(graph, "marts/agg_user_engagement.mean_polarity") == both


def test_the_hour_of_a_row_comes_from_the_time_of_its_event(graph: dg.AssetGraph) -> None:
    """Prevents a lineage that ends at the hour, which the jobs take from the time of the event."""
    assert origins(graph, "staging/int_post_versions.event_hour") == {"cleansed/posts.event_hour"}
    assert origins(graph, "cleansed/posts.event_hour") == {"landing/events.event_time"}
    assert origins(graph, "staging/int_lake_hours.event_hour") == {"analytics/lake_hours.event_hour"}


def test_every_column_has_a_lineage_but_those_that_come_from_none(graph: dg.AssetGraph) -> None:
    """Prevents a new model or column whose lineage silently could not be read."""
    lacking = {
        key.to_user_string(): without
        for key in graph.materializable_asset_keys
        if key.path[0] in ("cleansed", "analytics", "staging", "marts")
        and (without := set(columns(graph, key)) - set(column_deps(graph, key)))
    }
    assert lacking == FROM_NO_COLUMN


def test_every_lineage_points_to_a_column_of_an_asset_upstream(graph: dg.AssetGraph) -> None:
    """Prevents a line in the UI that leads to a column that does not exist."""
    astray = [
        f"{key.to_user_string()}.{column} <- {dep}"
        for key in graph.materializable_asset_keys
        for column, its_deps in column_deps(graph, key).items()
        for dep in its_deps
        if not _leads_upstream(graph, key, column, dep)
    ]
    assert astray == []


def _leads_upstream(graph: dg.AssetGraph, key: dg.AssetKey, column: str, dep: dg.TableColumnDep) -> bool:
    may_be_far = f"{key.to_user_string()}.{column}" in FROM_NO_DIRECT_DEPENDENCY
    reachable = graph.materializable_asset_keys if may_be_far else graph.get(key).parent_keys
    if dep.asset_key not in reachable:
        return False
    return column in columns(graph, key) and dep.column_name in columns(graph, dep.asset_key)


def test_people_can_read_the_lineage_that_the_web_server_hides(graph: dg.AssetGraph) -> None:
    """Prevents a lineage that only a program sees: the open-source UI leaves `dagster/column_lineage` out."""
    shown = graph.get(dg.AssetKey(["cleansed", "posts"])).metadata["column lineage"].md_str
    assert "| `clean_text` | `landing/events.data.text` |" in shown.splitlines()
    shown = graph.get(dg.AssetKey(["marts", "fct_comments"])).metadata["column lineage"].md_str
    assert "| `topic` | `marts/fct_posts.topic` |" in shown.splitlines()


def test_landed_events_show_the_fields_of_every_kind(graph: dg.AssetGraph) -> None:
    """Prevents a field of the contract that is missing from the UI."""
    shown = set(columns(graph, dg.AssetKey(LANDED_EVENTS.asset_key)))
    assert {"event_id", "event_type", "event_time", "source"} <= shown
    assert {f"data.{field.name}" for kind in KINDS.values() for field in kind.fields} <= shown


def test_a_field_of_a_kind_lands_in_the_column_of_its_name() -> None:
    """Prevents a field that is accepted, cleansed and then traced to nothing."""
    for table in CLEANSED_EVENTS:
        traced = {origin for column in table.columns for origin in column.derived_from}
        fields = KINDS[table.name.removesuffix("s")].fields
        assert {f"landing/events.data.{field.name}" for field in fields} <= traced


def manifest_of(**sql: str) -> dict[str, Any]:
    """A manifest of models named as the arguments, each reading `db.main.<model>` or the source, in any order."""
    nodes = {
        f"model.p.{name}": {
            "resource_type": "model",
            "config": {"materialized": "table"},
            "relation_name": f'"db"."main"."{name}"',
            "columns": {},
            "depends_on": {"nodes": [f"model.p.{other}" for other in sql if f"main.{other}" in text]},
            "compiled_code": text,
        }
        for name, text in sql.items()
    }
    source = {"relation_name": '"db"."spectrum_cleansed"."posts"', "columns": {"event_time": {}, "text": {}}}
    return {"nodes": nodes, "sources": {"source.p.cleansed.posts": source}}


def test_a_model_that_cannot_be_read_is_named_and_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """Prevents one daring query from taking the lineage, or the graph, of all."""
    manifest = manifest_of(
        good="select text as said from db.spectrum_cleansed.posts",
        broken="select from where (",
        behind="select said from db.main.good union all select anything from db.main.broken",
    )
    with caplog.at_level(logging.DEBUG, logger="socialsent_assets.warehouse.dbt.column_lineage"):
        lineage = column_lineage(manifest)
    assert lineage["model.p.good"] == {"said": [("source.p.cleansed.posts", "text")]}
    assert lineage["model.p.behind"] == {"said": [("model.p.broken", "anything"), ("model.p.good", "said")]}
    assert "model.p.broken" not in lineage
    assert "model.p.broken" in caplog.text


def test_a_lineage_is_read_as_it_was_written_and_a_damaged_file_is_none(tmp_path: Path) -> None:
    """Prevents a graph that does not load because a cache was cut short."""
    path = tmp_path / "column_lineage.json"
    lineage = {"model.p.a": {"x": [("model.p.b", "y")], "n": []}}
    write_lineage(path, lineage)
    assert read_lineage(path) == lineage
    path.write_text(path.read_text()[:-5])
    assert read_lineage(path) == {}
    assert read_lineage(tmp_path / "none.json") == {}


def test_a_lineage_that_is_new_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents four CPU seconds of dbt in every process that imports the graph, also where dbt fails each time."""
    calls: list[Path] = []

    def failing(project: Path, _: object) -> dict[str, Any]:
        calls.append(project)
        raise RuntimeError("dbt compile failed")

    monkeypatch.setattr(manifest.dbt_compile, "compiled_manifest", failing)  # type: ignore[attr-defined]
    monkeypatch.setattr(manifest, "_LOCK", tmp_path / ".lock")
    path = tmp_path / "column_lineage.json"
    settings = Settings.from_env({})
    manifest.renew_lineage(path, settings)
    manifest.renew_lineage(path, settings)
    assert len(calls) == 1
    os.utime(path, (0, 0))
    manifest.renew_lineage(path, settings)
    assert len(calls) == 2


def test_a_folder_that_cannot_be_written_costs_the_lineage_and_not_the_graph(tmp_path: Path) -> None:
    """Prevents a code location that does not start from a read-only image."""
    (tmp_path / "file").touch()
    lost = tmp_path / "file" / "column_lineage.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest, "_LOCK", tmp_path / "file" / ".lock")
        manifest.renew_lineage(lost, Settings.from_env({}))
    assert read_lineage(lost) == {}
