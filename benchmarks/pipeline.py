"""Cost of each stage of the pipeline, next to DuckDB and Polars doing the work of `cleanse`.

    python benchmarks/pipeline.py --events 200000 --hours 12

Every engine runs in a process of its own, one after the other, on the same landing objects; CPU seconds count
that process and all of its children (JVM, Python workers). Wall seconds depend on what else the machine does.

The peers read the same gzipped lines, set lines aside that they cannot use, drop repeats of an event_id, strip
links from the text and write one zstd Parquet file per table and hour. They keep no raw line, check no field
beyond id, type and time, and run none of our Python text cleaning: they do somewhat less.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

START = datetime(2026, 11, 22, tzinfo=UTC)
ARRIVAL = START + timedelta(days=3)
BATCH = 10_000
WORDS = ["good", "bad", "NOT", "happy", ":)", "https://t.co/abc", "love", "HATE!", "😀", "&amp;", "awful", "@ann"]


def events(count: int, hours: int, seed: int) -> Iterator[bytes]:
    """Raw events: 2% delivered again at the end, 0.2% cut off; four kinds, texts of 9 to 14 words."""
    chance = random.Random(seed)
    again: list[bytes] = []
    for number in range(count):
        kind = chance.choices(["post", "comment", "user", "interaction"], [30, 30, 10, 30])[0]
        moment = START + timedelta(seconds=chance.random() * hours * 3600)
        event = {
            "schema_version": 1,
            "event_id": f"{number}-{chance.getrandbits(64):x}",
            "event_type": kind,
            "event_time": moment.isoformat(),
            "source": "benchmark",
            "data": _data(chance, kind, number),
        }
        line = json.dumps(event, ensure_ascii=False).encode()
        yield line
        if chance.random() < 0.02:
            again.append(line)
        if chance.random() < 0.002:
            yield line[: len(line) // 2]
    yield from again


def _data(chance: random.Random, kind: str, number: int) -> dict[str, Any]:
    if kind == "user":
        return {"user_id": f"u{number}", "user_name": f"n{number}", "age": number % 90}
    if kind == "interaction":
        return {"interaction_id": f"i{number}", "action": "like", "actor_id": "u1", "post_id": f"p{number // 2}"}
    data = {"post_id": f"p{number}", "author_id": f"u{number % 999}", "lang": "en"}
    if kind == "comment":
        return {**data, "comment_id": f"c{number}", "text": " ".join(chance.choices(WORDS, k=9))}
    return {**data, "topic": "air", "hashtags": ["#Fun"], "text": " ".join(chance.choices(WORDS, k=14))}


# ------------------------------------------------------------------------------------------ in child processes


def cpu_seconds() -> float:
    """Of this process and all of its living and ended children."""
    me = psutil.Process()
    times = [process.cpu_times() for process in (me, *me.children(recursive=True))]
    return sum(t.user + t.system + t.children_user + t.children_system for t in times)


def run_land(lake_root: Path, count: int, hours: int, seed: int) -> None:
    """Judge every event as the consumer does and write its landing objects."""
    from socialsent_assets.domain.events.landing import SourceRecord, land

    batch: list[SourceRecord] = []
    lines = 0
    generated = list(events(count, hours, seed))
    started, before = time.perf_counter(), cpu_seconds()
    for position, raw in enumerate(generated):
        batch.append(SourceRecord(raw, str(position)))
        if len(batch) == BATCH or position == len(generated) - 1:
            for key, content in land(batch, ARRIVAL, START, f"b{position}").objects.items():
                target = lake_root / "landing" / key
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            lines += len(batch)
            batch = []
    _answer("land", lines, cpu_seconds() - before, time.perf_counter() - started)


def run_spark(lake_root: Path, large: bool) -> None:
    """Session start, cleanse twice and score twice in one process: cold and warm."""
    from socialsent_assets.jobs.cleanse import cleanse
    from socialsent_assets.jobs.engines.spark import SparkEngine
    from socialsent_assets.jobs.score import score
    from socialsent_assets.jobs.spark_session import spark_session
    from socialsent_assets.lake.lake import Lake, hours_under
    from socialsent_assets.lake.storage.local import FolderStorage

    lake = Lake(*(FolderStorage(lake_root / tier) for tier in ("landing", "cleansed", "analytics", "artifacts")))
    hours = hours_under(lake.landing, "events")
    started, before = time.perf_counter(), 0.0
    session = spark_session("1g", large=large)
    engine = SparkEngine(session)
    _answer("session", 0, cpu_seconds() - before, time.perf_counter() - started)
    for name in ("cleanse cold", "cleanse warm"):
        started, before = time.perf_counter(), cpu_seconds()
        receipts = cleanse(engine, lake, hours)
        records = sum(receipt.counts.records for receipt in receipts)
        _answer(name, records, cpu_seconds() - before, time.perf_counter() - started)
    for name in ("score cold", "score warm"):
        started, before = time.perf_counter(), cpu_seconds()
        receipts = score(engine, lake, hours)
        texts = sum(receipt.counts.records for receipt in receipts)
        _answer(name, texts, cpu_seconds() - before, time.perf_counter() - started)
    session.stop()


_FIELDS = [
    *("post_id", "comment_id", "author_id", "text", "lang", "topic"),
    *("user_id", "user_name", "age", "interaction_id", "action", "actor_id", "target_user_id"),
]


def run_duckdb(lake_root: Path) -> None:
    """Read, set aside, drop repeats, write; in SQL."""
    import duckdb

    started = time.perf_counter()
    connection = duckdb.connect()
    data = ", ".join(f"{name} varchar" for name in _FIELDS) + ", hashtags varchar[]"
    rows = connection.execute(
        f"""
        copy (
            select * exclude (data), data.*, trim(regexp_replace(data.text, 'https?://\\S+', ' ', 'g')) as clean_text,
                cast(event_time as timestamptz) as at
            from read_ndjson('{lake_root}/landing/events/*/*/*.gz', ignore_errors=true, hive_partitioning=true,
                columns={{event_id: 'varchar', event_type: 'varchar', event_time: 'varchar', source: 'varchar',
                          data: 'struct({data})'}})
            where event_id is not null and event_type is not null
            qualify row_number() over (partition by event_type, dt, hr, event_id order by event_time desc) = 1
        ) to '{lake_root}/duckdb' (format parquet, compression zstd, partition_by (event_type, dt, hr))
        """
    ).fetchall()
    _answer("DuckDB", rows[0][0], cpu_seconds(), time.perf_counter() - started)


def run_polars(lake_root: Path) -> None:
    """Read, set aside, drop repeats, write; lazily, streaming."""
    import polars as pl

    started = time.perf_counter()
    fields = pl.Struct({**dict.fromkeys(_FIELDS, pl.String), "hashtags": pl.List(pl.String)})
    line = pl.Struct({**dict.fromkeys(("event_id", "event_type", "event_time", "source"), pl.String), "data": fields})
    files = sorted(str(path) for path in (lake_root / "landing" / "events").rglob("*.gz"))
    read = (
        pl.scan_ndjson(files, schema=line.to_schema(), ignore_errors=True)
        .filter(pl.col("event_id").is_not_null() & pl.col("event_type").is_not_null())
        .unnest("data")
        .with_columns(
            pl.col("event_time").str.to_datetime(time_zone="UTC", strict=False),
            pl.col("text").str.replace_all(r"https?://\S+", " ").str.strip_chars().alias("clean_text"),
            pl.col("event_time").str.slice(0, 13).alias("hour"),
        )
        .sort("event_time", descending=True)
        .unique(["event_type", "hour", "event_id"], keep="first")
    )
    target = pl.PartitionBy(lake_root / "polars", key=["event_type", "hour"])
    read.sink_parquet(target, compression="zstd", mkdir=True)
    rows = pl.scan_parquet(f"{lake_root}/polars/**/*.parquet").select(pl.len()).collect().item()
    _answer("Polars", rows, cpu_seconds(), time.perf_counter() - started)


def _answer(stage: str, rows: int, cpu: float, wall: float) -> None:
    print(json.dumps({"stage": stage, "rows": rows, "cpu": cpu, "wall": wall}), flush=True)


# ------------------------------------------------------------------------------------------------- the report


def measured(*arguments: str) -> dict[str, dict[str, float]]:
    """What a child process of this file measured, by stage."""
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(arguments)} failed:\n{done.stderr[-3000:]}")
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {answer.pop("stage"): answer for answer in answers}


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--hours", type=int, default=12)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--child", choices=["land", "spark", "duckdb", "polars"], help=argparse.SUPPRESS)
    parser.add_argument("--lake", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    size = [f"--events={options.events}", f"--hours={options.hours}", f"--seed={options.seed}"]
    if options.child:
        children: dict[str, Callable[[], None]] = {
            "land": lambda: run_land(options.lake, options.events, options.hours, options.seed),
            "spark": lambda: run_spark(options.lake, options.events > 1_000_000),
            "duckdb": lambda: run_duckdb(options.lake),
            "polars": lambda: run_polars(options.lake),
        }
        children[options.child]()
        return
    with tempfile.TemporaryDirectory() as folder:
        stages: dict[str, dict[str, float]] = {}
        for child in ("land", "duckdb", "polars", "spark"):
            stages |= measured(f"--child={child}", f"--lake={folder}", *size)
    report(options.events, stages)


def report(count: int, stages: dict[str, dict[str, float]]) -> None:
    """A line per stage, then the ratios."""
    print(f"{count:,} events; CPU seconds of each process with its children\n")
    print(f"{'stage':<14}{'rows':>10}{'CPU s':>9}{'rows/CPU s':>12}{'wall s':>9}")
    for name, stage in stages.items():
        rate = stage["rows"] / stage["cpu"] if stage["cpu"] else 0
        print(f"{name:<14}{stage['rows']:>10,.0f}{stage['cpu']:>9.1f}{rate:>12,.0f}{stage['wall']:>9.1f}")
    whole = stages["session"]["cpu"] + stages["cleanse cold"]["cpu"]
    print()
    for peer in ("DuckDB", "Polars"):
        cpu = stages[peer]["cpu"]
        print(f"cleanse vs {peer} (CPU): whole cold process {whole / cpu:.1f}x, "
              f"running session {stages['cleanse warm']['cpu'] / cpu:.1f}x")  # fmt: skip


if __name__ == "__main__":
    main()
