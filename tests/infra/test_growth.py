"""The capacity table: needs grow with events, the nearest limit is named, and the page shows what is printed."""

from __future__ import annotations

import pytest

from infra.costs import load_prices
from infra.growth import EVENTS_AN_HOUR, growth_of, main, table
from infra.sizes import load_size
from tests.infra.deploy_page import PAGE


@pytest.mark.parametrize("size", ["small", "production"])
def test_every_need_grows_with_the_events_and_no_limit_does_so_as_fast(size: str) -> None:
    """Prevents a table whose nearest limit is right for one volume alone."""
    few, many = (growth_of(load_size(size), events).needs() for events in (10_000_000, 1_000_000_000))
    assert len(few) >= 6
    for before, after in zip(few, many, strict=True):
        assert after.amount > before.amount, before.stage
        assert after.share >= before.share * 0.99, before.stage


def test_a_thousand_million_events_an_hour_exceed_a_stream_first() -> None:
    """Prevents a capacity plan that finds no limit: 278 MB a second do not fit into the 200 of most regions."""
    first = growth_of(load_size("production"), 1_000_000_000).first_limit()
    assert first.stage == "Kinesis: written"
    assert first.amount == pytest.approx(1e9 / 3600 / 1000)
    assert first.share > 1


def test_a_shard_takes_a_thousand_records_a_second() -> None:
    """Prevents a provisioned stream that is planned by bytes alone: most events are far below a kilobyte."""
    [shards] = [need for need in growth_of(load_size("small"), 3_600_000).needs() if need.stage == "Kinesis: shards"]
    assert (shards.amount, shards.limit) == (1.0, 1)


def test_glue_time_is_the_measured_work_over_the_cores_of_all_workers_but_the_driver() -> None:
    growth = growth_of(load_size("production"), 100_000_000)
    cores = 4 * (load_size("production").compute.cleanse_max_workers - 1)
    assert growth.minutes("cleanse") == pytest.approx(
        1e8 * growth.measured["cleanse_cpu_us_an_event"] / 1e6 / cores / 60
    )


def test_more_events_cost_more() -> None:
    prices = load_prices()
    costs = [growth_of(load_size("production"), events).usd_a_month(prices) for events in EVENTS_AN_HOUR]
    assert costs == sorted(costs)
    assert costs[-1] > 50 * costs[0]


def test_the_page_shows_the_table_that_the_command_prints() -> None:
    """Prevents a plan for an earlier size: python -m infra.growth, and paste."""
    assert table(load_size("production"), EVENTS_AN_HOUR, load_prices()) in PAGE.read_text(encoding="utf-8")


def test_what_cannot_be_planned_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--events", "0"]) == 2
    assert capsys.readouterr().err == "infra.growth: --events must be at least 1\n"
    assert main(["--size", "huge"]) == 2
    assert capsys.readouterr().err.startswith("infra.growth: ")
