"""dbt-athena builds the marts with our materialization, twice and for one hour, and they equal DuckDB's row for row.

On an emulation (athena_on_duckdb.py): the adapter, its calls and the order of its statements are real, the engine is
not.
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlglot

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.local_aws.server import EmbeddedAws
from socialsent_assets.warehouse.dbt.environment import left_out_environment
from tests.aws.athena.athena_on_duckdb import AthenaOnDuckDb, athena_on_duckdb
from tests.aws.athena.conftest import DBT, NAMES, PROJECT, environment_of
from tests.marts.dbt_in_process import Dbt, parse
from tests.marts.lake_folder import LakeFolder, at, event
from tests.marts.oracle import marts_of
from tests.marts.test_any_order_of_builds import random_hour

pytestmark = [
    pytest.mark.aws,
]

HOURS = [EventHour(at("22T22:00") + timedelta(hours=number)) for number in range(3)]
TABLES = (*marts_of([]), "lake_hours")
UNTESTED = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")


@pytest.fixture
def athena(aws: EmbeddedAws) -> Iterator[AthenaOnDuckDb]:
    httpx.post(f"{aws.endpoint}/moto-api/reset", trust_env=False).raise_for_status()
    aws.client("s3").create_bucket(Bucket="mood-artifacts")
    results = {"ResultConfiguration": {"OutputLocation": "s3://mood-artifacts/results/"}}
    aws.client("athena").create_work_group(Name="mood", Configuration=results)
    with athena_on_duckdb(aws) as stand_in:
        yield stand_in


def build(
    athena: AthenaOnDuckDb, target: Path, hour: EventHour | None = None, without: tuple[EventHour, ...] = ()
) -> list[str]:
    """Build all history, or the window of one hour, but for the hours `without`; returns the statements."""
    names = left_out_environment(without) | {name: value for name, value in NAMES.items() if "WINDOW" not in name}
    if hour is not None:
        names["SOCIALSENT_WINDOW_START"] = f"{hour.start:%Y-%m-%d %H:%M:%S}"
        names["SOCIALSENT_WINDOW_END"] = f"{hour.end:%Y-%m-%d %H:%M:%S}"
    folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(target)]
    before = len(athena.statements)
    run = subprocess.run(
        [DBT, "build", "--target", "athena", *UNTESTED, "--threads", "8", *folders, "--log-path", str(target)],
        env={**environment_of(athena.aws), **names, "SOCIALSENT_ATHENA_WORKGROUP": "mood"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    said = athena.statements[before:]
    assert run.returncode == 0, [
        said[said.index(s) - 1 :][:2] for s in said if s.startswith("-- failed")
    ] or run.stdout
    return said


def contents(rows: Callable[[str], list[tuple[Any, ...]]], schema: str) -> dict[str, list[str]]:
    return {mart: sorted(map(repr, rows(f"select * from {schema}.{mart}"))) for mart in TABLES}


def test_marts_equal_duckdbs_after_a_first_build_and_after_a_changed_hour(
    tmp_path: Path, athena: AthenaOnDuckDb
) -> None:
    """Prevents a strategy that inserts without deleting, or keeps what is gone, where there is no transaction."""
    lake = LakeFolder(tmp_path)
    rng = random.Random(11)
    hours = {hour: random_hour(rng, hour, number) for number, hour in enumerate(HOURS)}
    hours[HOURS[0]].append(
        event("post", "tagged", HOURS[0].start, post_id="tagged", hashtags=["tea", "naïve", "日本"])
    )
    # DuckDB's tables are patterns of paths, which have to match a file: one deletion and one label that stay.
    hours[HOURS[0]].append(event("deletion", "gone", HOURS[0].start, subject_id="nobody"))
    hours[HOURS[0]].append(event("moderation_label", "hidden", HOURS[0].start, subject_id="nobody"))
    for hour, events in hours.items():
        lake.put(events, hour)
    duckdb = Dbt(lake, parse(lake, tmp_path / "parse"), tmp_path / "local")
    duckdb.build(options=UNTESTED)
    athena.show(tmp_path, {"cleansed": "mood_cleansed", "analytics": "mood_analytics"})
    build(athena, tmp_path / "target")
    expected = contents(duckdb.rows, "main")
    assert all(expected.values()), "an empty mart compares nothing"
    assert contents(athena.rows, "mood_marts") == expected

    changed = HOURS[1]
    lake.put(random_hour(rng, changed, 1), changed)
    duckdb.build(changed.start, options=UNTESTED)
    said = build(athena, tmp_path / "target", changed)
    assert contents(athena.rows, "mood_marts") == contents(duckdb.rows, "main") != expected
    # One statement per call, and each table of the marts deleted from before it is inserted into.
    for mart in ("fct_posts", "agg_sentiment_hourly", "dim_users"):
        name = f'"awsdatacatalog"."mood_marts"."{mart}"'
        verbs = [s.split()[0] for s in said if s.startswith((f"delete from {name}", f"insert into {name}"))]
        assert verbs == ["delete", "insert"], mart
    written = [s for s in said if s.startswith(("delete", "insert", "create table"))]
    assert {len(sqlglot.parse(s, read="athena")) for s in written} == {1}


def test_an_hour_that_waits_for_its_scores_keeps_what_the_marts_hold(tmp_path: Path, athena: AthenaOnDuckDb) -> None:
    """Prevents an hour's new texts beside its old scores, where another run has cleansed and not yet scored it."""
    lake = LakeFolder(tmp_path)
    # One row of each table, as its pattern of paths has to match a file.
    lake.put(
        [
            event("user", "e1", HOURS[2].start, user_id="u1"),
            event("comment", "e2", HOURS[2].start, comment_id="c1", post_id="p1"),
            event("interaction", "e3", HOURS[2].start, interaction_id="i1", post_id="p1"),
            event("deletion", "e4", HOURS[2].start, subject_id="nobody"),
            event("moderation_label", "e5", HOURS[2].start, subject_id="nobody"),
        ]
    )
    lake.put([event("post", f"old{n}", HOURS[n].start, post_id=f"old{n}") for n in (0, 1)])
    athena.show(tmp_path, {"cleansed": "mood_cleansed", "analytics": "mood_analytics"})
    build(athena, tmp_path / "target")
    query = "select event_hour, lake_version from mood_marts.lake_hours"
    before = dict(athena.rows(query))
    lake.put([event("post", f"new{n}", HOURS[n].start, post_id=f"new{n}") for n in (0, 1)])
    build(athena, tmp_path / "target", without=(HOURS[1],))
    assert athena.rows("select post_id from mood_marts.fct_posts order by 1") == [("new0",), ("old1",)]
    now = dict(athena.rows(query))
    assert [
        hour for hour in HOURS if now[hour.start.replace(tzinfo=None)] != before[hour.start.replace(tzinfo=None)]
    ] == [HOURS[0]]
