"""Hours that wait for their scores, as the two warehouses that read the lake's tables as they are leave them out.

Not here: what dbt makes of it (tests/marts/test_builds.py, tests/aws).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.jobs.cleanse import cleanse
from socialsent_assets.jobs.engines.process import ProcessEngine
from socialsent_assets.jobs.score import score
from socialsent_assets.lake.builds import read_builds
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.undo import undo_run
from socialsent_assets.resources.athena import AthenaWarehouse
from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.resources.redshift import RedshiftWarehouse
from socialsent_assets.resources.remote_warehouse import BilledWarehouse
from socialsent_assets.settings import Settings
from tests.conftest import Landing, lake_at
from tests.jobs.events import HOUR, random_lines

AT = EventHour.from_key(HOUR)
ATHENA = {
    "SOCIALSENT_DBT_TARGET": "athena",
    "SOCIALSENT_CATALOG": "glue",
    "SOCIALSENT_ATHENA_WORKGROUP": "mood",
    "SOCIALSENT_ATHENA_DATA": "s3://mood-artifacts/marts/",
}
REDSHIFT = {
    "SOCIALSENT_DBT_TARGET": "redshift",
    "SOCIALSENT_REDSHIFT_HOST": "w.123456789012.eu-west-1.redshift-serverless.amazonaws.com",
    "AWS_REGION": "eu-west-1",
}


def on_athena(lake: LakeResource, home: dict[str, str]) -> BilledWarehouse:
    return AthenaWarehouse.of(Settings.from_env({**ATHENA, **home}), lake)


def on_redshift(lake: LakeResource, home: dict[str, str]) -> BilledWarehouse:
    settings = Settings.from_env({**REDSHIFT, **home})
    assert settings.redshift is not None
    return RedshiftWarehouse.of(settings, settings.redshift, lake)


@pytest.fixture(params=[on_athena, on_redshift])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BilledWarehouse:
    """Of the lake of this test; it holds nothing and answers."""
    make: Callable[[LakeResource, dict[str, str]], BilledWarehouse] = request.param
    resource = LakeResource(
        **{tier: str(tmp_path / tier) for tier in ("landing", "cleansed", "analytics", "artifacts")}  # type: ignore[arg-type]
    )
    made = make(resource, {"SOCIALSENT_HOME": str(tmp_path)})

    def nothing(_: Any) -> dict[str, str]:
        return {}

    monkeypatch.setattr(type(made), "versions_now", nothing)
    monkeypatch.setattr(RedshiftWarehouse, "asking", lambda _: nullcontext())
    return made


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Two hours, cleansed and scored."""
    made = lake_at(tmp_path)
    for number, hour in enumerate((AT, AT.next())):
        Landing(made).add(hour.key, random_lines(number, 5, hour.key))
    for job in (cleanse, score):
        job(ProcessEngine(), made, [AT, AT.next()], "first")
    return made


def left_out(warehouse: BilledWarehouse) -> tuple[str, list[str]]:
    """The spans that dbt must leave alone, and the lines of the log."""
    said: list[str] = []
    with warehouse.building(said.append):
        spans = os.environ["SOCIALSENT_WINDOW_WITHOUT"]
    assert "SOCIALSENT_WINDOW_WITHOUT" not in os.environ
    return spans, said


def of(hour: EventHour) -> str:
    return f"{hour.start:%Y-%m-%d %H:%M:%S}/{hour.end:%Y-%m-%d %H:%M:%S}"


def test_an_hour_cleansed_by_a_run_that_did_not_score_it_is_left_out(warehouse: BilledWarehouse, lake: Lake) -> None:
    """Prevents new texts beside old scores in a service that reads the newest snapshot of each table."""
    assert left_out(warehouse) == ("", [])
    Landing(lake).add(AT.key, random_lines(7, 5, AT.key), "second")
    cleanse(ProcessEngine(), lake, [AT], "second")
    assert read_builds(lake).unscored == frozenset(), "of the pinned snapshots, which only DuckDB reads"
    spans, said = left_out(warehouse)
    assert spans == of(AT)
    assert said == ["1 hours are left as they are until another run has scored them"]
    score(ProcessEngine(), lake, [AT], "second")
    assert left_out(warehouse) == ("", [])


def test_an_hour_that_a_run_has_begun_to_replace_is_left_out(
    warehouse: BilledWarehouse, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents posts of one build beside comments of the build before: a run was killed between two commits."""
    Landing(lake).add(AT.key, random_lines(7, 5, AT.key), "second")

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("socialsent_assets.jobs.cleanse.write_receipts", killed)
    with pytest.raises(KeyboardInterrupt):
        cleanse(ProcessEngine(), lake, [AT], "second")
    assert left_out(warehouse)[0] == of(AT)


def test_an_undone_hour_is_built(warehouse: BilledWarehouse, lake: Lake) -> None:
    """Prevents marts that keep an undone run's rows, because no run will score its hour again."""
    Landing(lake).add(AT.key, random_lines(7, 5, AT.key), "second")
    for job in (cleanse, score):
        job(ProcessEngine(), lake, [AT], "second")
    undo_run(lake, "second")
    assert left_out(warehouse) == ("", [])
