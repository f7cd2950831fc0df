"""Athena as the warehouse of the graph: chosen by the settings, configured for dbt, and queried rarely."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from socialsent_assets.aws.client import AwsCallError
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.resources.athena import AthenaWarehouse
from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.settings import Settings
from socialsent_assets.warehouse import version_cache
from socialsent_assets.warehouse.errors import NoMartsError, WarehouseUnreachableError

HELD = {"2026-11-22-03:00": "v1"}
ENV = {
    "SOCIALSENT_DBT_TARGET": "athena",
    "SOCIALSENT_CATALOG": "glue",
    "SOCIALSENT_GLUE_DATABASE_CLEANSED": "mood_cleansed",
    "SOCIALSENT_ATHENA_WORKGROUP": "mood",
    "SOCIALSENT_ATHENA_MARTS": "mood_marts",
    "SOCIALSENT_ATHENA_DATA": "s3://mood-artifacts/marts/",
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Answers of the engine, in order: versions or an exception; what is left at the end was not requested."""
    answers: list[Any] = []

    def versions(_: object) -> dict[str, str]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)

    monkeypatch.setattr("socialsent_assets.resources.athena.versions_in", versions)
    monkeypatch.setattr("socialsent_assets.resources.athena.aws_client", lambda _: None)
    return answers


@pytest.fixture
def warehouse(tmp_path: Path) -> AthenaWarehouse:
    lake = LakeResource(**{tier: str(tmp_path / tier) for tier in ("landing", "cleansed", "analytics", "artifacts")})  # type: ignore[arg-type]
    return AthenaWarehouse.of(Settings.from_env({**ENV, "SOCIALSENT_HOME": str(tmp_path)}), lake)


def test_dbt_is_told_the_databases_while_it_builds(warehouse: AthenaWarehouse, asked: list[Any]) -> None:
    """Prevents marts in another database, or from another lake, than the one that the settings name."""
    asked.append(HELD)
    with warehouse.building(print):
        names = ("ATHENA_WORKGROUP", "ATHENA_MARTS", "ATHENA_DATA", "SPECTRUM_CLEANSED", "SPECTRUM_ANALYTICS")
        values = [os.environ[f"SOCIALSENT_{name}"] for name in names]
    assert values == ["mood", "mood_marts", "s3://mood-artifacts/marts", "mood_cleansed", "socialsent_analytics"]
    assert "SOCIALSENT_ATHENA_DATA" not in os.environ


@pytest.mark.parametrize("missing", ["SOCIALSENT_CATALOG", "SOCIALSENT_ATHENA_WORKGROUP", "SOCIALSENT_ATHENA_DATA"])
def test_a_target_without_its_place_is_refused_by_name(missing: str, tmp_path: Path) -> None:
    """Prevents a graph that builds into DuckDB, or nowhere, because one of three settings was forgotten."""
    env = {name: value for name, value in ENV.items() if name != missing}
    lake = LakeResource(landing="l", cleansed="c", analytics="a", artifacts="r")
    with pytest.raises(UserError, match=missing):
        AthenaWarehouse.of(Settings.from_env({**env, "SOCIALSENT_HOME": str(tmp_path)}), lake)


def test_a_place_that_is_no_bucket_is_named() -> None:
    """Prevents an error of dbt's half way through the first build."""
    with pytest.raises(UserError, match="SOCIALSENT_ATHENA_DATA=marts"):
        Settings.from_env({**ENV, "SOCIALSENT_ATHENA_DATA": "marts"})


def test_athena_is_asked_once_and_then_the_memory_answers(warehouse: AthenaWarehouse, asked: list[Any]) -> None:
    """Prevents a bill per tick of the sensor."""
    asked.append(HELD)
    assert [warehouse.known_versions() for _ in range(3)] == [HELD] * 3
    assert warehouse.built_at() is not None


def test_an_old_memory_is_renewed(
    warehouse: AthenaWarehouse, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents a graph that never learns that someone dropped the marts."""
    asked += [HELD, {}]
    warehouse.known_versions()
    monkeypatch.setattr("socialsent_assets.resources.remote_warehouse.FRESH_FOR", timedelta(0))
    assert warehouse.known_versions() == {}


def test_a_build_that_is_killed_leaves_no_memory_of_what_stood_before(
    warehouse: AthenaWarehouse, asked: list[Any]
) -> None:
    """Prevents hours counted as done whose rows a killed build took away."""
    asked.append(HELD)
    warehouse.known_versions()
    with pytest.raises(KeyboardInterrupt), warehouse.building(print):
        raise KeyboardInterrupt
    assert version_cache.remembered(warehouse.lake.open().artifacts, "mood_marts") is None


def test_an_athena_that_does_not_answer_is_no_empty_warehouse(warehouse: AthenaWarehouse, asked: list[Any]) -> None:
    """Prevents a rebuild of all history because of one failed question."""
    asked.append(AwsCallError("athena cannot be reached"))
    with pytest.raises(WarehouseUnreachableError, match="cannot be reached"):
        warehouse.known_versions()


def test_marts_that_were_never_built_hold_nothing(
    warehouse: AthenaWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents the first build from failing because there is nothing yet."""

    def none_yet(*_: object) -> Any:
        raise NoMartsError("there is no lake_hours")

    monkeypatch.setattr("socialsent_assets.resources.athena.aws_client", lambda _: None)
    monkeypatch.setattr("socialsent_assets.warehouse.athena.engine.AthenaSql.run", none_yet)
    assert warehouse.known_versions() == {}
