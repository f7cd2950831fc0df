"""Cost of erasing a person from a large lake, and the proof: nothing is found afterwards, and planted traces are.

    python benchmarks/erase.py [--events 1000000] [--hours 12] [--texts 500] [--ids 10000] [--keep FOLDER]

It builds a lake with the commands that users call, on the engine of this process: `--events` events whose ids are
short (`u-17`, `p-1234`), and among them a person with `--texts` posts and comments, 100 likes, a profile in each
hour, labels and a quarantined record; each text has a reply of another person. Then `erase --user`, `erase --verify`
of the person and of two texts, and traces of another id, one in each place where something is kept: each must be
found. `--ids` erases as many texts of others by a file (0: none).

CPU seconds count each command with its children; wall seconds depend on what else the machine does.

Not here: what an erasure does when it is killed or others build (tests/erasure, tests/faults).
"""

from __future__ import annotations

import argparse
import base64
import gzip
import io
import json
import os
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

START = datetime(2026, 11, 22, tzinfo=UTC)
PERSON, PLANTED = "u-42", "u-900000000"
WORDS = ("good", "bad", "NOT", "happy", ":)", "love", "HATE!", "awful", "train", "coffee", "rain", "again", "late")
COMMAND = "from socialsent_assets.cli.main import run; run()"


@dataclass(frozen=True)
class Done:
    """What a command did."""

    code: int
    output: str
    cpu_s: float
    wall_s: float


def feed(count: int, hours: int, texts: int, seed: int) -> Iterator[dict[str, Any]]:
    """Events of everybody, of which the first so many are the person's and the replies to it."""
    chance = random.Random(seed)
    own = [*_of_person(chance, hours, texts)]
    for number in range(max(0, count - len(own))):
        yield _event(chance, number, START + timedelta(seconds=chance.random() * hours * 3600))
    yield from own


def _of_person(chance: random.Random, hours: int, texts: int) -> Iterator[dict[str, Any]]:
    for number in range(texts):
        at = START + timedelta(seconds=chance.random() * hours * 3600)
        said = {"author_id": PERSON, "text": f"{' '.join(chance.choices(WORDS, k=9))} {number}"}
        reply = {"author_id": "u-7", "text": "so it is", "comment_id": f"c-r{number}"}
        if number % 2:
            on = {"post_id": f"p-{number}"}
            yield _of("comment", f"m-{number}", at, {**said, **on, "comment_id": f"c-x{number}"})
            yield _of("comment", f"r-{number}", at, {**reply, **on, "parent_comment_id": f"c-x{number}"})
        else:
            on = {"post_id": f"p-x{number}"}
            yield _of("post", f"m-{number}", at, {**said, **on})
            yield _of("comment", f"r-{number}", at, {**reply, **on})
    for number in range(100):
        at = START + timedelta(seconds=chance.random() * hours * 3600)
        like = {"interaction_id": f"i-x{number}", "action": "like", "actor_id": PERSON, "post_id": f"p-{number}"}
        yield _of("interaction", f"l-{number}", at, like)
    for hour in range(hours):
        profile = {"user_id": PERSON, "user_name": "forty-two", "location": "here"}
        yield _of("user", f"v-{hour}", START + timedelta(hours=hour, minutes=5), profile)
    yield _of("post", "bad-1", START, {"author_id": PERSON, "post_id": "p-bad"})  # no text: quarantined


def _event(chance: random.Random, number: int, at: datetime) -> dict[str, Any]:
    kind = chance.choices(["post", "comment", "user", "interaction"], [30, 30, 10, 30])[0]
    author = f"u-{100 + number % 8_000}"
    text = " ".join(chance.choices(WORDS, k=12))
    data: dict[str, Any] = {"post_id": f"p-{number}", "author_id": author, "text": text, "lang": "en"}
    if kind == "comment":
        data |= {"comment_id": f"c-{number}", "post_id": f"p-{number // 2}"}
    elif kind == "user":
        data = {"user_id": author, "user_name": f"name {number}", "age": number % 90}
    elif kind == "interaction":
        data = {"interaction_id": f"i-{number}", "action": "like", "actor_id": author, "post_id": f"p-{number // 2}"}
    return _of(kind, f"e-{number}", at, data)


def _of(kind: str, event_id: str, at: datetime, data: dict[str, Any]) -> dict[str, Any]:
    envelope = {"schema_version": 1, "event_id": event_id, "event_type": kind, "event_time": at.isoformat()}
    return {**envelope, "source": "benchmark", "data": data}


class Bench:
    """A home, the commands that are called in it, and whether all went as it must."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.failed: list[str] = []

    def call(self, *arguments: str, code: int = 0) -> Done:
        """Call `socialsent` with these arguments and print what it cost."""
        environment = {
            **os.environ,
            "SOCIALSENT_HOME": str(self.home),
            "SOCIALSENT_COMPUTE": "process",
            "COLUMNS": "200",
        }
        before, begun = _children_cpu(), time.perf_counter()
        run = subprocess.run(
            [sys.executable, "-c", COMMAND, *arguments], env=environment, capture_output=True, text=True, check=False
        )
        done = Done(run.returncode, run.stdout + run.stderr, _children_cpu() - before, time.perf_counter() - begun)
        words = " ".join(one.replace(str(self.home), "HOME") for one in arguments)
        print(f"{done.cpu_s:8.1f} CPU-s {done.wall_s:8.1f} s  {words}", flush=True)
        if done.code != code:
            self.failed.append(words)
            print(f"  exit code {done.code}, expected {code}:\n{done.output[-2_000:]}", flush=True)
        return done

    def verify(self, identity: str, *, is_there: bool) -> Done:
        """Search everything for an id."""
        return self.call("erase", "--verify", identity, code=int(is_there))


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def build(bench: Bench, options: argparse.Namespace) -> None:
    """Bring the feed in, and materialize everything."""
    file = bench.home.parent / "feed.jsonl"
    with file.open("w") as lines:
        for event in feed(options.events, options.hours, options.texts, options.seed):
            lines.write(json.dumps(event) + "\n")
    labels = bench.home.parent / "labels.csv"
    labels.write_text(
        "text_id,label\n" + "".join(f"p-x{n},{'positive' if n % 3 else 'negative'}\n" for n in range(0, 60, 2))
    )
    bench.call("ingest", str(file))
    bench.call("labels", "import", str(labels))
    file.unlink()
    labels.unlink()
    bench.call("materialize")
    bench.call("report")


# ------------------------------------------------------------------------------------------ planted traces


@dataclass(frozen=True)
class Place:
    """Somewhere to plant a trace: what it is, the file, and how."""

    tier: str
    file: Path
    write: Callable[[Path], None]


def places(home: Path) -> list[Place]:
    """One for each place where something is kept. Files that are there already are changed, others added."""
    lake, landing = home / "lake", home / "lake" / "landing"
    hour = "dt=2026-11-22/hr=03"
    event = {"event_id": "e", "data": {"author_id": PLANTED}}
    raw = base64.b64encode(f'{{"author_id": "{PLANTED}"'.encode()).decode()
    return [
        Place("landing, gzip", landing / "events" / hour / "t-1.jsonl.gz", _gzip(json.dumps(event))),
        Place("landing, plain", landing / "events" / hour / "t-2.jsonl", _text(json.dumps(event))),
        Place("quarantine", landing / "quarantine" / hour / "t.jsonl.gz", _gzip(f'{{"raw":"{raw}"}}')),
        Place("labels", landing / "labels" / "t.jsonl", _text(json.dumps({"text_id": PLANTED, "label": "positive"}))),
        Place("cleansed", _data_folder(lake / "cleansed" / "posts") / "t.parquet", _parquet),
        Place("analytics", _data_folder(lake / "analytics" / "sentiment") / "t.parquet", _parquet),
        Place("warehouse", home / "warehouse.duckdb", _duckdb_row),
        Place("warehouse, row deleted", home / "warehouse.duckdb", _duckdb_deleted),
        Place("Dagster's records", _sqlite_of(home), _sqlite_row),
        Place("log", home / "logs" / "t.log", _text(f"about {PLANTED}\n")),
        Place("vocabulary of a model", lake / "artifacts" / "models" / "t" / "words.json", _text(f'["{PLANTED}"]')),
        Place("packed model", lake / "artifacts" / "models" / "t" / "model.npz", _zip),
        Place("report", lake / "artifacts" / "reports" / "t.html", _text(f"<td>{PLANTED}</td>")),
        Place("name of a file", home / "logs" / f"{PLANTED}.log", _text("")),
    ]


def _data_folder(table: Path) -> Path:
    return next(table.rglob("*.parquet")).parent


def _sqlite_of(home: Path) -> Path:
    return max((home / "dagster").rglob("*.db"), key=lambda file: file.stat().st_size)


def _text(content: str) -> Callable[[Path], None]:
    return _bytes(content.encode())


def _gzip(content: str) -> Callable[[Path], None]:
    return _bytes(gzip.compress(content.encode()))


def _bytes(content: bytes) -> Callable[[Path], None]:
    def write(file: Path) -> None:
        file.write_bytes(content)

    return write


def _zip(file: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as members:
        members.writestr("words.json", json.dumps([PLANTED]))
    file.write_bytes(packed.getvalue())


def _parquet(file: Path) -> None:
    pq.write_table(pa.table({"author_id": ["u-1", PLANTED, "u-2"]}), file, compression="zstd")


def _duckdb_row(file: Path) -> None:
    with duckdb.connect(str(file)) as database:
        database.execute("create table planted as select ? as author_id", [PLANTED])


def _duckdb_deleted(file: Path) -> None:
    with duckdb.connect(str(file)) as database:
        rows = "select ? || case when i = 7 then '' else '-' || i end as author_id from range(20000) t(i)"
        database.execute(f"create table planted as {rows}", [PLANTED])
        database.execute("checkpoint")
        database.execute("drop table planted")


def _sqlite_row(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database:
        database.execute("create table planted (event text)")
        database.execute("insert into planted values (?)", [json.dumps({"users": [PLANTED]})])
        database.commit()


def plant(bench: Bench) -> None:
    """One trace after the other: planted, found, taken out."""
    bench.verify(PLANTED, is_there=False)
    for place in places(bench.home):
        print(f"planted in: {place.tier}")
        place.file.parent.mkdir(parents=True, exist_ok=True)
        kept = shutil.copy2(place.file, bench.home.parent / "kept") if place.file.exists() else None
        place.write(place.file)
        done = bench.verify(PLANTED, is_there=True)
        told = [line for line in done.output.splitlines() if place.file.name in line]
        print(f"  {(told or ['NOT TOLD'])[0].replace(str(bench.home), 'HOME')}", flush=True)
        if not told:
            bench.failed.append(f"planted in {place.tier}")
        if kept is not None:
            os.replace(kept, place.file)
        else:
            place.file.unlink()
    bench.verify(PLANTED, is_there=False)


def main() -> int:
    """Build, erase, verify, plant; 1 if anything was not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--hours", type=int, default=12)
    parser.add_argument("--texts", type=int, default=500, help="of the person")
    parser.add_argument("--ids", type=int, default=10_000, help="texts of others to erase by a file")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--keep", type=Path, help="folder to work in; one that holds a home is taken as it is")
    options = parser.parse_args()
    folder = options.keep.resolve() if options.keep else Path(tempfile.mkdtemp(prefix="erase_"))
    bench = Bench(folder / "home")
    print(f"load of the machine at the beginning: {os.getloadavg()[0]:.1f}")
    try:
        if not bench.home.exists():
            bench.home.mkdir(parents=True)
            build(bench, options)
        there = bench.verify(PERSON, is_there=True)
        print(there.output.strip()[-1_200:].replace(str(bench.home), "HOME"))
        print(
            bench.call("erase", "--user", PERSON, "--receipt", str(folder / "receipt.json")).output.strip()[-1_500:]
        )
        if not bench.failed:
            print((folder / "receipt.json").read_text())
        for identity in (PERSON, "p-x0", "c-x1"):
            bench.verify(identity, is_there=False)
        plant(bench)
        if options.ids:
            ids = folder / "ids.txt"
            ids.write_text("".join(f"post p-{number}\n" for number in range(options.ids)))
            print(bench.call("erase", "--from", str(ids)).output.strip()[-1_500:])
    finally:
        if not options.keep:
            shutil.rmtree(folder)
    print(f"load of the machine at the end: {os.getloadavg()[0]:.1f}")
    print(f"not as it must be: {', '.join(bench.failed)}" if bench.failed else "all as it must be")
    return int(bool(bench.failed))


if __name__ == "__main__":
    sys.exit(main())
