"""Redshift as the warehouse of the graph: queries, cache and errors.

Not here: what the marts hold (test_marts_on_redshift.py), what only AWS answers (tests/resources/test_redshift.py).
"""

from __future__ import annotations

import socket
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from socialsent_assets.defs.marts import dbt_marts
from socialsent_assets.defs.sensors import landing_sensor, report_sensor
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.insights.report import build_report
from socialsent_assets.lake.lake import Lake
from socialsent_assets.resources.build import resources_for
from socialsent_assets.resources.redshift import RedshiftWarehouse
from socialsent_assets.resources.reports import ReportFolder
from socialsent_assets.settings import Settings
from socialsent_assets.warehouse import version_cache
from socialsent_assets.warehouse.dbt.manifest import dbt_project
from socialsent_assets.warehouse.duckdb.database import versions_held
from socialsent_assets.warehouse.duckdb.marts import duckdb_marts
from socialsent_assets.warehouse.errors import NoMartsError, WarehouseUnreachableError
from socialsent_assets.warehouse.marts import marts_of, versions_of
from socialsent_assets.warehouse.redshift import redshift_marts
from socialsent_assets.warehouse.status import lake_status
from tests.aws.redshift.dbt_on_redshift import DbtOnRedshift, Server
from tests.aws.redshift.spectrum import show_lake
from tests.marts.dbt_in_process import Dbt
from tests.marts.lake_folder import LakeFolder, at, event

pytestmark = [pytest.mark.aws, pytest.mark.filterwarnings("ignore:ssl:DeprecationWarning")]  # the driver's
UNTESTED = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")


def settings_of(server: Server, root: Path, **more: str) -> Settings:
    tiers = {f"SOCIALSENT_LAKE_{tier.upper()}": str(root / tier) for tier in ("landing", "cleansed", "analytics")}
    home = {"SOCIALSENT_HOME": str(root), "SOCIALSENT_LAKE_ARTIFACTS": str(root / "artifacts")}
    return Settings.from_env({**server.environment, **tiers, **home, **more})


@pytest.fixture
def settings(redshift_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in redshift_server.environment.items():
        monkeypatch.setenv(name, value)
    return settings_of(redshift_server, tmp_path)


@pytest.fixture
def warehouse(settings: Settings) -> RedshiftWarehouse:
    made = resources_for(settings, dbt_project(settings))["warehouse"]
    assert isinstance(made, RedshiftWarehouse)
    return changed(made, waking_s=0.0)


def changed(warehouse: RedshiftWarehouse, **changes: object) -> RedshiftWarehouse:
    """Another one: Dagster makes a resource anew from its configuration, so a copy's attributes would be lost."""
    kept = {name: getattr(warehouse, name) for name in type(warehouse).model_fields}
    return RedshiftWarehouse(**{**kept, **changes})


@pytest.fixture(scope="module")
def built(
    redshift_server: Server,
    parsed_for_redshift: bytes,
    parsed_for_duckdb: bytes,
    tmp_path_factory: pytest.TempPathFactory,
) -> LakeFolder:
    """Marts of one small lake, in Redshift and in DuckDB: to be read alone."""
    lake = LakeFolder(tmp_path_factory.mktemp("built"))
    posts = [
        event(
            "post",
            f"e{n}",
            at(f"22T0{3 + n % 2}:0{n}"),
            post_id=f"p{n}",
            author_id=f"u{n % 3}",
            text=f"good tea, number {n}",
        )
        for n in range(9)
    ]
    likes = [
        event("interaction", f"i{n}", at("22T04:30"), interaction_id=f"i{n}", post_id=f"p{n}", actor_id="u9")
        for n in range(4)
    ]
    lake.put([*posts, *likes, event("user", "e90", at("22T03:01"), user_id="u1", user_name="ann")])
    redshift_server.forget_everything()
    DbtOnRedshift(lake, redshift_server, parsed_for_redshift, lake.root / "target-redshift").build(options=UNTESTED)
    Dbt(lake, parsed_for_duckdb, lake.root / "target-local").build(options=UNTESTED)
    return lake


def test_the_report_is_the_same_bytes_as_from_duckdb(built: LakeFolder, settings: Settings, tmp_path: Path) -> None:
    """Prevents facts that are read in one engine's dialect, or rounded by the other."""
    pages = []
    with marts_of(settings) as on_redshift, duckdb_marts(built.root / "warehouse.duckdb") as on_duckdb:
        for name, sql in (("redshift", on_redshift), ("duckdb", on_duckdb)):
            pages.append(build_report(sql, tmp_path / name).path.read_bytes())
    assert pages[0] == pages[1]
    assert b"good tea, number 1" in pages[0]


def test_versions_and_standing_are_those_of_duckdb(built: LakeFolder, settings: Settings) -> None:
    """Prevents hours that are stale indefinitely because the two spell an hour or a version differently."""
    versions = versions_held(built.root / "warehouse.duckdb")
    assert versions.keys() == {"2026-11-22-03:00", "2026-11-22-04:00"}
    assert versions_of(settings) == versions
    local = Settings.from_env({"SOCIALSENT_HOME": str(built.root)})
    found, expected = (lake_status(Lake.of(one), one).tiers["marts"] for one in (settings, local))
    assert found == expected
    assert found.tables["fct_posts"] == 9


def test_nothing_built_yet_is_no_version_and_a_sentence(redshift_server: Server, tmp_path: Path) -> None:
    """Prevents a first start that fails because its marts do not exist."""
    settings = settings_of(redshift_server, tmp_path, SOCIALSENT_REDSHIFT_SCHEMA="never_built")
    assert versions_of(settings) == {}
    with marts_of(settings) as sql, pytest.raises(NoMartsError, match="run socialsent materialize"):
        sql.run("select * from fct_posts")


def test_who_asks_cannot_write(built: LakeFolder, settings: Settings) -> None:
    """Prevents a report, or another user of its connection, from changing a mart."""
    for statement in ("delete from fct_posts", "drop table fct_posts", "create table t (a int)"):
        with marts_of(settings) as sql, pytest.raises(UserError, match="read-only"):
            sql.run(statement)
    with marts_of(settings) as sql:
        assert list(sql.run("select count(*) as posts from fct_posts").rows) == [(9,)]


def test_a_statement_that_takes_too_long_is_stopped(settings: Settings) -> None:
    """Prevents a sensor, or a person, that waits indefinitely."""
    assert settings.redshift is not None
    with redshift_marts(settings.redshift, deadline_s=0.2) as sql, pytest.raises(UserError, match="longer than"):
        sql.run("select pg_sleep(20)")


def test_a_wrong_password_or_database_is_one_line_that_names_the_setting(
    redshift_server: Server, tmp_path: Path
) -> None:
    """Prevents a driver's dictionary of letters in place of an answer."""
    for variable, value in (
        ("SOCIALSENT_REDSHIFT_PASSWORD", "wrong"),
        ("SOCIALSENT_REDSHIFT_USER", "nobody"),
        ("SOCIALSENT_REDSHIFT_DATABASE", "elsewhere"),
        ("SOCIALSENT_REDSHIFT_SSLMODE", "verify-full"),
    ):
        with (
            pytest.raises(UserError, match=variable) as raised,
            marts_of(settings_of(redshift_server, tmp_path, **{variable: value})),
        ):
            raise AssertionError("let in")
        assert "\n" not in str(raised.value)
        assert "wrong" not in str(raised.value)


def test_a_build_remembers_what_the_marts_hold_and_a_sensor_asks_the_memory(
    built: LakeFolder, warehouse: RedshiftWarehouse, redshift_server: Server
) -> None:
    """Prevents a Redshift Serverless that is kept awake, and billed, by a sensor every 20 seconds."""
    artifacts = warehouse.lake.open().artifacts
    with warehouse.building(print):
        assert version_cache.remembered(artifacts, "marts") is None, "a build that is killed must leave no memory"
    before = len(redshift_server.wire.statements)
    held = warehouse.known_versions()
    assert held.keys() == {"2026-11-22-03:00", "2026-11-22-04:00"}
    built_at = warehouse.built_at()
    assert redshift_server.wire.since(before) == []
    old = version_cache.remembered(artifacts, "marts")
    assert old is not None
    long_ago = old.seen_at - version_cache.FRESH_FOR - timedelta(seconds=1)
    version_cache.remember(artifacts, "marts", held, long_ago, None)
    assert warehouse.known_versions() == held
    assert redshift_server.wire.since(before) != [], "what others did is never seen"
    assert warehouse.built_at() == long_ago, "the same hours are no new marts"
    assert built_at == old.changed_at


def test_row_counts_are_those_of_the_tables_that_exist(built: LakeFolder, warehouse: RedshiftWarehouse) -> None:
    """Prevents a build that fails after its work because a table is not there yet."""
    counts = warehouse.row_counts(["marts.fct_posts", "staging.int_event_keys", "marts.not_yet"])
    assert counts == {"marts.fct_posts": 9, "staging.int_event_keys": 14}
    assert warehouse.row_counts(["marts.not_yet"]) == {}


def test_a_warehouse_that_does_not_answer_stops_a_build_and_skips_a_tick(
    settings: Settings, warehouse: RedshiftWarehouse, tmp_path: Path
) -> None:
    """Prevents an hour that is given up for good because Redshift was away during three runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        gone = changed(warehouse, port=taken.getsockname()[1])
        with pytest.raises(WarehouseUnreachableError, match="does not answer at"), gone.building(print):
            raise AssertionError("built nowhere")
        resources = {"lake": gone.lake, "warehouse": gone, "reports": ReportFolder(path=str(tmp_path))}
        with (
            dg.instance_for_test() as instance,
            dg.build_sensor_context(instance=instance, cursor="kept", resources=resources) as context,
        ):
            tick = landing_sensor(context)
            assert isinstance(tick, dg.SensorResult)
            assert "does not answer" in str(tick.skip_reason)
            assert not tick.run_requests
            assert tick.cursor == "kept"
            assert isinstance(report_sensor(context), dg.SkipReason)


def test_a_run_of_the_graph_builds_the_marts_and_counts_their_rows(
    lake: LakeFolder, settings: Settings, warehouse: RedshiftWarehouse, redshift_server: Server
) -> None:
    """Prevents a target that works by hand and not in the graph: its environment, its schemas, its artifacts."""
    lake.put([event("post", "e1", at("22T03:05"), post_id="p1")])
    redshift_server.forget_everything()
    with redshift_server.database.connect() as connection:
        show_lake(connection, lake.root)
    project = dbt_project(settings)
    resources = {**resources_for(settings, project), "warehouse": warehouse}
    marts = dbt_marts(project)
    with dg.instance_for_test() as instance:
        result = dg.materialize([marts], partition_key="2026-11-22", resources=resources, instance=instance)
        assert result.success
        made = instance.get_latest_materialization_event(dg.AssetKey(["marts", "fct_posts"]))
    assert made is not None
    assert made.asset_materialization is not None
    assert made.asset_materialization.metadata["dagster/row_count"].value == 1
    assert warehouse.known_versions().keys() == {"2026-11-22-03:00"}
