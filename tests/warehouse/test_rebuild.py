"""Builds of the DuckDB warehouse: readers see the one before or the one after, whatever happens in between."""

from pathlib import Path

import dagster as dg
import duckdb
import pytest
from dagster_dbt.errors import DagsterDbtCliRuntimeError

from socialsent_assets.defs.marts import build_to_end
from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.resources.warehouse import DuckDbWarehouse
from socialsent_assets.warehouse.duckdb.database import reading, versions_held
from socialsent_assets.warehouse.duckdb.rebuild import copy_of, publish, rebuilding
from socialsent_assets.warehouse.errors import WarehouseBusyError, WarehouseDamagedError
from tests.warehouse_file import open_in_another_program


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "warehouse.duckdb"
    write(path, 1)
    return path


@pytest.fixture
def copy(path):
    return copy_of(path, path.parent / "dbt")


def write(path, value):
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"create or replace table fct_posts as select {value} as value")
        connection.execute(f"create or replace view {path.stem}.main.v as from {path.stem}.main.fct_posts")


def value(path):
    with reading(path, patience_s=0) as connection:
        return connection.execute("select value from v").fetchone()[0]


def test_readers_see_the_old_marts_until_the_new_ones_are_published(path, copy):
    """Prevents readers who are shut out of a build for minutes, or see half of it."""
    with reading(path) as early, rebuilding(path, copy):
        write(copy, 2)
        assert value(path) == 1
        publish(copy, path)
        assert value(path) == 2
        assert early.execute("select value from fct_posts").fetchone() == (1,)
    assert not copy.exists()


def test_a_build_that_fails_changes_nothing(path, copy):
    """Prevents marts that contradict each other until the next build."""
    before = path.read_bytes()
    with pytest.raises(duckdb.CatalogException), rebuilding(path, copy), duckdb.connect(str(copy)) as connection:
        connection.execute("delete from fct_posts; checkpoint; from nothing")
    assert path.read_bytes() == before
    assert not copy.exists()


def test_what_a_killed_build_left_is_not_built_upon(path, copy):
    """Prevents a half-built copy from being taken for the marts."""
    copy.parent.mkdir()
    write(copy, 3)
    with rebuilding(path, copy):
        assert value(copy) == 1
    assert value(path) == 1


def test_the_first_build_begins_with_nothing(tmp_path):
    """Prevents a first build that waits for a file to copy."""
    path = tmp_path / "warehouse.duckdb"
    copy = copy_of(path, tmp_path / "dbt")
    with rebuilding(path, copy):
        publish(copy, path)  # dbt built nothing
        assert not path.exists()
        write(copy, 2)
        publish(copy, path)
    assert value(path) == 2


def test_the_log_of_another_writer_is_copied_and_then_gone(path, copy):
    """Prevents a log of the old file beside the new one, which DuckDB would reject or replay into it."""
    code = "checkpoint; set wal_autocheckpoint = '1TB'; set checkpoint_threshold = '1TB'"
    connection = duckdb.connect(str(path))
    for statement in code.split(";"):
        connection.execute(statement)
    connection.execute("update fct_posts set value = 7")
    log = path.with_name(f"{path.name}.wal")
    kept, kept_log = path.read_bytes(), log.read_bytes()
    connection.close()
    path.write_bytes(kept)
    log.write_bytes(kept_log)  # as a kill leaves them
    with rebuilding(path, copy):
        with duckdb.connect(str(copy)) as built:
            built.execute("create table other as select 1")
        publish(copy, path)
    assert not log.exists()
    assert value(path) == 7


def test_two_builds_do_not_mix(path, copy):
    """Prevents two processes that write one copy."""
    with rebuilding(path, copy), pytest.raises(WarehouseBusyError), rebuilding(path, copy, patience_s=0):
        pass


def test_who_writes_the_file_by_other_means_is_waited_for(path, copy):
    """Prevents a copy of a file that changes while it is copied, and a sensor that takes busy for empty."""
    with open_in_another_program(path):
        with pytest.raises(WarehouseBusyError, match="open for writing"), rebuilding(path, copy, patience_s=0):
            pass
        with pytest.raises(WarehouseBusyError):
            versions_held(path, patience_s=0)


@pytest.mark.parametrize("damage", [lambda kept: kept[:20_000], lambda _: b"no database" * 999, lambda _: b""])
def test_a_damaged_file_is_named_with_what_heals_it(path, copy, damage):
    """Prevents DuckDB's inner words without a remedy, and a build over a file that may not be ours."""
    path.write_bytes(damage(path.read_bytes()))
    before = path.read_bytes()
    with pytest.raises(WarehouseDamagedError, match="move it away and run socialsent materialize"), reading(path):
        pass
    with pytest.raises(WarehouseDamagedError), rebuilding(path, copy):
        pass
    assert path.read_bytes() == before


@pytest.mark.parametrize("fails", [True, False])
def test_a_dbt_build_is_shown_whole_or_not_at_all(path, copy, fails):
    """Prevents marts of a build whose test failed: what depends on it was skipped."""
    lake = LakeResource(
        **{tier: str(path.parent / tier) for tier in ("landing", "cleansed", "analytics", "artifacts")}  # type: ignore[arg-type]
    )
    warehouse = DuckDbWarehouse(lake=lake, path=str(path))
    materialized, checked = dg.Output(None, "fct_posts"), dg.AssetCheckResult(passed=not fails, asset_key="fct_posts")

    def stream():
        write(copy, 2)
        yield from (materialized, checked)
        if fails:
            raise DagsterDbtCliRuntimeError("a test failed")

    with warehouse.building(print):
        events, counts, failure = build_to_end(warehouse, stream(), ["main.fct_posts"])
    assert value(path) == (1 if fails else 2)
    assert events == ([checked] if fails else [materialized, checked])  # type: ignore[list-item]
    assert counts == ({} if fails else {"main.fct_posts": 1})
    assert (failure is not None) == fails
    assert [file for file in Path(path.parent).rglob("*.duckdb*") if file.suffix != ".lock"] == [path]
