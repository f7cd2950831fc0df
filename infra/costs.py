"""Monthly cost of a deployment: sizes.toml × loads.toml × prices.toml, every line with its arithmetic.

    python -m infra.costs --size small

An estimate to compare sizes by, and to find the dear lines; the bill is in AWS Cost Explorer.

Not here: the numbers (the three files), the budget and its thresholds (stacks/observability.py).
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.sizes import SIZES_FILE, Size, load_size
from socialsent_assets.domain.events import ingest_metrics
from socialsent_assets.domain.events.rejection import REASONS
from socialsent_assets.settings import UserError

PRICES_FILE = Path(__file__).with_name("prices.toml")
LOADS_FILE = Path(__file__).with_name("loads.toml")

HOURS = 730
DAYS = 30.4
ZONES = 3

# Counted in the templates, where a test compares.
KEYS = 6
ALARMS = {"serverless": 20, "provisioned": 21}
SECRETS = 2  # the database's password and the warehouse's

PIPELINE_METRICS = 36  # docs/alerts.md
INSIGHTS_METRICS = 25  # of the cluster, its service and its task, which Container Insights sends
LAMBDA_METRICS = sum(map(len, ingest_metrics.METRICS_OF.values())) + len(REASONS)

# Requests of one tick of the refresh sensor, as benchmarks/history_on_s3.py counts them; the same for 1,000 and for
# 10,000 hours of history.
LISTS_A_TICK = 26
GETS_A_TICK = 2
CATALOG_REQUESTS_A_TICK = 40

EXAMPLES = """examples:
  python -m infra.costs --size small
  python -m infra.costs --size production --loads mine.toml --prices eu-central-1.toml
"""


@dataclass(frozen=True)
class Load:
    """One section of loads.toml; each field is explained beside it there."""

    events_a_day: int
    event_kb: float
    landed_objects_a_day: int
    stored_gb: float
    warehouse_gb: float
    cleanse_dpu: int
    score_dpu: int
    glue_minutes_a_job: float
    upkeep_minutes: float
    warehouse_seconds_a_refresh: float
    people_rpu_hours_a_day: float
    athena_tb_a_month: float
    nat_gb: float
    log_gb: float
    endpoint_requests_a_month: int
    endpoint_seconds_a_request: float
    sms_a_month: int
    image_gb: float

    @property
    def gb_a_month(self) -> float:
        """Of events, as they are sent."""
        return self.events_a_day * DAYS * self.event_kb / 1e6

    @property
    def gb_put_a_month(self) -> float:
        """Of events as an on-demand stream bills them: each record rounded up to the next kilobyte.

        Source: Amazon Kinesis Data Streams pricing, "On-demand Standard": data ingested per GB.
        """
        return self.events_a_day * DAYS * math.ceil(self.event_kb) / 1e6

    @property
    def put_units_a_month(self) -> float:
        """Of events as a provisioned stream bills them: units of up to 25 kB."""
        return self.events_a_day * DAYS * math.ceil(self.event_kb / 25)


@dataclass(frozen=True)
class Line:
    """One product.

    Attributes:
        service, what: what is paid for.
        factors: (number, unit), and the price as the last number.
        is_option: something that the size could switch on and does not: no part of the sum.
    """

    service: str
    what: str
    factors: tuple[tuple[float, str], ...]
    price: float
    is_option: bool = False

    @property
    def usd(self) -> float:
        """A month."""
        return math.prod(number for number, _ in self.factors) * self.price

    @property
    def arithmetic(self) -> str:
        """`2 shards × 730 h × 0.015`."""
        shown = [f"{_short(number)} {unit}".strip() for number, unit in self.factors]
        return " × ".join([*shown, f"{self.price:.10f}".rstrip("0").rstrip(".")])


@dataclass(frozen=True)
class Estimate:
    """What the lines are made of: a size, a load, prices in USD by name."""

    size: Size
    load: Load
    prices: Mapping[str, float]

    def lines(self) -> list[Line]:
        """Every line, in the order of the data's way."""
        parts = (self._ingest, self._lake, self._compute, self._warehouse, self._dagster, self._network)
        return [line for part in (*parts, self._watching, self._options) for line in part()]

    def rpu_hours_a_day(self) -> float:
        """That a serverless warehouse is expected to use."""
        built = self._refreshes_a_day * self.load.warehouse_seconds_a_refresh / 3600 * self.size.warehouse.base_rpu
        return built + self.load.people_rpu_hours_a_day

    @property
    def _refreshes_a_day(self) -> float:
        return 24 * 60 / self.size.orchestration.refresh_minutes

    def _line(self, service: str, what: str, price: str, *factors: tuple[float, str], option: bool = False) -> Line:
        if price not in self.prices:
            raise UserError(f"the prices have no {price}: add it, in USD")
        return Line(service, what, factors, self.prices[price], option)

    def _ingest(self) -> Iterator[Line]:
        size, load = self.size.ingest, self.load
        if size.stream_mode == "on_demand":
            yield self._line("Kinesis", "stream", "kinesis_stream_hour", (1, "stream"), (HOURS, "h"))
            yield self._line("Kinesis", "in, by whole kB", "kinesis_gb_in", (load.gb_put_a_month, "GB"))
            yield self._line("Kinesis", "out", "kinesis_gb_out", (load.gb_a_month, "GB"))
            extra = (size.stream_retention_hours - 24) / 24
            kept = load.gb_put_a_month / DAYS * extra
            yield self._line("Kinesis", "kept beyond a day", "kinesis_retained_gb_month", (kept, "GB"))
        else:
            yield self._line("Kinesis", "shards", "kinesis_shard_hour", (size.stream_shards, "shard"), (HOURS, "h"))
            yield self._line("Kinesis", "records", "kinesis_put_million", (load.put_units_a_month / 1e6, "million"))
        calls = {"mock-server": (size.mock_server_memory_mb, 24.0 * 60 * size.feed_on, 2.0)}
        # Half of the landed objects, because a batch holds two hours; a tenth of a millisecond a record.
        batches = load.landed_objects_a_day / 2
        calls["kinesis-consumer"] = (size.consumer_memory_mb, batches, 0.5 + load.events_a_day / batches * 1e-4)
        for function, (memory, times, seconds) in calls.items():
            if times:
                runs = (times * DAYS, "runs")
                yield self._line("Lambda", function, "lambda_gb_second", runs, (seconds, "s"), (memory / 1024, "GB"))
        yield self._line(
            "X-Ray", "traces, 5 %", "xray_million_traces",
            (sum(times for _, times, _ in calls.values()) * DAYS * 0.05 / 1e6, "million"),
        )  # fmt: skip

    def _lake(self) -> Iterator[Line]:
        load = self.load
        ticks = (self._refreshes_a_day * DAYS, "ticks")
        yield self._line("S3", "storage", "s3_gb_month", (load.stored_gb, "GB"))
        landed = load.landed_objects_a_day * DAYS / 1000
        yield self._line("S3", "objects landed", "s3_thousand_puts", (landed, "thousand"))
        lists = (LISTS_A_TICK / 1000, "thousand")
        yield self._line("S3", "sensor: list requests", "s3_thousand_puts", ticks, lists)
        reads = (GETS_A_TICK / 1000, "thousand")
        yield self._line("S3", "sensor: read requests", "s3_thousand_gets", ticks, reads)
        requests = (CATALOG_REQUESTS_A_TICK / 1e6, "million")
        yield self._line("Glue", "sensor: requests to the Data Catalog", "glue_catalog_million", ticks, requests)
        yield self._line("KMS", "keys", "kms_key_month", (KEYS, "keys"))
        yield self._line("KMS", "requests", "kms_ten_thousand_requests", (landed / 10 * 2, "ten thousand"))

    def _compute(self) -> Iterator[Line]:
        load = self.load
        runs = (self._refreshes_a_day * DAYS, "runs")
        for job, dpu in (("cleanse", load.cleanse_dpu), ("score", load.score_dpu)):
            hours = (load.glue_minutes_a_job / 60, "h")
            yield self._line("Glue", job, "glue_dpu_hour", runs, (dpu, "DPU"), hours)
        workers = (self.size.compute.upkeep_max_workers, "DPU")
        took = (load.upkeep_minutes / 60, "h")
        yield self._line("Glue", "upkeep, once a day", "glue_dpu_hour", (DAYS, "runs"), workers, took)
        yield self._line(
            "Glue", "daily crawler, billed for at least 10 minutes", "glue_dpu_hour",
            (DAYS, "runs"), (2, "DPU"), (1 / 6, "h"),
        )  # fmt: skip
        yield self._line("Athena", "data scanned", "athena_tb", (load.athena_tb_a_month, "TB"))
        seconds = load.endpoint_requests_a_month * load.endpoint_seconds_a_request
        memory = (self.size.models.endpoint_memory_mb / 1024, "GB")
        yield self._line("SageMaker", "inference", "sagemaker_gb_second", (seconds, "s"), memory)
        yield self._line("ECR", "images", "ecr_gb_month", (load.image_gb, "GB"))

    def _warehouse(self) -> Iterator[Line]:
        size = self.size.warehouse
        if size.kind == "serverless":
            used = (self.rpu_hours_a_day(), "RPU-h a day")
            yield self._line("Redshift", "builds and queries", "redshift_rpu_hour", used, (DAYS, "days"))
        else:
            yield self._cluster(option=False)
        yield self._line("Redshift", "storage", "redshift_gb_month", (self.load.warehouse_gb, "GB"))

    def _cluster(self, *, option: bool) -> Line:
        size = self.size.warehouse
        price = f"redshift_{size.node_type.replace('.', '_')}_hour"
        what = f"provisioned instead: {size.node_type}" if option else size.node_type
        return self._line("Redshift", what, price, (size.nodes, "nodes"), (HOURS, "h"), option=option)

    def _dagster(self) -> Iterator[Line]:
        size = self.size.orchestration
        yield self._line("Fargate", "Dagster", "fargate_vcpu_hour", (size.cpu / 1024, "vCPU"), (HOURS, "h"))
        yield self._line("Fargate", "Dagster", "fargate_gb_hour", (size.memory_mb / 1024, "GB"), (HOURS, "h"))
        copies = (2 if size.database_multi_az else 1, "zones" if size.database_multi_az else "zone")
        price = f"rds_{size.database_instance.replace('.', '_')}_hour"
        yield self._line("RDS", size.database_instance, price, copies, (HOURS, "h"))
        yield self._line("RDS", "storage", "rds_gb_month", copies, (size.database_gib, "GB"))
        yield self._line("Secrets Manager", "passwords", "secret_month", (SECRETS, "secrets"))

    def _network(self) -> Iterator[Line]:
        gateways = (self.size.network.nat_gateways, "NAT")
        yield self._line("VPC", "NAT gateways", "nat_hour", gateways, (HOURS, "h"))
        yield self._line("VPC", "public addresses of the NAT gateways", "ip_address_hour", gateways, (HOURS, "h"))
        yield self._line("VPC", "NAT traffic", "nat_gb", (self.load.nat_gb, "GB"))
        if endpoints := len(self.size.network.interface_endpoints):
            zones = (ZONES, "zones")
            yield self._line("VPC", "endpoints", "endpoint_hour", (endpoints, "APIs"), zones, (HOURS, "h"))

    def _watching(self) -> Iterator[Line]:
        for what, number in (
            ("metrics of the pipeline", PIPELINE_METRICS),
            ("metrics of the Lambdas", LAMBDA_METRICS),
            ("metrics of Container Insights", INSIGHTS_METRICS),
        ):
            yield self._line("CloudWatch", what, "metric_month", (number, "metrics"))
        yield self._line("CloudWatch", "alarms", "alarm_month", (ALARMS[self.size.warehouse.kind], "alarms"))
        yield self._line("CloudWatch", "dashboard", "dashboard_month", (1, "dashboard"))
        yield self._line("CloudWatch", "logs", "log_gb", (self.load.log_gb, "GB"))
        if self.size.observability.phones:
            yield self._line("SNS", "SMS", "sms", (self.load.sms_a_month, "SMS"))

    def _options(self) -> Iterator[Line]:
        """What a size can switch on; part of the sum once it does."""
        size = self.size.orchestration
        yield self._line(
            "ALB", "load balancer", "balancer_hour", (1, "balancer"), (HOURS, "h"), option=not size.load_balancer
        )
        off = not size.airflow
        environment = f"mwaa_{size.airflow_class.removeprefix('mw1.')}_hour"
        yield self._line("MWAA", size.airflow_class, environment, (1, "environment"), (HOURS, "h"), option=off)
        authors = (1, "author")
        off = not self.size.dashboards.quicksight
        yield self._line("QuickSight", "per author", "quicksight_author_month", authors, option=off)
        if not self.size.network.interface_endpoints:
            zones = (ZONES, "zones")
            yield self._line(
                "VPC", "per interface endpoint", "endpoint_hour", (1, "API"), zones, (HOURS, "h"), option=True
            )
        if not self.size.observability.phones:
            yield self._line("SNS", "SMS", "sms", (self.load.sms_a_month, "SMS"), option=True)
        if self.size.warehouse.kind == "serverless":
            yield self._cluster(option=True)


def total(lines: Sequence[Line]) -> float:
    """USD a month of what is switched on."""
    return sum(line.usd for line in lines if not line.is_option)


def table(estimate: Estimate) -> str:
    """The lines as Markdown, and their sum."""
    lines = estimate.lines()
    rows = [f"| {estimate.size.name}: item | per month | USD |", "|---|---|---:|"]
    rows += [_row(line) for line in lines if not line.is_option]
    rows.append(f"| **total** | | **{total(lines):,.0f}** |")
    if estimate.size.warehouse.kind == "serverless":
        limit = estimate.size.warehouse.rpu_hours_a_day
        most = limit * DAYS * estimate.prices["redshift_rpu_hour"]
        rows.append(f"| Redshift maximum, by its limit | {limit} RPU-h a day × {DAYS} days | {most:,.0f} |")
    rows += [_row(line, "not included: ") for line in lines if line.is_option]
    return "\n".join(rows) + "\n"


def _row(line: Line, prefix: str = "") -> str:
    return f"| {prefix}{line.service}: {line.what} | {line.arithmetic} | {line.usd:,.2f} |"


def _short(number: float) -> str:
    """At most four digits that count."""
    return f"{number:,.0f}" if number >= 1000 else f"{number:.4g}"


def load_prices(file: Path = PRICES_FILE) -> dict[str, float]:
    """USD by name. Raises UserError for a file that cannot be used."""
    found = read_toml(file)
    try:
        return {name: float(entry["usd"]) for name, entry in found.items()}
    except (TypeError, KeyError, ValueError) as error:
        raise UserError(f"{file}: every price needs a line like name = {{ usd = 0.1, … }}") from error


def load_load(name: str, file: Path = LOADS_FILE) -> Load:
    """The load of that name. Raises UserError for one that is not there or not complete."""
    sections = read_toml(file)
    if name not in sections:
        raise UserError(f"there is no load {name}: {file.name} has {', '.join(sections)}")
    names = {field.name for field in dataclasses.fields(Load)}
    given = sections[name]
    if given.keys() != names:
        raise UserError(
            f"{file.name} [{name}]: missing {sorted(names - given.keys())}, unknown {sorted(given.keys() - names)}"
        )
    wrong = [key for key, value in given.items() if type(value) not in (int, float) or value < 0]
    if wrong:
        raise UserError(f"{file.name} [{name}]: {', '.join(wrong)} must be numbers, not below zero")
    return Load(**given)


def estimate_of(
    name: str, sizes: Path = SIZES_FILE, loads: Path = LOADS_FILE, prices: Path = PRICES_FILE
) -> Estimate:
    """The estimate of a size. Raises UserError."""
    return Estimate(load_size(name, sizes), load_load(name, loads), load_prices(prices))


def read_toml(file: Path) -> dict[str, Any]:
    """Sections of a file of numbers. Raises UserError for one that cannot be read."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{file} cannot be read: {error}") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 0, or 2 with one line with the next step."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.costs",
        description="Estimate what a deployment costs a month, in USD.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--size", default="small", help="section of sizes.toml and of loads.toml")
    parser.add_argument("--sizes", type=Path, default=SIZES_FILE, help="another file of sizes")
    parser.add_argument("--loads", type=Path, default=LOADS_FILE, help="another file of loads")
    parser.add_argument("--prices", type=Path, default=PRICES_FILE, help="another file of prices")
    options = parser.parse_args(arguments)
    try:
        text = table(estimate_of(options.size, options.sizes, options.loads, options.prices))
    except UserError as error:
        sys.stderr.write(f"infra.costs: {error}\n")
        return 2
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
