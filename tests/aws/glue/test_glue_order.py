"""Arguments of a Glue run: the same request on both sides."""

from datetime import UTC, datetime

import pytest

from socialsent_assets.domain.events.layout import EventHour, hours_between
from socialsent_assets.jobs.glue_main import SESSION
from socialsent_assets.jobs.glue_request import (
    HOURS,
    ORDER,
    TIERS,
    GlueOrder,
    JobName,
    OrderError,
    UpkeepOrder,
    order_of,
)
from socialsent_assets.jobs.spark_session import spark_config
from socialsent_assets.lake.iceberg.catalog import CatalogConfig
from socialsent_assets.settings import Settings

LAKE = {tier: f"s3://lake/{tier}" for tier in TIERS}
FIRST, LAST = EventHour.from_key("2026-11-22-03:00"), EventHour.from_key("2026-11-22-05:00")
CATALOG = CatalogConfig("glue", "", "socialsent_cleansed", "socialsent_analytics")
SOME = list(hours_between(FIRST, LAST))


def order(hours: list[EventHour] = SOME, job: JobName = "cleanse", lake: dict[str, str] = LAKE) -> GlueOrder:
    return GlueOrder.of(job, hours, lake, CATALOG)


def test_the_script_reads_the_order_that_was_given() -> None:
    """Prevents a run that builds other hours, or another lake, than the step that started it thinks."""
    assert GlueOrder.from_extras(order().to_extras()) == order()
    assert order(SOME[::-1] + SOME) == order()


@pytest.mark.parametrize(
    "extras", [{}, {"job": "drop"}, {"job": "score"}, {"job": "score", "hours": ["x"], "tiers": LAKE}]
)
def test_what_is_no_order_is_refused(extras: dict[str, object]) -> None:
    """Prevents a run that does nothing, or half of something, and succeeds."""
    with pytest.raises(OrderError):
        GlueOrder.from_extras(extras)


def test_arguments_say_which_hours_are_built() -> None:
    """Prevents a list of runs in the console in which no one finds the one of an hour."""
    scattered = [SOME[0], SOME[2]]
    assert order().arguments()[HOURS] == "2026-11-22-03:00..2026-11-22-05:00"
    assert (
        order(scattered).arguments()[HOURS] == "2026-11-22-03:00..2026-11-22-03:00,2026-11-22-05:00..2026-11-22-05:00"
    )


def test_only_the_very_same_work_counts_as_the_same() -> None:
    """Prevents a step that follows a run which builds something else."""
    mine = order().arguments()
    assert order().is_same(mine)
    for other in (order(SOME[:2]), order(job="score"), order(lake={**LAKE, "cleansed": "s3://other/cleansed"})):
        assert not other.is_same(mine)
    assert not order().is_same({})


def test_runs_that_share_an_hour_overlap() -> None:
    """Prevents two runs that write one hour at the same time."""
    after = EventHour.from_key("2026-11-22-06:00")
    assert order().overlaps(order([LAST, after]).arguments())
    assert not order().overlaps(order([after]).arguments())
    assert not order([SOME[1]]).overlaps(order([SOME[0], SOME[2]]).arguments())


def test_a_run_that_somebody_started_by_hand_overlaps_with_everything() -> None:
    """Prevents two runs on one hour, because one of them has no readable arguments."""
    assert order().overlaps({})
    assert order().overlaps({HOURS: "all of them"})


def test_scattered_hours_of_months_stay_a_short_argument_and_still_overlap() -> None:
    """Prevents an argument that Glue rejects, and an overlap that is lost with what was cut off."""
    every_other = list(hours_between(EventHour.from_key("2026-01-01-00:00"), EventHour.from_key("2026-03-01-00:00")))[
        ::2
    ]
    arguments = order(every_other).arguments()
    assert len(arguments[HOURS]) < 100
    assert order([every_other[500]]).overlaps(arguments)
    assert arguments[ORDER] != order(every_other[:-1]).arguments()[ORDER]


def test_what_decides_the_rows_is_set_on_glue_as_on_one_machine() -> None:
    """Prevents rows that differ between here and there by a time zone or by what a bad value becomes."""
    here = spark_config(Settings.from_env({}))
    assert {key: here[key] for key in SESSION} == SESSION


def upkeep(keep_hours: int = 24, minute: int = 0, lake: dict[str, str] = LAKE) -> UpkeepOrder:
    return UpkeepOrder(keep_hours, datetime(2026, 11, 22, 2, minute, tzinfo=UTC), lake, CATALOG)


def test_the_script_reads_the_upkeep_that_was_ordered() -> None:
    """Prevents a run that takes upkeep for hours, or keeps snapshots for another time than was requested."""
    assert order_of(upkeep().to_extras()) == upkeep()
    assert order_of(order().to_extras()) == order()
    with pytest.raises(OrderError):
        order_of({"job": "upkeep", "keep_hours": 24})


def test_a_second_try_is_the_same_upkeep_and_any_other_waits_for_it() -> None:
    """Prevents two concurrent upkeeps, and a step that follows one which removes more than it should."""
    mine = upkeep().arguments()
    assert upkeep(minute=5).is_same(mine)
    for other in (upkeep(keep_hours=1), upkeep(lake={**LAKE, "cleansed": "s3://other/cleansed"})):
        assert not other.is_same(mine)
        assert other.overlaps(mine)
