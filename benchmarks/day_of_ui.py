"""A day of `make ui` in less than an hour: memory, CPU time and storage of every process of it, by simulated hour.

    python benchmarks/day_of_ui.py [--hours 24] [--speed 40] [--per-minute 60] [--runs-kept 40] [--keep FOLDER]

It starts the real `socialsent ui` (daemon, web server, code server, dashboard) on a fresh home and free ports, and
beside it the feed's own loop with a clock that begins so many hours ago and runs `--speed` times as fast: every
simulated minute is one load, as in a real day. The sensors keep the machine's clock and refresh what has landed, so
an hour gets several runs instead of sixty. The jobs of Dagster's schedules are launched when the simulated clock
reaches their time: retention of the run history every hour, upkeep and training once. One open page is played for the
web server (it lists runs every ten seconds) and one for the dashboard (its stream, and a view every ten seconds).

Memory is PSS (a page that several processes share counts once), the median of the hour; CPU seconds are of that hour.
The daemon's ticks go by the machine's clock, so the day has about 1/`speed` of a day's ticks.

Not here: what a refresh costs (pipeline.py, graph.py), many viewers of the dashboard (dashboard.py).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console

from socialsent_assets.cli.supervisor import Child, start, stop_all
from socialsent_assets.cli.ui import DASHBOARD_BESIDE, own_command

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SETTLED_HOUR = 6
"""The hour after which memory is to be flat: by then every import, cache and pool is there."""
SAMPLE_S = 5.0
ASK_S = 10.0
DRAIN_S = 240.0
AHEAD = 9 * MINUTE
"""The feed gives up minutes that it is ten behind, so its clock waits for it."""
FAMILIES = ("daemon", "webserver", "code", "runs", "feed", "dashboard", "ui")
LASTING = tuple(family for family in FAMILIES if family != "runs")
AT_MINUTE = {"run_history": 17}
ONCE_AT = {"upkeep": "02:43", "train": "03:17"}
MB = 1_000_000
RUNS = """query ($from: RunsFilter) { runsOrError(filter: $from, limit: 500) { ... on Runs {
    results { runId jobName status } count } ... on PythonError { message } } }"""
LAUNCH = """mutation ($run: ExecutionParams!) { launchRun(executionParams: $run) { __typename
    ... on PythonError { message } } }"""


@dataclass
class Hour:
    """What one simulated hour came to; memory in MB by family, sizes in MB by name."""

    end: datetime
    wall_s: float
    landed: int
    finished: int
    failed: int
    kept: int
    memory: dict[str, float]
    peak_of_runs: float
    cpu: dict[str, float]
    sizes: dict[str, float]


@dataclass
class Watch:
    """Samples of the processes of this one, and the runs that Dagster has ended."""

    port: int
    memory: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    cpu: dict[tuple[str, int, float], float] = field(default_factory=dict)
    ended: dict[str, tuple[str, str]] = field(default_factory=dict)
    unfinished: int = 0
    asked: int = 0
    unanswered: int = 0

    def sample(self) -> None:
        """Add the memory of every family, and what each process has used of the CPU."""
        total: dict[str, float] = dict.fromkeys(FAMILIES, 0.0)
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error, OSError):
                family = family_of(process)
                if family is not None:
                    total[family] += process.memory_full_info().pss / MB
                    self._count_cpu(family, process)
        for family, memory in total.items():
            self.memory[family].append(memory)

    def _count_cpu(self, family: str, process: psutil.Process) -> None:
        """A run's process is a child of the code server, which takes over its time when it ends."""
        times, key = process.cpu_times(), (process.pid, process.create_time())
        children = times.children_user + times.children_system
        self.cpu[(family, *key)] = times.user + times.system + (children if family != "code" else 0.0)
        if family == "code":
            self.cpu[("runs", *key)] = children

    def cpu_by_family(self) -> dict[str, float]:
        """CPU seconds since the beginning; a run under way counts when it ends."""
        total = dict.fromkeys(FAMILIES, 0.0)
        for (family, *_), seconds in self.cpu.items():
            total[family] += seconds
        return total

    def look_at_runs(self) -> None:
        """Remember every run that has ended, since retention will delete it."""
        self.asked += 1
        try:
            runs = self.ask(RUNS, {})["runsOrError"]["results"]
        except (OSError, KeyError, ValueError):
            self.unanswered += 1
            return
        self.unfinished = 0
        for run in runs:
            if run["status"] in ("SUCCESS", "FAILURE", "CANCELED"):
                self.ended[run["runId"]] = (run["jobName"], run["status"])
            else:
                self.unfinished += 1

    def launch(self, job: str) -> str:
        """Launch a job as the launchpad of the web server does; the kind of answer."""
        selector = {
            "repositoryLocationName": "socialsent",
            "repositoryName": "__repository__",
            "jobName": job,
        }
        answer = self.ask(LAUNCH, {"run": {"selector": selector, "runConfigData": {}}})["launchRun"]
        return str(answer.get("message") or answer["__typename"])

    def ask(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """An answer of Dagster's GraphQL."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return dict(json.load(answer)["data"])

    @property
    def failed(self) -> int:
        """Ended runs that did not succeed."""
        return sum(status != "SUCCESS" for _, status in self.ended.values())


def family_of(process: psutil.Process) -> str | None:
    """What a process is by its command line; None for none of ours."""
    words = " ".join(process.cmdline())
    for family, sign in (
        ("daemon", "dagster._daemon"),
        ("webserver", "dagster_webserver"),
        ("code", "dagster api grpc"),
        ("code", "dagster code-server"),
        ("feed", "--child=feed"),
        ("dashboard", "run() dashboard"),
        ("ui", "dagster dev"),
        ("ui", "run() ui"),
    ):
        if sign in words:
            return family
    if "resource_tracker" in words:
        return "code"
    return "runs" if words else None


# ------------------------------------------------------------------------------------------------------- the feed


def feed(options: argparse.Namespace) -> None:
    """The loop of `socialsent simulate --follow` with a fast clock; one line of JSON for each simulated minute."""
    from lambdas.mock_server.handler import FeedSettings
    from socialsent_assets.cli.feed import stopped_by_signal
    from socialsent_assets.local_aws.feed import FeedResult, follow
    from socialsent_assets.settings import Settings

    settings = Settings.from_env()
    begin: datetime = datetime.fromisoformat(options.begin)
    end: datetime = begin + options.hours * HOUR
    begun, done = time.monotonic(), begin

    def clock() -> datetime:
        fast = begin + timedelta(seconds=(time.monotonic() - begun) * options.speed)
        return min(fast, done + AHEAD, end)

    def say(minute: datetime, result: FeedResult) -> None:
        nonlocal done
        done = minute
        line = {"minute": minute.isoformat(), "sent": result.sent, "landed": result.counts.accepted}
        print(json.dumps(line), flush=True)

    with stopped_by_signal() as stop:
        follow(
            FeedSettings(stream="", events_per_tick=options.per_minute, seed=7, start=begin),
            settings.landing,
            settings.start,
            every=timedelta(seconds=1),
            wait=stop.wait,
            clock=clock,
            progress=say,
        )


def newest(log: Path) -> dict[str, Any] | None:
    """The last whole line that the feed printed."""
    with contextlib.suppress(OSError, ValueError):
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 2_000))
            lines = [line for line in file.read().split(b"\n")[:-1] if line.startswith(b"{") and line.endswith(b"}")]
        if lines:
            return dict(json.loads(lines[-1]))
    return None


# -------------------------------------------------------------------------------------------------- the whole day


class Viewer(threading.Thread):
    """One open page of the dashboard: its stream stays open, its numbers are requested again and again."""

    def __init__(self, port: int, stop: threading.Event) -> None:
        super().__init__(daemon=True, name="viewer")
        self.address, self.stop = f"http://127.0.0.1:{port}/", stop
        self.views, self.refused = 0, Counter[str]()

    def run(self) -> None:
        """Until `stop`."""
        while not self.stop.wait(ASK_S):
            try:
                with urllib.request.urlopen(f"{self.address}api/live", timeout=30) as stream:
                    while not self.stop.wait(ASK_S):
                        stream.readline()
                        with urllib.request.urlopen(f"{self.address}api/view", timeout=30) as answer:
                            answer.read()
                        self.views += 1
            except OSError as error:
                self.refused[str(error)] += 1


def day(options: argparse.Namespace, home: Path, stop: threading.Event) -> list[Hour]:
    """Start everything, print a row at the end of every simulated hour, stop everything."""
    environment(options, home)
    port = free_port()
    begin = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - options.hours * HOUR
    log = home / "day" / "feed.log"
    quiet = Console(file=(home / "ui.out").open("w"), width=200)
    children: list[Child] = []
    rows: list[Hour] = []
    watch, viewer = Watch(port), Viewer(port + DASHBOARD_BESIDE, stop)
    try:
        ui = own_command("ui", "--port", str(port), "--no-feed")
        children.append(start("ui", ui, home / "day" / "ui.log", quiet))
        wait_until(lambda: "Dagster UI" in read(home / "day" / "ui.log"), children, stop)
        size = (f"--hours={options.hours}", f"--speed={options.speed}", f"--per-minute={options.per_minute}")
        command = [
            sys.executable,
            str(Path(__file__).resolve()),
            "--child=feed",
            f"--begin={begin.isoformat()}",
            *size,
        ]
        children.append(start("feed", command, log, quiet))
        viewer.start()
        print(heading(), flush=True)
        for number in range(1, options.hours + 1):
            if not an_hour(begin + number * HOUR, watch, log, children, stop, rows, home):
                break
            print(rows[-1].end.strftime("%H:%M ") + line(rows[-1]), flush=True)
        drain(watch, stop)
        finish(home, watch, viewer)
    finally:
        family = psutil.Process().children(recursive=True)
        stop.set()
        stop_all(children, patience_s=60)
        left = [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
        print(f"processes left after the end: {len(left)} of {len(family)}", *(p.cmdline() for p in left), flush=True)
    return rows


def an_hour(
    end: datetime,
    watch: Watch,
    log: Path,
    children: Sequence[Child],
    stop: threading.Event,
    rows: list[Hour],
    home: Path,
) -> bool:
    """Watch until the feed has sent the hour that ends at `end`; False if it was stopped before."""
    begun, cpu, asked_at = time.monotonic(), watch.cpu_by_family(), 0.0
    watch.memory.clear()
    before = end - HOUR
    launched: set[str] = set()
    while True:
        told = newest(log)
        now = datetime.fromisoformat(told["minute"]) if told else before
        for job in due(before, now, launched):
            launched.add(job)
            answer = watch.launch(job)
            if answer != "LaunchRunSuccess":
                print(f"  {job} was not launched: {answer}", flush=True)
        watch.sample()
        if time.monotonic() - asked_at > ASK_S:
            asked_at = time.monotonic()
            watch.look_at_runs()
        if now >= end:
            break
        if stop.wait(SAMPLE_S) or not all(child.is_alive for child in children):
            ended = [f"{one.name} ended with {one.process.returncode}" for one in children if not one.is_alive]
            print(f"  stopped within the hour that ends {end:%H:%M}", *ended, flush=True)
            return False
    landed = int(told["landed"]) if told else 0
    rows.append(
        Hour(
            end=end,
            wall_s=time.monotonic() - begun,
            landed=landed,
            finished=len(watch.ended),
            failed=watch.failed,
            kept=runs_kept(home),
            memory={family: statistics.median(watch.memory[family]) for family in LASTING},
            peak_of_runs=max(watch.memory["runs"]),
            cpu={family: seconds - cpu[family] for family, seconds in watch.cpu_by_family().items()},
            sizes=sizes(home),
        )
    )
    return True


def due(before: datetime, now: datetime, launched: set[str]) -> Iterator[str]:
    """Jobs whose time in the hour after `before` is over and that were not launched in it."""
    for job, minute in AT_MINUTE.items():
        if job not in launched and now >= before + minute * MINUTE:
            yield job
    for job, text in ONCE_AT.items():
        hour, minute = map(int, text.split(":"))
        if job not in launched and before.hour == hour and now >= before + minute * MINUTE:
            yield job


def drain(watch: Watch, stop: threading.Event) -> None:
    """Let the runs of the last events end: until nothing was under way for three looks."""
    quiet, until = 0, time.monotonic() + DRAIN_S
    while quiet < 3 and time.monotonic() < until and not stop.wait(ASK_S):
        watch.look_at_runs()
        quiet = 0 if watch.unfinished else quiet + 1


def finish(home: Path, watch: Watch, viewer: Viewer) -> None:
    """Print what became of the events and of the runs by job."""
    import subprocess

    jobs: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for job, status in watch.ended.values():
        jobs[job][status != "SUCCESS"] += 1
    print("runs:", "; ".join(f"{job} {good} ended well, {bad} failed" for job, (good, bad) in sorted(jobs.items())))
    print(f"pages: {watch.asked} lists of runs, {watch.unanswered} unanswered; dashboard {viewer.views} views, "
          f"unanswered {dict(viewer.refused)}")  # fmt: skip
    command = own_command("status", "--format", "json")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    with contextlib.suppress(ValueError):
        status = json.loads(done.stdout)
        (home / "day" / "status.json").write_text(json.dumps(status, indent=1))
        print("status:", json.dumps(status.get("tiers", status))[:1500], flush=True)


def environment(options: argparse.Namespace, home: Path) -> None:
    """The settings of this home alone, whatever the caller's are."""
    for name in [name for name in os.environ if name.startswith(("SOCIALSENT_", "DAGSTER_"))]:
        del os.environ[name]
    os.environ["SOCIALSENT_HOME"] = str(home)
    os.environ["SOCIALSENT_RUN_HISTORY_RUNS"] = str(options.runs_kept)
    os.environ["SOCIALSENT_LOG_MB"] = str(options.log_mb)
    os.chdir(home)  # no .env of the caller


def free_port() -> int:
    """A port of 127.0.0.1 that is free together with the dashboard's."""
    while True:
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            with contextlib.suppress(OSError, OverflowError):
                other.bind(("127.0.0.1", port + DASHBOARD_BESIDE))
                return port


def wait_until(is_so: Any, children: Sequence[Child], stop: threading.Event) -> None:
    """Until `is_so()`; raises where a child ends before."""
    while not is_so():
        if stop.wait(1.0):
            raise KeyboardInterrupt
        for child in children:
            if not child.is_alive:
                raise RuntimeError(f"{child.name} ended:\n{read(child.log)[-2000:]}")


def read(path: Path) -> str:
    """The text of a file, none if there is no such file."""
    return path.read_text(errors="replace") if path.is_file() else ""


# ----------------------------------------------------------------------------------------------------- the sizes


def sizes(home: Path) -> dict[str, float]:
    """MB of Dagster's storage by part, of the logs of `make ui`, of the lake and of the warehouse."""
    dagster = home / "dagster"
    history = dagster / "history"
    whole = size_of(dagster)
    return {
        "dagster": whole,
        "runs.db": sum(map(size_of, history.glob("runs.db*"))),
        "index.db": sum(map(size_of, (history / "runs").glob("index.db*"))),
        "run files": sum(
            size_of(path) for path in (history / "runs").glob("*") if not path.name.startswith("index.")
        ),
        "ticks.db": size_of(dagster / "schedules"),
        "compute logs": size_of(dagster / "storage"),
        "logs": size_of(home / "logs"),
        "lake": size_of(home / "lake"),
        "warehouse": size_of(home / "warehouse.duckdb"),
    }


def size_of(path: Path) -> float:
    """MB of a file or of everything in a folder; what goes away meanwhile counts nothing."""
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    total = 0
    for file in files:
        with contextlib.suppress(OSError):
            total += file.stat().st_size
    return total / MB


def runs_kept(home: Path) -> int:
    """Number of runs that Dagster's storage holds."""
    file = home / "dagster" / "history" / "runs.db"
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as connection:
        return int(connection.execute("select count(*) from runs").fetchone()[0])


# ----------------------------------------------------------------------------------------------------- the report

_MEMORY = {"daemon": "daemon", "webserver": "web", "code": "code", "feed": "feed", "dashboard": "dashb", "ui": "ui"}
_CPU = {**_MEMORY, "runs": "runs"}
_SIZES = {
    "dagster": "dagster", "runs.db": "runs.db", "index.db": "index", "run files": "files", "ticks.db": "ticks",
    "compute logs": "c.logs", "logs": "logs", "lake": "lake", "warehouse": "wareh.",
}  # fmt: skip


def heading() -> str:
    """Two lines above the rows."""
    groups = f"{'':32}| {'memory, MB PSS':48}| {'CPU s of the hour':43}| size, MB"
    names = (
        f"{'until':6}{'wall s':>6}{'events':>8}{'runs':>5}{'fail':>4}{'kept':>5} |"
        + "".join(f"{name:>7}" for name in _MEMORY.values())
        + f"{'a run':>7} |"
        + "".join(f"{name:>6}" for name in _CPU.values())
        + "  |"
        + "".join(f"{name:>8}" for name in _SIZES.values())
    )
    return f"{groups}\n{names}"


def line(hour: Hour) -> str:
    """One row without its time."""
    return (
        f"{hour.wall_s:>6.0f}{hour.landed:>8,}{hour.finished:>5}{hour.failed:>4}{hour.kept:>5} |"
        + "".join(f"{hour.memory[family]:>7.0f}" for family in _MEMORY)
        + f"{hour.peak_of_runs:>7.0f} |"
        + "".join(f"{hour.cpu[family]:>6.0f}" for family in _CPU)
        + "  |"
        + "".join(f"{hour.sizes[name]:>8.1f}" for name in _SIZES)
    )


def verdict(rows: Sequence[Hour], runs_kept: int) -> Iterator[str]:
    """Slopes of memory after the hour by which it has settled, and of storage since runs are deleted."""
    settled = rows[SETTLED_HOUR:] if len(rows) > SETTLED_HOUR + 2 else rows[len(rows) // 2 :]
    if len(settled) < 2:
        return
    yield f"memory from hour {len(rows) - len(settled) + 1} to {len(rows)}, MB by hour (least squares)"
    wall_h = sum(hour.wall_s for hour in settled) / 3600
    for family in LASTING:
        values = [hour.memory[family] for hour in settled]
        rise = slope(values)
        yield (
            f"  {family:10}{values[0]:7.0f} -> {values[-1]:6.0f}   {rise:+7.2f} a simulated hour,"
            f" {rise * len(values) / wall_h:+8.1f} a wall hour"
        )
    full = [number for number, hour in enumerate(rows) if hour.finished > runs_kept]
    since = rows[full[0] + 1 :] if full else []
    if len(since) < 2:
        yield "storage: retention has not begun to delete"
        return
    yield f"storage since runs are deleted (hour {len(rows) - len(since) + 1} to {len(rows)}), MB by hour"
    for name in _SIZES:
        values = [hour.sizes[name] for hour in since]
        yield f"  {name:13}{values[0]:8.1f} -> {values[-1]:7.1f}   {slope(values):+7.2f}"
    yield f"  runs kept: {min(hour.kept for hour in since)} to {max(hour.kept for hour in since)}"


def slope(values: Sequence[float]) -> float:
    """Rise of each value above the one before it, by least squares."""
    return statistics.linear_regression(range(len(values)), values).slope


def main() -> None:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--speed", type=float, default=40, help="simulated seconds in a second")
    parser.add_argument("--per-minute", type=int, default=60, help="events in a simulated minute")
    parser.add_argument("--runs-kept", type=int, default=40, help="SOCIALSENT_RUN_HISTORY_RUNS")
    parser.add_argument("--log-mb", type=int, default=2, help="SOCIALSENT_LOG_MB")
    parser.add_argument("--keep", type=Path, help="a folder for the home, kept after the end")
    parser.add_argument("--child", choices=["feed"], help=argparse.SUPPRESS)
    parser.add_argument("--begin", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        feed(options)
        return
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    home = options.keep.resolve() if options.keep else Path(tempfile.mkdtemp(prefix="day_of_ui_"))
    home.mkdir(parents=True, exist_ok=True)
    here = Path.cwd()
    begun, spent = datetime.now(UTC), time.monotonic()
    print(
        f"{begun:%d %B %Y %H:%M} UTC: {options.hours} simulated hours, {options.per_minute} events a minute, "
        f"{options.speed:g} times as fast; kept: {options.runs_kept} runs, logs of {options.log_mb} MB",
        flush=True,
    )
    try:
        rows = day(options, home, stop)
        print("\n".join(verdict(rows, options.runs_kept)))
        print(f"{time.monotonic() - spent:.0f} s in all", flush=True)
    finally:
        os.chdir(here)
        if not options.keep:
            shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
