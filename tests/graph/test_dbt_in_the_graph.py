"""Translation of a run into a dbt build: arguments, environment, manifest."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest
from graph_lake import hour

from socialsent_assets.defs.marts import BUILD
from socialsent_assets.resources.dbt_cli import DbtCli
from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.resources.warehouse import DuckDbWarehouse
from socialsent_assets.settings import PROJECT_ROOT
from socialsent_assets.warehouse.dbt.environment import dbt_executable, window_environment
from socialsent_assets.warehouse.dbt.manifest import manifest_is_old


def test_the_window_of_a_build_is_the_span_of_its_hours_end_exclusive() -> None:
    """Prevents a build that forgets the last hour, or rebuilds all history."""
    assert window_environment([hour("22T23"), hour("22T03")]) == {
        "SOCIALSENT_WINDOW_START": "2026-11-22 03:00:00",
        "SOCIALSENT_WINDOW_END": "2026-11-23 00:00:00",
    }


def test_a_build_of_all_history_is_not_narrowed_by_what_the_shell_has_set() -> None:
    """Prevents one run's window from leaking into the next."""
    assert set(window_environment([]).values()) == {""}


def test_no_argument_makes_dbt_parse_the_project_again() -> None:
    """Prevents seven CPU seconds before every build: dbt keeps no parsed project over a change of --vars."""
    assert "--vars" not in BUILD


def test_a_dbt_build_asks_no_index_for_newer_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents 3 CPU seconds and a network call before every build (dagster-dbt runs `dbt --version`)."""

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("asked for a version")

    monkeypatch.setattr("dagster_dbt.core.resource.check_output", forbidden)
    monkeypatch.setattr(socket.socket, "connect", forbidden)
    cli = DbtCli(project_dir=str(PROJECT_ROOT / "dbt_project"), dbt_executable=dbt_executable())
    assert cli._cli_version.major == 1


def test_dbt_is_found_although_its_folder_is_not_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents `.venv/bin/socialsent` from failing in a shell that did not activate the environment."""
    monkeypatch.setenv("PATH", "/nowhere")
    assert Path(dbt_executable()).is_file()


def test_the_environment_of_dbt_is_put_back_after_a_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents one home's warehouse from being built by the next run of the same process."""
    monkeypatch.setenv("SOCIALSENT_WAREHOUSE", "before")
    monkeypatch.delenv("SOCIALSENT_LAKE_CLEANSED", raising=False)
    lake = LakeResource(landing="l", cleansed="c", analytics="a", artifacts="r")
    with DuckDbWarehouse(lake=lake, path=str(tmp_path / "w.duckdb")).building(print):
        assert os.environ["SOCIALSENT_WAREHOUSE"] == str(tmp_path / "dbt" / "w.duckdb")
        assert Path(os.environ["SOCIALSENT_LAKE_CLEANSED"]).is_absolute()
    assert os.environ["SOCIALSENT_WAREHOUSE"] == "before"
    assert "SOCIALSENT_LAKE_CLEANSED" not in os.environ


def test_a_manifest_is_old_when_a_model_was_changed_added_or_removed(tmp_path: Path) -> None:
    """Prevents a graph that shows yesterday's models, and a parse at every start."""
    model = tmp_path / "models" / "marts" / "a.sql"
    model.parent.mkdir(parents=True)
    model.write_text("select 1")
    manifest = tmp_path / "manifest.json"
    assert manifest_is_old(tmp_path, manifest)
    manifest.write_text("{}")
    later = time.time() + 10
    os.utime(manifest, (later, later))
    assert not manifest_is_old(tmp_path, manifest)
    os.utime(model, (later + 1, later + 1))
    assert manifest_is_old(tmp_path, manifest)
    os.utime(model, (later - 5, later - 5))
    model.unlink()
    os.utime(model.parent, (later + 1, later + 1))
    assert manifest_is_old(tmp_path, manifest)
