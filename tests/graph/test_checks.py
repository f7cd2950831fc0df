"""Checks of the lake's tables: each finds its defect, and a blocking one stops what comes after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg
import pytest
from graph_lake import Landing, hour, post_row, score_row

from socialsent_assets.defs import analytics, cleansed
from socialsent_assets.defs import landing as landed
from socialsent_assets.defs.checks import contract, freshness
from socialsent_assets.defs.partitions import run_tags
from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import POSTS, SENTIMENT, Table
from socialsent_assets.lake import quality
from socialsent_assets.lake.builds import Receipt, read_builds
from socialsent_assets.lake.iceberg.catalog import CatalogConfig
from socialsent_assets.lake.lake import Lake
from socialsent_assets.resources.compute import Compute
from socialsent_assets.resources.lake import LakeResource
from tests.built_lake import keep_receipts, write_table

AT = hour("22T08")


def test_a_good_hour_passes_every_check(landing: Landing) -> None:
    """Prevents checks that fail on healthy data, which are soon ignored."""
    landing.add(AT)
    landing.build([AT])
    for check in (*contract.CLEANSED, *contract.ANALYTICS):
        result = check.result(landing.lake, [AT])
        assert result.passed, (check.table.name, check.name, result.description)


def test_an_hour_without_any_object_passes_every_check(lake: Lake) -> None:
    """Prevents an empty hour from stopping a backfill."""
    for check in (*contract.CLEANSED, *contract.ANALYTICS):
        assert check.result(lake, [AT]).passed, check.name


def write(lake: Lake, table: Table, rows: list[dict[str, object]]) -> None:
    """Rows of a build that ended: checks read what the receipts vouch for."""
    write_table(lake, table, AT, rows)
    job = "cleanse" if table is POSTS else "score"
    counts = Counts(len(rows), len(rows), 0, 0)
    keep_receipts(lake, [Receipt(job, AT, "in", "out", "1", counts, {table.name: len(rows)})])


def test_a_repeated_event_is_found(lake: Lake) -> None:
    """Prevents duplicates in the marts."""
    write(lake, POSTS, [post_row(1, AT), post_row(1, AT), post_row(2, AT)])
    verdict = quality.keys_are_unique(lake, POSTS, [AT])
    assert (verdict.passed, verdict.measures["repeated rows"]) == (False, 1)


def test_a_null_in_a_required_column_is_found_by_name(lake: Lake) -> None:
    """Prevents posts without a user."""
    write(lake, POSTS, [post_row(1, AT, post_id=None)])
    verdict = quality.required_are_filled(lake, POSTS, [AT])
    assert (verdict.passed, "post_id (1)" in verdict.detail) == (False, True)


@pytest.mark.parametrize("change", [{"polarity": 1.5}, {"polarity": None}, {"pos": 0.5}, {"sentiment": "negative"}])
def test_a_score_that_cannot_be_is_found(lake: Lake, change: dict[str, object]) -> None:
    """Prevents impossible numbers from reaching a chart."""
    write(lake, SENTIMENT, [score_row(1, AT), score_row(2, AT, **change)])
    failed = [check.name for check in contract.ANALYTICS if not check.result(lake, [AT]).passed]
    assert failed


def test_a_column_that_somebody_added_is_found(lake: Lake) -> None:
    """Prevents another program's habits from becoming the contract."""
    from pyiceberg.types import LongType

    write(lake, POSTS, [post_row(1, AT)])
    with lake.table(POSTS).update_schema() as update:
        update.add_column("__index_level_0__", LongType())
    assert "__index_level_0__" in quality.columns_match(lake, POSTS, [AT]).detail


def test_rows_that_nobody_counted_are_found(landing: Landing) -> None:
    """Prevents a file that grew after its receipt was written."""
    landing.add(AT)
    landing.build([AT])
    write_table(landing.lake, POSTS, AT, [post_row(number, AT) for number in range(5)])
    receipt = read_builds(landing.lake).cleanse[AT]
    keep_receipts(landing.lake, [receipt])  # pins the rows, counts those before
    assert not quality.rows_as_counted(landing.lake, POSTS, [AT], "cleanse").passed


def test_records_that_vanish_between_landing_and_cleansed_are_found(landing: Landing) -> None:
    """Prevents silent loss: what landed has to be accepted, dropped as a duplicate or quarantined."""
    landing.add(AT, events=3)
    landing.build([AT])  # the pretended job keeps one row per object
    verdict = quality.records_add_up(landing.lake, [AT])
    assert (verdict.passed, "3 records landed, 1 were read" in verdict.detail) == (False, True)


def test_checks_read_only_the_hours_of_the_run(landing: Landing) -> None:
    """Prevents checks whose cost grows with the history: a defect elsewhere is not even opened."""
    landing.add(AT)
    landing.build([AT])
    before = {str(path) for path in Path(landing.lake.cleansed.path("posts")).rglob("*.parquet")}
    landing.add(hour("01T00"))
    landing.build([hour("01T00")])
    for path in Path(landing.lake.cleansed.path("posts")).rglob("*.parquet"):
        if str(path) not in before:
            path.write_bytes(b"not parquet")
    assert all(check.result(landing.lake, [AT]).passed for check in contract.CLEANSED)


class Pretended(Compute):
    """Runs no Spark: writes what `Landing` writes, with one optional defect."""

    root: str
    defect: bool = False

    def run(self, job: str, hours: Sequence[EventHour], context: object) -> list[Receipt]:
        landing = Landing(lake_at(self.root))
        if job == "score":
            return landing.score(*hours)
        receipts = landing.cleanse(*hours)
        if self.defect:
            write_table(landing.lake, POSTS, hours[0], [post_row(0, hours[0], post_id=None)])
            keep_receipts(landing.lake, receipts)
        return receipts

    def keep_up(self, now: object, keep_hours: int, context: object) -> None:
        """Nothing."""


def resource_at(root: str) -> LakeResource:
    tiers = ("landing", "cleansed", "analytics", "artifacts")
    catalog = CatalogConfig.in_folder(Path(root))
    return LakeResource(
        **{tier: f"{root}/{tier}" for tier in tiers},  # type: ignore[arg-type]
        catalog_kind=catalog.kind,
        catalog_uri=catalog.uri,
    )


def lake_at(root: str) -> Lake:
    return resource_at(root).open()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as made:
        yield made


def run(
    root: Path, instance: dg.DagsterInstance, tags: dict[str, str], *, defect: bool = False
) -> dg.ExecuteInProcessResult:
    compute = Pretended(root=str(root), defect=defect)
    defs = dg.Definitions(
        assets=[landed.landed_events, landed.human_labels, cleansed.cleansed_tables, analytics.analytics_tables],
        asset_checks=[contract.cleansed_checks, contract.analytics_checks, freshness.newest_hour],
        jobs=[dg.define_asset_job("refresh", selection="*")],
        resources={"lake": resource_at(str(root)), "compute": compute},
        executor=dg.in_process_executor,
    )
    return defs.resolve_job_def("refresh").execute_in_process(instance=instance, tags=tags, raise_on_error=False)


DAY_BEFORE = hour("21T07")


def test_one_run_over_days_gives_every_day_its_own_numbers(
    landing: Landing, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    """Prevents a backfill that stamps the sum, or the last day's numbers, on every day."""
    landing.add(DAY_BEFORE)
    landing.add(AT, name="a")
    landing.add(AT, name="b")
    assert rows_of_days(run(tmp_path / "lake", instance, run_tags([DAY_BEFORE, AT]))) == {
        "2026-11-21": 1,
        "2026-11-22": 2,
    }


def test_a_day_of_which_one_hour_is_built_again_is_described_whole(
    landing: Landing, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    """Prevents a plot of rows per day that shows the last minute's hour."""
    landing.add(hour("22T07"))
    landing.add(AT)
    assert run(tmp_path / "lake", instance, {"dagster/partition": "2026-11-22"}).success
    landing.add(AT, name="late")
    assert rows_of_days(run(tmp_path / "lake", instance, run_tags([AT]))) == {"2026-11-22": 3}


def test_a_run_builds_exactly_the_hours_of_its_tag(
    landing: Landing, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    """Prevents a late event of one hour from costing the whole day, or the years between two hours."""
    for at in (hour("22T07"), AT, DAY_BEFORE):
        landing.add(at)
    assert run(tmp_path / "lake", instance, run_tags([DAY_BEFORE, AT])).success
    assert set(read_builds(landing.lake).cleanse) == {DAY_BEFORE, AT}


def rows_of_days(result: dg.ExecuteInProcessResult) -> dict[str | None, object]:
    assert result.success
    events = [
        e.materialization
        for e in result.get_asset_materialization_events()
        if e.asset_key == dg.AssetKey(["cleansed", "posts"])
    ]
    return {event.partition: event.metadata["dagster/row_count"].value for event in events}


def test_a_failed_blocking_check_stops_what_comes_after_in_the_same_run(
    landing: Landing, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    """Prevents rows that break the contract from flowing into scores and marts."""
    landing.add(AT)
    result = run(tmp_path / "lake", instance, {"dagster/partition": "2026-11-22"}, defect=True)
    assert not result.success
    failed = {e.asset_check_key.name for e in result.get_asset_check_evaluations() if not e.passed}
    assert "required_columns_are_filled" in failed
    assert read_builds(lake_at(str(tmp_path / "lake"))).score == {}


def test_hours_that_never_held_anything_are_left_alone(
    landing: Landing, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    """Prevents a day of one hour from leaving receipts for the other 23."""
    landing.add(AT)
    assert run(tmp_path / "lake", instance, {"dagster/partition": "2026-11-22"}).success
    assert set(read_builds(landing.lake).cleanse) == {AT}
