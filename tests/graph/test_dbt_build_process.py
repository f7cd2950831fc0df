"""The dbt build that is given the project as the graph parsed it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from socialsent_assets.settings import Settings
from socialsent_assets.warehouse.dbt import build_process
from socialsent_assets.warehouse.dbt.build_process import PARSED, parsed_project
from socialsent_assets.warehouse.dbt.manifest import dbt_project

LOCAL = ("build", "--target", "local")


@pytest.fixture(autouse=True)
def parsed_by_the_graph(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The graph has been loaded; a build of another home than that of the parsing."""
    for name in [name for name in os.environ if name.startswith("SOCIALSENT_")]:
        monkeypatch.delenv(name)
    dbt_project(Settings.from_env())
    monkeypatch.setenv("SOCIALSENT_WAREHOUSE", str(tmp_path / "dbt" / "warehouse.duckdb"))


def test_a_build_in_a_new_home_uses_the_project_that_the_graph_parsed() -> None:
    """Prevents three CPU seconds of parsing in the first build of every home."""
    found = parsed_project(LOCAL)
    assert found is not None
    assert "model.socialsent.fct_posts" in found.nodes


def another_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """Relations of the parsed project are in the database `warehouse`."""
    monkeypatch.setenv("SOCIALSENT_WAREHOUSE", "/home/marts.duckdb")


def another_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    """The schema of the sources comes from the environment."""
    monkeypatch.setenv("SOCIALSENT_SPECTRUM_CLEANSED", "elsewhere")


def younger_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file was changed after the graph was loaded."""
    monkeypatch.setattr(build_process, "manifest_is_old", lambda *_: True)


@pytest.mark.parametrize("change", [another_database, another_schema, younger_model])
def test_a_project_that_was_parsed_for_something_else_is_not_used(
    change: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents marts in another home's schema, or by yesterday's SQL."""
    change(monkeypatch)
    assert parsed_project(LOCAL) is None


@pytest.mark.parametrize("arguments", [("build", "--target", "redshift"), (*LOCAL, "--vars", "{}")])
def test_a_build_for_another_target_or_with_variables_parses(arguments: tuple[str, ...]) -> None:
    """Prevents DuckDB's SQL on Redshift."""
    assert parsed_project(arguments) is None


def test_a_parsed_project_that_is_cut_off_is_parsed_again(tmp_path: Path) -> None:
    """Prevents a failed build while another process writes the parsed project."""
    half = tmp_path / "partial_parse.msgpack"
    half.write_bytes(PARSED.read_bytes()[:5000])
    later = PARSED.stat().st_mtime + 1
    os.utime(half, (later, later))
    assert parsed_project(LOCAL, half) is None


def test_a_failed_build_ends_as_dbt_itself_does(capfd: pytest.CaptureFixture[str]) -> None:
    """Prevents a model's error that Dagster takes for a success."""
    assert build_process.main(["build", "--no-such-option"]) == 2
    assert "no-such-option" in "".join(capfd.readouterr())
