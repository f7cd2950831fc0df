"""Capacity of a size as events grow: what each stage needs for so many events an hour, and which limit is hit first.

    python -m infra.growth --size production

Arithmetic on measurements of one machine (growth.toml), not a load test of AWS. Redshift and dbt are not in it: how
many rows an hour they take could not be measured without an account.

Not here: the numbers (growth.toml, sizes.toml, prices.toml), the cost of a whole deployment (costs.py).
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.costs import DAYS, Estimate, load_load, load_prices, read_toml
from infra.sizes import Size, load_size
from socialsent_assets.settings import UserError

GROWTH_FILE = Path(__file__).with_name("growth.toml")
EVENTS_AN_HOUR = (1_000_000, 100_000_000, 1_000_000_000)

RECORDS_A_SHARD = 1000
"""Records that a shard takes a second; and 1 MB. Source: Kinesis Data Streams developer guide, Quotas and limits."""
CORES_A_DPU = 4
"""Source: AWS Glue developer guide, Worker types: a G.1X worker is one DPU, 4 vCPU."""
BUILDS_OF_AN_HOUR = 2
"""An hour is built while it fills up, and again when it is full."""

_SERVICES = ("Kinesis", "Lambda", "S3", "KMS", "Glue")
_MB = 1_000_000

EXAMPLES = """examples:
  python -m infra.growth
  python -m infra.growth --size small --events 50000 5000000
"""


@dataclass(frozen=True)
class Need:
    """What one stage needs, and what it has.

    Attributes:
        stage: service and what is counted.
        amount: needed, in `unit`.
        limit: available, in the same unit.
        origin: where the limit comes from: a quota of AWS, or a setting.
    """

    stage: str
    amount: float
    limit: float
    unit: str
    origin: str

    @property
    def share(self) -> float:
        """Of the limit that is used; above 1 the stage falls behind."""
        return self.amount / self.limit


@dataclass(frozen=True)
class Growth:
    """One size under one load.

    Attributes:
        size: of sizes.toml.
        events: an hour, the same in every hour.
        measured: section `measured` of growth.toml.
        quotas: value by name.
    """

    size: Size
    events: int
    measured: Mapping[str, float]
    quotas: Mapping[str, float]

    @property
    def records_a_second(self) -> float:
        """Events that arrive, each as one record."""
        return self.events / 3600

    @property
    def mb_a_second(self) -> float:
        """Of records as Kinesis counts them: rounded up to whole kilobytes."""
        return self.records_a_second * math.ceil(self.measured["event_bytes"] / 1000) / 1000

    @property
    def shards(self) -> int:
        """That the load needs; a provisioned stream has what its size says."""
        needed = max(1, math.ceil(self.records_a_second / RECORDS_A_SHARD), math.ceil(self.mb_a_second))
        return self.size.ingest.stream_shards if self.size.ingest.stream_mode == "provisioned" else max(4, needed)

    @property
    def batches_a_second(self) -> float:
        """Invocations of the consumer: full batches, but at least one per window and shard."""
        ingest = self.size.ingest
        by_time = self.shards * ingest.batches_at_once_per_shard / ingest.batch_window_seconds
        return max(by_time, self.records_a_second / ingest.batch_records)

    @property
    def objects_an_hour(self) -> float:
        """Landing objects: a batch holds events of about two hours."""
        return self.batches_a_second * 3600 * 2

    def minutes(self, job: str) -> float:
        """Of a Glue job over one full hour of events, with all of its workers but the driver."""
        if job == "cleanse":
            cpu_s = self.events * self.measured["cleanse_cpu_us_an_event"] / 1e6
        else:
            cpu_s = self.events * self.measured["texts_an_event"] * self.measured["score_cpu_us_a_text"] / 1e6
        return cpu_s / (self._executors(job) * CORES_A_DPU) / 60

    def needs(self) -> list[Need]:
        """Of every stage, in the order of the data's way."""
        return list(self._needs())

    def first_limit(self) -> Need:
        """The stage that is nearest to its limit; every need grows with the events."""
        return max(self._needs(), key=lambda need: need.share)

    def usd_a_month(self, prices: Mapping[str, float]) -> float:
        """Of Kinesis, Lambda, S3 with a month of events, KMS and Glue."""
        size = self.size
        minutes = {job: max(1.0, self.minutes(job) * BUILDS_OF_AN_HOUR) for job in ("cleanse", "score")}
        runs_an_hour = 60 / size.orchestration.refresh_minutes
        kept = self.measured["landed_bytes_an_event"] + self.measured["stored_bytes_an_event"]
        load = dataclasses.replace(
            load_load(size.name),
            events_a_day=self.events * 24,
            event_kb=self.measured["event_bytes"] / 1000,
            landed_objects_a_day=round(self.objects_an_hour * 24),
            stored_gb=self.events * 24 * DAYS * kept / 1e9,
            cleanse_dpu=size.compute.cleanse_max_workers,
            score_dpu=size.compute.score_max_workers,
            glue_minutes_a_job=sum(minutes.values()) / 2 / runs_an_hour,
        )
        lines = Estimate(size, load, prices).lines()
        return sum(line.usd for line in lines if line.service in _SERVICES and not line.is_option)

    def _executors(self, job: str) -> int:
        compute = self.size.compute
        workers = compute.cleanse_max_workers if job == "cleanse" else compute.score_max_workers
        return max(1, workers - 1)

    def _needs(self) -> Iterator[Need]:
        ingest, quotas = self.size.ingest, self.quotas
        if ingest.stream_mode == "provisioned":
            yield Need(
                "Kinesis: shards", self._shards_needed(), ingest.stream_shards, "shards", "ingest.stream_shards"
            )
        else:
            yield Need(
                "Kinesis: written", self.mb_a_second, quotas["kinesis_mb_a_second"], "MB/s", "quota of a stream"
            )
        busy = (
            self.records_a_second * self.measured["consumer_ms_a_record"]
            + self.batches_a_second * self.measured["consumer_ms_a_batch"]
        ) / 1000
        at_once = self.shards * ingest.batches_at_once_per_shard
        yield Need("Lambda: consumers at once", busy, at_once, "runs", "shards × ingest.batches_at_once_per_shard")
        yield Need("Lambda: runs of the account", busy, quotas["lambda_runs_at_once"], "runs", "quota of an account")
        writes = self.objects_an_hour / 3600
        yield Need("S3: objects landed", writes, quotas["s3_writes_a_second"], "a second", "quota of a prefix")
        for job in ("cleanse", "score"):
            refresh = self.size.orchestration.refresh_minutes
            yield Need(f"Glue: {job} of an hour", self.minutes(job), refresh, "minutes", f"compute.{job}_max_workers")

    def _shards_needed(self) -> float:
        return max(self.records_a_second / RECORDS_A_SHARD, self.mb_a_second)


def growth_of(size: Size, events: int, file: Path = GROWTH_FILE) -> Growth:
    """A size under a load. Raises UserError for a file that cannot be used, or a number of events below one."""
    if events < 1:
        raise UserError("--events must be at least 1")
    numbers = read_toml(file)
    return Growth(
        size, events, numbers["measured"], {name: quota["value"] for name, quota in numbers["quota"].items()}
    )


def table(size: Size, volumes: Sequence[int], prices: Mapping[str, float]) -> str:
    """The needs of each volume as Markdown, one column a volume, the first limit and the cost last."""
    columns = [growth_of(size, events) for events in volumes]
    rows = [
        f"| {size.name}: events an hour | limit | {' | '.join(f'{events:,}' for events in volumes)} |",
        f"|---|---|{'---:|' * len(volumes)}",
    ]
    for needs in zip(*(column.needs() for column in columns), strict=True):
        first = needs[0]
        cells = " | ".join(f"{_short(need.amount)} ({need.share:.0%})" for need in needs)
        limits = {_short(need.limit) for need in needs}
        limit = (
            f"{limits.pop()} {first.unit}, {first.origin}" if len(limits) == 1 else f"{first.unit}, {first.origin}"
        )
        rows.append(f"| {first.stage} | {limit} | {cells} |")
    firsts = [column.first_limit() for column in columns]
    told = " | ".join(f"{need.stage}{' **exceeded**' if need.share > 1 else ''}" for need in firsts)
    rows.append(f"| **nearest limit** | | {told} |")
    costs = " | ".join(f"{column.usd_a_month(prices):,.0f}" for column in columns)
    rows.append(f"| USD a month: {', '.join(_SERVICES)} | | {costs} |")
    return "\n".join(rows) + "\n"


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.2g}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 0, or 2 with one line with the next step."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.growth",
        description="Show what each stage needs for so many events an hour, and which limit comes first.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--size", default="production", help="section of sizes.toml and of loads.toml")
    parser.add_argument("--events", type=int, nargs="+", default=list(EVENTS_AN_HOUR), help="events an hour")
    options = parser.parse_args(arguments)
    try:
        text = table(load_size(options.size), options.events, load_prices())
    except UserError as error:
        sys.stderr.write(f"infra.growth: {error}\n")
        return 2
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
