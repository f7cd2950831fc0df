"""Cost of the pipeline from landing to scores, next to code that a user would write instead.

    python benchmarks/pipeline.py --events 200000 --hours 12

Every pipeline runs in a process of its own, one after the other, on the same landing objects; CPU seconds count
that process and all of its children (JVM, Python workers). Wall seconds depend on what else the machine does. The
answers are compared: events kept, texts scored, sum of their polarities.

Not here: the peers (benchmarks/peers/pipelines.py).
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))  # benchmarks.peers and tests.model_lake

_BEGUN = time.perf_counter()
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
    """Of this process and its children, running and ended."""
    me = psutil.Process()
    times = [process.cpu_times() for process in (me, *me.children(recursive=True))]
    return sum(t.user + t.system + t.children_user + t.children_system for t in times)


def run_land(lake_root: Path, count: int, hours: int, seed: int) -> None:
    """Parse every event as the consumer does and write its landing objects."""
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


def run_ours(root: Path, engine_name: str, large: bool) -> None:
    """Cleanse and score from a cold start; then both again in the running process."""
    from socialsent_assets.domain.tables import SENTIMENT
    from socialsent_assets.jobs.cleanse import cleanse
    from socialsent_assets.jobs.score import score
    from socialsent_assets.lake.lake import Lake, hours_under

    lake = Lake.in_folder(root)
    hours = hours_under(lake.landing, "events")
    started, before = time.perf_counter(), 0.0
    engine = _engine(engine_name, large)
    accepted = 0
    for name, job in (
        ("cleanse cold", cleanse),
        ("score cold", score),
        ("cleanse warm", cleanse),
        ("score warm", score),
    ):
        receipts = job(engine, lake, hours)
        now = cpu_seconds()
        rows = sum(receipt.counts.accepted for receipt in receipts)
        _answer(name, rows, now - before, time.perf_counter() - started)
        started, before = time.perf_counter(), now
        if name == "score cold":
            polarity = lake.table(SENTIMENT).scan(selected_fields=("polarity",)).to_arrow().column("polarity")
            answer = [accepted, len(polarity), _sum(polarity)]
            whole = {"cpu": now, "wall": time.perf_counter() - _BEGUN, "answer": answer}
            print(json.dumps({"stage": "whole", "rows": accepted, **whole}), flush=True)
            started, before = time.perf_counter(), cpu_seconds()
        elif name == "cleanse cold":
            accepted = rows


def _engine(name: str, large: bool) -> Any:
    if name == "process":
        from socialsent_assets.jobs.engines.process import ProcessEngine

        return ProcessEngine()
    from socialsent_assets.jobs.engines.spark import SparkEngine
    from socialsent_assets.jobs.spark_session import spark_session

    return SparkEngine(spark_session("1g", large=large))


def _sum(polarity: Any) -> float:
    return float(sum(polarity.to_pylist()))


def run_champion(root: Path) -> None:
    """Train a small classifier and make it champion."""
    from socialsent_assets.domain.learning.model_card import CLASSIFIER
    from socialsent_assets.lake.lake import Lake
    from socialsent_assets.ml.registry import ModelRegistry
    from tests.model_lake import NOW, candidate, filled

    with tempfile.TemporaryDirectory() as folder:
        model = dict(candidate(filled(Lake.in_folder(Path(folder)))).files)
    registry = ModelRegistry(Lake.in_folder(root).artifacts)
    registry.promote(CLASSIFIER, registry.add(model), NOW)


def run_peer(root: Path, name: str) -> None:
    """What a user would write instead; see benchmarks/peers/pipelines.py."""
    from benchmarks.peers import pipelines

    if name == "duckdb":
        rows = pipelines.duckdb_cleanse(root)
        _answer("whole", rows, cpu_seconds(), time.perf_counter() - _BEGUN)
        return
    before_stop: list[float] = []
    pipeline = pipelines.polars_vader if name == "polars" else pipelines.pyspark_vader
    answer = pipeline(root, lambda: before_stop.append(cpu_seconds()))
    whole = {"cpu": before_stop[0], "wall": time.perf_counter() - _BEGUN, "answer": answer}
    print(json.dumps({"stage": "whole", "rows": answer[0], **whole}), flush=True)


def _answer(stage: str, rows: int, cpu: float, wall: float) -> None:
    print(json.dumps({"stage": stage, "rows": rows, "cpu": cpu, "wall": wall}), flush=True)


# ------------------------------------------------------------------------------------------------- the report


def measured(*arguments: str) -> dict[str, dict[str, Any]]:
    """What a child process of this file measured, by stage."""
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(arguments)} failed:\n{done.stderr[-3000:]}")
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {answer.pop("stage"): answer for answer in answers}


CHILDREN: dict[str, Callable[[argparse.Namespace], None]] = {
    "land": lambda o: run_land(o.lake, o.events, o.hours, o.seed),
    "champion": lambda o: run_champion(o.lake),
    "process": lambda o: run_ours(o.lake, "process", False),
    "spark": lambda o: run_ours(o.lake, "spark", o.events > 1_000_000),
    "duckdb": lambda o: run_peer(o.lake, "duckdb"),
    "polars": lambda o: run_peer(o.lake, "polars"),
    "pyspark": lambda o: run_peer(o.lake, "pyspark"),
}
NAMES = {
    "process": "ours, process",
    "champion": "ours, process, champion",
    "spark": "ours, Spark",
    "polars": "Polars + vaderSentiment",
    "pyspark": "PySpark + vaderSentiment",
}


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--hours", type=int, default=12)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--without", nargs="*", default=[], choices=CHILDREN, help="leave some out, to be quick")
    parser.add_argument("--child", choices=CHILDREN, help=argparse.SUPPRESS)
    parser.add_argument("--lake", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        CHILDREN[options.child](options)
        return
    size = [f"--events={options.events}", f"--hours={options.hours}", f"--seed={options.seed}"]
    with tempfile.TemporaryDirectory() as folder:
        land = measured("--child=land", f"--lake={folder}", *size)["land"]
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for child in ("duckdb", "polars", "pyspark", "process", "spark", "champion"):
            if child in options.without:
                continue
            for tier in ("cleansed", "analytics", "catalog.db"):
                remove(Path(folder) / tier)
            found[child] = measured(f"--child={child}", f"--lake={folder}", *size)
            if child == "champion":
                found[child] = measured("--child=process", f"--lake={folder}", *size)
    report(options.events, land, found)


def remove(path: Path) -> None:
    """A folder or a file, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def report(count: int, land: dict[str, Any], found: dict[str, dict[str, dict[str, Any]]]) -> None:
    """A line per pipeline, a line per stage of ours, then the ratios."""
    print(f"{count:,} events; CPU seconds of each process with its children, imports included")
    print(f"landing them, as the consumer does: {land['cpu']:.1f} CPU-s\n")
    print(f"{'landing -> scored':<26}{'CPU s':>8}{'wall s':>8}{'events':>10}{'texts':>10}{'sum of polarity':>18}")
    for child, name in NAMES.items():
        if child in found:
            whole = found[child]["whole"]
            events, texts, total = whole["answer"]
            print(f"{name:<26}{whole['cpu']:>8.1f}{whole['wall']:>8.1f}{events:>10,}{texts:>10,}{total:>18.2f}")
    answers = {(*stages["whole"]["answer"][:2], round(stages["whole"]["answer"][2], 2))
               for child, stages in found.items() if child in NAMES}  # fmt: skip
    print("the answers are the same" if len(answers) == 1 else f"THE ANSWERS DIFFER: {answers}")
    print(f"\n{'stage of ours':<26}{'CPU s':>8}{'wall s':>8}{'rows/CPU s':>12}")
    for child in ("process", "champion", "spark"):
        for stage, numbers in found.get(child, {}).items():
            if stage != "whole":
                rate = numbers["rows"] / numbers["cpu"]
                print(f"{child + ' ' + stage:<26}{numbers['cpu']:>8.1f}{numbers['wall']:>8.1f}{rate:>12,.0f}")
    print()
    whole_cpu = {child: stages["whole"]["cpu"] for child, stages in found.items()}
    for peer in ("polars", "pyspark"):
        for ours in ("process", "spark"):
            if peer in found and ours in found:
                print(f"{NAMES[ours]} vs {NAMES[peer]} (CPU): {whole_cpu[ours] / whole_cpu[peer]:.2f}x")
    if "duckdb" in found:
        for ours in ("process", "spark"):
            if ours in found:
                ratio = found[ours]["cleanse cold"]["cpu"] / whole_cpu["duckdb"]
                print(f"{NAMES[ours]}, cleanse alone, cold, vs DuckDB (CPU): {ratio:.2f}x")


if __name__ == "__main__":
    main()
