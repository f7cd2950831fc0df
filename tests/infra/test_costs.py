"""The estimate of costs: each line is its own arithmetic, and the sizes leave room for what they expect to spend."""

from __future__ import annotations

import math
import re
import tomllib
from pathlib import Path

import pytest

from infra.costs import ALARMS, KEYS, LOADS_FILE, PRICES_FILE, SECRETS, Line, estimate_of, main, total
from infra.sizes import SIZES_FILE, load_size
from tests.infra.synthesized import Assembly

SIZES = ("small", "production")
LINES = [line for size in SIZES for line in estimate_of(size).lines()]


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.service}-{line.what}")
def test_the_arithmetic_that_is_shown_gives_the_dollars_that_are_shown(line: Line) -> None:
    """Prevents a table of costs without the calculation."""
    shown = [float(re.split(r"\s", factor)[0].replace(",", "")) for factor in line.arithmetic.split(" × ")]
    assert math.prod(shown) == pytest.approx(line.usd, rel=0.005)
    assert line.usd > 0


@pytest.mark.parametrize("size", SIZES)
def test_a_size_does_not_exhaust_its_own_limits(size: str) -> None:
    """Prevents a warehouse that rejects its own builds every afternoon, and a budget that alarms every month."""
    estimate = estimate_of(size)
    assert estimate.rpu_hours_a_day() < 0.75 * estimate.size.warehouse.rpu_hours_a_day
    assert total(estimate.lines()) < estimate.size.observability.budget_usd_a_month


@pytest.mark.parametrize("size", SIZES)
def test_hours_are_looked_for_before_somebody_is_told_that_they_wait(size: str) -> None:
    """An hour that is not built two hours after its end opens an alert."""
    assert load_size(size).orchestration.refresh_minutes <= 60


def test_the_mock_feed_is_the_load_of_a_size_that_sends_it() -> None:
    estimate = estimate_of("small")
    assert estimate.load.events_a_day == 24 * 60 * estimate.size.ingest.events_per_tick


def test_looking_less_often_is_cheaper(tmp_path: Path) -> None:
    """Prevents an estimate that does not know its dearest setting."""
    often = tmp_path / "sizes.toml"
    often.write_text(SIZES_FILE.read_text().replace("refresh_minutes = 60", "refresh_minutes = 5"))
    assert total(estimate_of("small", sizes=often).lines()) > 3 * total(estimate_of("small").lines())


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        ('kind = "serverless"', 'kind = "provisioned"', "ra3.large"),
        ("airflow = false", "airflow = true", "mw1.micro"),
        ("load_balancer = false", "load_balancer = true", "load balancer"),
        ("quicksight = false", "quicksight = true", "per author"),
        ("interface_endpoints = []", 'interface_endpoints = ["logs"]', "endpoints"),
        ("phones = []", 'phones = ["+491701234567"]', "SMS"),
    ],
)
def test_what_a_size_switches_on_is_part_of_its_sum(before: str, after: str, moved: str, tmp_path: Path) -> None:
    sizes = tmp_path / "sizes.toml"
    sizes.write_text(SIZES_FILE.read_text().replace(before, after, 1))  # the first is that of `small`
    lines = [line for line in estimate_of("small", sizes=sizes).lines() if line.what == moved]
    assert [line.is_option for line in lines] == [False]


def test_every_price_is_used_and_says_where_it_is_from() -> None:
    """Prevents prices without a source, and unused ones."""
    prices = tomllib.loads(PRICES_FILE.read_text())
    assert {price["seen"] for price in prices.values()} <= {"infracost", "blog", "recalled"}
    assert all(price["page"] for price in prices.values())
    code = Path(PRICES_FILE).with_name("costs.py").read_text()
    built = {name for name in prices if re.match(r"(redshift_ra3|rds_t4g|mwaa_(micro|small))_", name)}
    assert {name for name in prices if f'"{name}"' not in code} - built == set()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--size", "huge"], "small, production"),
        (["--loads", "/nowhere.toml"], "/nowhere.toml"),
        (["--prices", str(LOADS_FILE)], "usd"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    message = capsys.readouterr().err
    assert told in message
    assert len(message.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [("log_gb = 4 ", "log_gb = -4 "), ("log_gb = 4 ", 'log_gb = "4" '), ("log_gb = 4 ", "logs_gb = 4 ")],
)
def test_a_slip_of_the_pen_in_a_load_is_told(
    before: str, after: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loads = tmp_path / "loads.toml"
    text = LOADS_FILE.read_text()
    assert before in text
    loads.write_text(text.replace(before, after, 1))
    assert main(["--loads", str(loads)]) == 2
    assert "log" in capsys.readouterr().err


@pytest.mark.aws
def test_what_is_counted_in_the_estimate_is_what_the_templates_hold(small: Assembly, everything: Assembly) -> None:
    """Prevents alarms, keys and secrets that are billed and not in the table. `everything` has a cluster."""
    for assembly, kind in ((small, "serverless"), (everything, "provisioned")):
        assert len(list(assembly.every("AWS::CloudWatch::Alarm"))) == ALARMS[kind]
    assert len(list(small.every("AWS::KMS::Key"))) == KEYS
    managed = 1  # the administrator's password, which Redshift keeps in a secret of its own
    assert len(list(small.every("AWS::SecretsManager::Secret"))) + managed == SECRETS


@pytest.mark.aws
@pytest.mark.parametrize("size", SIZES)
def test_dagster_looks_as_seldom_as_the_estimate_says(size: str, request: pytest.FixtureRequest) -> None:
    """Prevents a bill for a look every 20 seconds."""
    assembly: Assembly = request.getfixturevalue(size)
    tasks = assembly.resources("orchestration", "AWS::ECS::TaskDefinition").values()
    told = {
        entry["Value"]
        for task in tasks
        for container in task["ContainerDefinitions"]
        for entry in container["Environment"]
        if entry["Name"] == "SOCIALSENT_REFRESH_SECONDS"
    }
    assert told == {str(60 * load_size(size).orchestration.refresh_minutes)}


def test_records_are_billed_as_kinesis_rounds_them(tmp_path: Path) -> None:
    """Prevents an estimate of 60 % of the bill: on demand every record counts as whole kilobytes."""
    big, small = (
        estimate_of("production").load.__class__(**{**vars(estimate_of("production").load), "event_kb": kb})
        for kb in (1.0, 0.1)
    )
    assert small.gb_put_a_month == big.gb_put_a_month == big.gb_a_month
    assert small.gb_a_month == pytest.approx(big.gb_a_month / 10)
    assert small.put_units_a_month == small.events_a_day * 30.4
