"""The live minute of `make ui`: seconds from an event's arrival to the marts, and CPU seconds per minute of feed.

    python benchmarks/live_minute.py [--minutes 10] [--per-minute 60]

It starts the real `socialsent ui` (feed, web server, daemon, code server, dashboard) on a fresh home and free ports,
waits for the first build of the marts, and then watches for so many minutes. An event arrives when the consumer
writes its landing object. It is in the marts when a published warehouse holds as many records of its hour as had
landed there up to this object; the time of publication is that of the file. Events that landed in the watched
minutes and are not in the marts three minutes after them count as not delivered.

CPU seconds are those of the whole family, by process; those of runs are counted when a run ends.

Not here: memory and storage over a day (day_of_ui.py), what one build costs (pipeline.py, graph.py).
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

sys.path.insert(0, str(Path(__file__).parents[1]))  # benchmarks.day_of_ui

from benchmarks.day_of_ui import FAMILIES, Watch, free_port, read, wait_until
from socialsent_assets.cli.supervisor import Child, start, stop_all
from socialsent_assets.cli.ui import own_command
from socialsent_assets.domain.events.layout import parse_landing_name
from socialsent_assets.warehouse.duckdb.database import reading

LOOK_S = 0.5
DRAIN_S = 180.0
HELD = "select strftime(event_hour, '%Y-%m-%d/%H'), records from lake_hours"


@dataclass
class Arrivals:
    """Landed objects and when the marts had them; times are seconds of the system's clock.

    Attributes:
        landed: hour -> (arrival, rows) of its objects, in the order of arrival.
        published: (time of publication, hour -> records) of each version of the warehouse.
    """

    landing: Path
    warehouse: Path
    landed: dict[str, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))
    published: list[tuple[float, dict[str, int]]] = field(default_factory=list)
    _seen: set[Path] = field(default_factory=set)

    def look(self) -> bool:
        """Remember what is new since the last look; whether marts have been seen."""
        for path in self.landing.glob("events/dt=*/hr=*/*.jsonl.gz"):
            name = parse_landing_name(path.name)
            if path not in self._seen and name is not None:
                self._seen.add(path)
                hour = f"{path.parts[-3].removeprefix('dt=')}/{path.parts[-2].removeprefix('hr=')}"
                self.landed[hour].append((path.stat().st_mtime, name.rows))
        changed = self.warehouse.stat().st_mtime if self.warehouse.is_file() else 0.0
        if changed and (not self.published or changed != self.published[-1][0]):
            with reading(self.warehouse) as connection:
                self.published.append((changed, dict(connection.execute(HELD).fetchall())))
        return bool(self.published)

    def waits(self, since: float, until: float) -> tuple[list[float], int]:
        """Seconds from arrival to marts of every event that landed then, and how many are not in the marts."""
        found: list[float] = []
        missing = 0
        for hour, objects in self.landed.items():
            so_far = 0
            for arrived, rows in sorted(objects):
                so_far += rows
                if since <= arrived < until:
                    had = [at for at, held in self.published if held.get(hour, 0) >= so_far and at >= arrived]
                    missing += 0 if had else rows
                    found += [had[0] - arrived] * rows if had else []
        return found, missing


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--per-minute", type=int, default=60, help="events of the feed in a minute")
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    home = Path(tempfile.mkdtemp(prefix="live_minute_"))
    for name in [name for name in os.environ if name.startswith(("SOCIALSENT_", "DAGSTER_"))]:
        del os.environ[name]
    os.environ["SOCIALSENT_HOME"] = str(home)
    try:
        measure(options.minutes, options.per_minute, home, stop)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def measure(minutes: float, per_minute: int, home: Path, stop: threading.Event) -> None:
    """Start the family, watch it, print, stop it."""
    port = free_port()
    log, watch = home / "ui.log", Watch(port)
    arrivals = Arrivals(home / "lake" / "landing", home / "warehouse.duckdb")
    command = own_command("ui", "--port", str(port), "--per-minute", str(per_minute))
    children: list[Child] = []
    try:
        begun = time.monotonic()
        children.append(start("ui", command, log, Console(file=(home / "ui.out").open("w"))))
        wait_until(lambda: "Dagster UI" in read(log), children, stop)
        wait_until(arrivals.look, children, stop)
        print(f"start to the first marts: {time.monotonic() - begun:.0f} s", flush=True)
        since, until = time.time(), time.time() + 60 * minutes
        cpu = family_cpu(watch)
        builds = len(arrivals.published)
        watch_until(until, arrivals, watch, stop)
        spent = {name: seconds - cpu[name] for name, seconds in family_cpu(watch).items()}
        builds = len(arrivals.published) - builds
        deadline = time.time() + DRAIN_S
        while arrivals.waits(since, until)[1] and time.time() < deadline and not stop.wait(LOOK_S):
            arrivals.look()
        watch.look_at_runs()
        report(arrivals.waits(since, until), spent, minutes, builds, watch)
    finally:
        stop_all(children, patience_s=60)


def watch_until(until: float, arrivals: Arrivals, watch: Watch, stop: threading.Event) -> None:
    """Look at landing, marts and processes until that time."""
    looks = 0
    while time.time() < until and not stop.wait(LOOK_S):
        arrivals.look()
        looks += 1
        if looks % 4 == 0:
            watch.sample()


def family_cpu(watch: Watch) -> dict[str, float]:
    """CPU seconds of each family so far."""
    watch.sample()
    return watch.cpu_by_family()


def report(
    waits: tuple[list[float], int], spent: dict[str, float], minutes: float, builds: int, watch: Watch
) -> None:
    """Print what was measured."""
    seconds, missing = waits
    print(f"{datetime.now(UTC):%d %B %Y %H:%M} UTC, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{len(seconds):,} events in {minutes:g} minutes, {missing} not delivered; {builds} builds of the marts")
    if len(seconds) > 1:
        p95, worst = statistics.quantiles(seconds, n=20)[-1], max(seconds)
        print(f"arrival -> marts: p50 {statistics.median(seconds):.1f} s, p95 {p95:.1f} s, worst {worst:.1f} s")
    shares = ", ".join(f"{name} {spent[name] / minutes:.1f}" for name in FAMILIES if spent[name] >= 0.05)
    print(f"CPU-s per minute: {sum(spent.values()) / minutes:.1f} ({shares})")
    print(f"runs that ended: {len(watch.ended)}, {watch.failed} of them failed")


if __name__ == "__main__":
    main()
