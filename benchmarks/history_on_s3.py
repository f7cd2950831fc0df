"""Requests and CPU of `socialsent status` and of a sensor tick on a lake in S3, by the length of its history.

    python benchmarks/history_on_s3.py [--hours 10 1000 10000]

S3 and the Glue Data Catalog are moto's, in a process of their own, whose log counts the requests. Hours are
pretended: one landing object and one row each. A first look warms up, as the one before does in a daemon.

Not here: the same on a folder (benchmarks/graph.py).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "graph")]

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
DATABASES = ("socialsent_cleansed", "socialsent_analytics")
_MARK = "/mark/of/the/benchmark"


def main() -> None:
    """Build each history, look at it, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=int, nargs="+", default=[10, 1000, 10000], metavar="N")
    histories = parser.parse_args().hours
    print(f"{'':<14}{'hours':>8}{'requests':>10}{'CPU ms':>9}  which")
    for hours in histories:
        with aws() as server, tempfile.TemporaryDirectory() as home:
            for name, work in looks(hours, server.endpoint, Path(home)).items():
                requests, cpu = measured(server, work)
                which = ", ".join(f"{count} {call}" for call, count in sorted(requests.items()))
                print(f"{name:<14}{hours:>8,}{requests.total():>10}{cpu:>9.0f}  {which}", flush=True)


def looks(hours: int, endpoint: str, home: Path) -> dict[str, Callable[[], object]]:
    """What to measure, over a lake with that many hours of history."""
    import boto3
    from graph_lake import Landing

    from socialsent_assets.defs.reconciliation import Memory, plan
    from socialsent_assets.domain.events.layout import HOUR, EventHour
    from socialsent_assets.lake.lake import Lake
    from socialsent_assets.settings import Settings
    from socialsent_assets.warehouse.status import lake_status

    s3, glue = boto3.client("s3", endpoint_url=endpoint), boto3.client("glue", endpoint_url=endpoint)
    s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    for name in DATABASES:
        glue.create_database(DatabaseInput={"Name": name})
    settings = Settings.from_env(
        {
            "SOCIALSENT_HOME": str(home),
            "SOCIALSENT_CATALOG": "glue",
            **{
                f"SOCIALSENT_LAKE_{tier.upper()}": f"s3://lake/{tier}"
                for tier in ("landing", "cleansed", "analytics", "artifacts")
            },
        }
    )
    lake = Lake.of(settings)
    landing = Landing(lake)
    history = [EventHour(EventHour.of(NOW).start - number * HOUR) for number in range(hours)]
    for at in history:
        landing.add(at)
    landing.build(history)
    landing.add(history[3], name="late")
    return {
        "status": lambda: lake_status(lake, settings),
        "sensor tick": lambda: plan(lake, landing.warehouse, NOW, Memory(), ()),
    }


def measured(server: Server, work: Callable[[], object]) -> tuple[Counter[str], float]:
    """Requests by kind, and CPU milliseconds of this process."""
    work()
    server.requests()
    before = time.process_time()
    work()
    spent = 1000 * (time.process_time() - before)
    return server.requests(), spent


class Server:
    """A moto server, which every client of this process finds by its environment."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        self._log = process.stderr
        found = next(match for line in self._log if (match := re.search(r"http://127\.0\.0\.1:\d+", line)))
        self.endpoint = found[0]
        self._requests: Counter[str] = Counter()
        self._end = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        os.environ |= {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": "eu-central-1",
            "AWS_DEFAULT_REGION": "eu-central-1",
        }

    def requests(self) -> Counter[str]:
        """Those since the last call, by kind. A request of its own marks the place in the log."""
        self._end.clear()
        with contextlib.suppress(urllib.error.HTTPError):  # there is no such object
            urllib.request.urlopen(f"{self.endpoint}{_MARK}").close()
        self._end.wait()
        counted, self._requests = self._requests, Counter()
        return counted

    def _read(self) -> None:
        for line in self._log:
            found = re.search(r'"(GET|HEAD|POST|PUT|DELETE) (\S+) HTTP', line)
            if found is None:
                continue
            if found[2] == _MARK:
                self._end.set()
            elif found[1] == "POST" and found[2] == "/":
                self._requests["Glue"] += 1
            else:
                self._requests["LIST" if "list-type" in found[2] else found[1]] += 1


@contextmanager
def aws() -> Iterator[Server]:
    """The server, for the length of a `with` block."""
    program = "from moto.server import main; main(['-p', '0', '-H', '127.0.0.1'])"
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True) as process:
        try:
            yield Server(process)
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
