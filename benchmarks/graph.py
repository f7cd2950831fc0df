"""Cost of a sensor tick and of an hour's checks with 10, 1,000 and 3,000 hours of history.

    python benchmarks/graph.py [--hours 10 1000 3000]

A tick compares at most 73 recent hours and ten older days, so it grows up to there (313 hours) and no further.

Hours are pretended (receipts and tiny Parquet objects, no Spark), which is all that a tick looks at.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "graph"))

from graph_lake import Landing

from socialsent_assets.defs.checks import contract
from socialsent_assets.defs.reconciliation import Memory, plan
from socialsent_assets.domain.events.layout import HOUR, EventHour
from socialsent_assets.lake.lake import Lake

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
REPEATS = 9


def main() -> None:
    """Build both histories, time both things, print times and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=int, nargs="+", default=[10, 1000, 3000], metavar="N")
    histories = parser.parse_args().hours
    times = [measure(hours) for hours in histories]
    print(
        f"{f'CPU ms, median of {REPEATS}':32}"
        + "".join(f"{hours:>8} h" for hours in histories)
        + "   last : one before"
    )
    for name in times[0]:
        values = [measured[name] for measured in times]
        ratio = values[-1] / values[-2] if len(values) > 1 else 1.0
        print(f"{name:32}" + "".join(f"{value:>10.1f}" for value in values) + f"{ratio:>10.2f}")


def measure(hours: int) -> dict[str, float]:
    """CPU milliseconds of one tick, and of the checks of one hour, over a history of that many hours."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        lake = Lake.in_folder(root)
        landing = Landing(lake)
        history = [EventHour(EventHour.of(NOW).start - number * HOUR) for number in range(hours)]
        for at in history:
            landing.add(at)
        landing.build(history)
        landing.add(history[3], name="late")
        newest = history[:1]
        return {
            "sensor tick": cpu_ms(lambda: plan(lake, landing.warehouse, NOW, Memory(), ())),
            "checks of one hour": cpu_ms(
                lambda: [check.result(lake, newest) for check in (*contract.CLEANSED, *contract.ANALYTICS)]
            ),
        }


def cpu_ms(work: Callable[[], object]) -> float:
    """Median CPU time of `work`, in milliseconds; the first time warms up and does not count."""
    work()
    spent = []
    for _ in range(REPEATS):
        before = time.process_time()
        work()
        spent.append(1000 * (time.process_time() - before))
    return statistics.median(spent)


if __name__ == "__main__":
    main()
