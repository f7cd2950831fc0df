"""Records per second of one core from a file into landing, where the time goes, and how much memory it takes.

    python benchmarks/ingest.py [--records N] [--rounds N]

Three files with the same posts: CSV, JSON Lines that no source knows, and events of the contract. Each is brought in
as `socialsent ingest` does it: recognised, read, checked, written as canonical lines by event hour, gzipped. Beside
it stand the least that a script of one's own would do (the csv or json module, one line of JSON per record, gzip, no
checks) and our reading alone. Contenders take turns, so that a busy machine slows all alike; what counts is CPU time
of one thread, the best of the rounds. Memory is the peak of a process of its own, for the file and for one four times
as long.

Not here: from landing to scores (pipeline.py).
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import multiprocessing
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from socialsent_assets.domain.events.start import HISTORY_START
from socialsent_assets.ingest.files import find_files
from socialsent_assets.ingest.land_files import land_files
from socialsent_assets.ingest.landing_writer import LandingZone
from socialsent_assets.ingest.options import Options
from socialsent_assets.ingest.plan import plan_file
from socialsent_assets.ingest.reading import records_of
from socialsent_assets.lake.storage.local import FolderStorage

NOW = datetime(2026, 11, 22, tzinfo=UTC)
_SENTENCE = (
    "the tram is late again but i love this line so much today in town what a day great awful really nice people on"
    " board thanks 🚋 café"
)


def main() -> None:
    """Parses the options, runs, prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = written(folder, options.records)
        longer = written(folder / "longer", 4 * options.records)
        print(
            f"{options.records:,} posts of {files['csv'].stat().st_size / options.records:.0f} bytes in CSV; CPU time"
        )
        best: dict[str, float] = {}
        for _ in range(options.rounds):
            for title, run in contenders(files, folder).items():
                began = time.thread_time()
                run()
                best[title] = min(best.get(title, 1e9), time.thread_time() - began)
        for title, seconds in best.items():
            rate, each = options.records / seconds, 1e6 * seconds / options.records
            print(f"{title:42} {rate:>9,.0f} records/s  {each:5.1f} µs each")
        for kind in files:
            one, four = peak_mib(files[kind]), peak_mib(longer[kind])
            print(f"peak memory, {kind:7} {one:,.0f} MiB; file four times as long {four:,.0f} MiB")


def contenders(files: dict[str, Path], folder: Path) -> dict[str, Callable[[], object]]:
    """Title -> what is measured."""
    made: dict[str, Callable[[], object]] = {}
    for kind, path in files.items():
        made[f"{kind}: into landing"] = lambda path=path: landed(path, folder / "tier")  # type: ignore[misc]
        made[f"{kind}: of that, reading"] = lambda path=path: read(path)  # type: ignore[misc]
    made["csv: a script without checks"] = lambda: gzipped(csv_records(files["csv"]))
    made["json: a script without checks"] = lambda: gzipped(map(json.loads, files["json"].open(encoding="utf-8")))
    return made


def written(folder: Path, count: int) -> dict[str, Path]:
    """The same posts in three forms."""
    folder.mkdir(exist_ok=True)
    files = {"csv": folder / "posts.csv", "json": folder / "posts.jsonl", "events": folder / "events.jsonl"}
    drawn, begin, words = random.Random(7), datetime(2026, 6, 1, tzinfo=UTC), _SENTENCE.split()
    with (
        files["csv"].open("w", newline="", encoding="utf-8") as table,
        files["json"].open("w", encoding="utf-8") as lines,
        files["events"].open("w", encoding="utf-8") as events,
    ):
        rows = csv.writer(table)
        rows.writerow(("id", "created_at", "user", "text", "lang"))
        for number in range(count):
            at = (begin + timedelta(seconds=3 * number)).isoformat()
            who, text = f"u{drawn.randrange(20_000)}", " ".join(drawn.choices(words, k=drawn.randrange(5, 30)))
            rows.writerow((f"p{number}", at, who, text, "en"))
            record = {"id": f"p{number}", "created_at": at, "user": {"id": who}, "body": text, "lang": "en"}
            lines.write(json.dumps(record, ensure_ascii=False) + "\n")
            data = {"post_id": f"p{number}", "author_id": who, "text": text, "lang": "en"}
            event = {"schema_version": 1, "event_id": f"e{number}", "event_type": "post", "event_time": at}
            events.write(json.dumps({**event, "source": "shop", "data": data}, ensure_ascii=False) + "\n")
    return files


def landed(path: Path, tier: Path) -> None:
    """As `socialsent ingest` does it."""
    (file,) = find_files([path])
    zone = LandingZone(FolderStorage(tier), HISTORY_START, NOW)
    land_files([plan_file(file, Options())], zone, "", lambda _: None)
    assert zone.landed.counts.quarantined == 0


def read(path: Path) -> int:
    """Recognised and read, to drafts or to the bytes of an event."""
    (file,) = find_files([path])
    plan = plan_file(file, Options())
    with file.open() as handle:
        return sum(1 for _ in records_of(plan, handle))


def csv_records(path: Path) -> Iterator[object]:
    """Rows as dictionaries."""
    with path.open(newline="", encoding="utf-8") as table:
        yield from csv.DictReader(table)


def gzipped(records: Iterator[object]) -> bytes:
    """Lines of JSON, gzipped as landing is."""
    return gzip.compress("\n".join(json.dumps(record, sort_keys=True) for record in records).encode(), 4)


def peak_mib(path: Path) -> float:
    """Of a process that lands the file and nothing else."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_landed_peak, (path,))


def _landed_peak(path: Path) -> float:
    with tempfile.TemporaryDirectory() as tier:
        landed(path, Path(tier))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
