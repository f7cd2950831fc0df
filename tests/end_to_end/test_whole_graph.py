"""From simulated events to the marts with the real Spark, dbt and DuckDB, as a user runs it at a terminal."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from homes import Home

UNTIL = "2026-11-20T12:00Z"
MARTS = ("dim_users", "fct_posts", "fct_comments", "fct_interactions", "agg_sentiment_hourly", "agg_sentiment_daily",
         "agg_topic_sentiment_daily", "agg_user_engagement", "lake_hours")  # fmt: skip

pytestmark = [pytest.mark.spark, pytest.mark.xdist_group("whole_graph")]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home with 400 events in 3 hours, materialized. Tests that change it put it right again."""
    home = Home(tmp_path_factory.mktemp("home"))
    home.must("simulate", "--events", "400", "--hours", "3", "--seed", "7", "--until", UNTIL)
    home.must("materialize")
    yield home
    shutil.rmtree(home.path)


def test_counts_add_up_in_every_tier_and_nothing_is_stale(built: Home) -> None:
    """Prevents a tier that loses records without saying so."""
    status = built.status()
    assert status["stale_hours"] == []
    tiers = status["tiers"]
    for name in ("landing", "cleansed", "analytics", "marts"):
        tier = tiers[name]
        assert tier["records"] == tier["rows"] + tier["duplicates"] + tier["quarantined"], name
    assert tiers["landing"]["records"] == 400
    assert tiers["cleansed"]["records"] == tiers["landing"]["rows"]
    texts = tiers["cleansed"]["tables"]["posts"] + tiers["cleansed"]["tables"]["comments"]
    assert tiers["analytics"]["records"] == texts
    assert tiers["marts"]["rows"] == tiers["cleansed"]["rows"]


def test_a_second_materialize_is_a_no_op_that_loads_neither_dagster_nor_spark(built: Home) -> None:
    """Prevents a minute of start-up to find out that there is nothing to do."""
    program = (
        "import json, sys; from socialsent_assets.cli.main import exit_code; code = exit_code(['materialize']);"
        "print(json.dumps([code, sorted({'dagster', 'pyspark', 'dbt', 'pandas'} & set(sys.modules))]))"
    )
    done = built.run(program=program)
    assert json.loads(done.stdout.splitlines()[-1]) == [0, []]
    assert "Nothing is stale" in done.stdout


def test_a_rebuild_after_deleting_both_tiers_gives_the_same_rows(built: Home) -> None:
    """Prevents results that depend on when or how often something ran."""
    tables, rows = built.tables(), {mart: built.query(f"select * from {mart} order by all") for mart in MARTS}
    shutil.rmtree(built.path / "lake" / "cleansed")
    shutil.rmtree(built.path / "lake" / "analytics")
    assert len(built.status()["stale_hours"]) > 0
    built.must("materialize")
    assert built.tables() == tables
    assert {mart: built.query(f"select * from {mart} order by all") for mart in MARTS} == rows


@pytest.mark.slow
def test_a_late_event_reaches_the_marts_and_touches_no_other_hour(built: Home, tmp_path: Path) -> None:
    """Prevents late data from being lost, or from rewriting history."""
    late = {
        "schema_version": 1, "event_id": "late-1", "event_type": "post", "event_time": "2026-11-20T10:15:00Z",
        "source": "test", "data": {"post_id": "late", "author_id": "ann", "text": "what a wonderful day"},
    }  # fmt: skip
    file = tmp_path / "late.jsonl"
    file.write_text(json.dumps(late) + "\n")
    before = built.tables()
    built.must("ingest", str(file))
    assert built.status()["stale_hours"] == ["2026-11-20-10:00"]
    built.must("materialize")
    after = built.tables()
    assert len(after["cleansed.posts"]) == len(before["cleansed.posts"]) + 1
    for table, rows in after.items():
        changed = {row["event_hour"].hour for row in rows if row not in before[table]}
        assert changed <= {10}, table
    assert built.query("select sentiment from fct_posts where post_id = 'late'") == [{"sentiment": "positive"}]


def test_asking_for_hours_without_data_is_an_input_error(built: Home) -> None:
    """Prevents a run over nothing that looks like success."""
    done = built.run("materialize", "--hours", "2026-03-01")
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (2, 1)
    assert "nothing has landed in 2026-03-01" in done.stderr
