"""`make faults`: many schedules on all cores, or one again with its trace.

    python -m tests.faults --schedules 10000           seeds 0 to 9,999
    python -m tests.faults --seed 123                  schedule 123 alone, step by step
    python -m tests.faults --plant checkpoint-before-put --schedules 1000

Every violation is printed with its seed and the command that replays it; the exit code is 1 then.

Not here: a schedule (schedule.py), the bugs of `--plant` (planted_bugs.py).
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial

from tests.faults.running import Result, quiet, run_one

KINDS = ("lost", "doubled", "torn", "hung", "counts", "kept", "deletion", "crash")
_EVERY_S = 10.0


def main() -> int:
    """Run what the arguments name; 1 if a promise was broken, or if a planted bug was not found."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__.partition("\n")[0])
    parser.add_argument("--schedules", type=int, help="how many (default 300, or 1 with --seed)")
    parser.add_argument("--seed", type=int, help="the first one")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--plant", default="", help="run with a bug of planted_bugs.py until it is found")
    given = parser.parse_args()
    if given.seed is not None and given.schedules is None:
        return replay(given.seed, given.plant)
    first, count = given.seed or 0, given.schedules or 300
    with multiprocessing.get_context("spawn").Pool(given.processes, quiet) as pool:
        seeds = range(first, first + count)
        results = pool.imap_unordered(partial(run_one, plant=given.plant), seeds, chunksize=4)
        return report(results, count, given.plant)


def replay(seed: int, plant: str) -> int:
    """One schedule with its trace."""
    quiet()
    result = run_one(seed, plant, trace=print)
    print(f"schedule {seed}{' on a real lake' if result.is_real else ''}: {result.violation or 'every promise held'}")
    return 1 if result.violation else 0


def report(results: Iterator[Result], count: int, plant: str) -> int:
    """Print violations as they come, progress, and the sums."""
    began = shown = time.monotonic()
    found: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    done = steps = events = real = with_faults = 0
    cpu = 0.0
    try:
        for result in results:
            done, steps, events, cpu = done + 1, steps + result.steps, events + result.events, cpu + result.cpu_s
            real += result.is_real
            with_faults += bool(result.faults)
            faults.update(result.faults)
            if result.violation:
                found[result.kind] += 1
                planted = f" ARGS='--plant {plant}'" if plant else ""
                print(
                    f"seed {result.seed}: {result.violation}\n    replay: make faults SEED={result.seed}{planted}",
                    flush=True,
                )
                if plant and result.is_expected:
                    print(f"{plant}: found as {result.kind} by seed {result.seed}, after {done:,} schedules")
                    return 0
            if time.monotonic() - shown > _EVERY_S:
                shown = time.monotonic()
                rate = done / (shown - began)
                total = found.total()
                print(f"  {done:,} of {count:,} schedules, {total} violations, {rate:.1f} a second", flush=True)
    except KeyboardInterrupt:
        print(f"stopped after {done:,} of {count:,} schedules")
    print(
        f"{done:,} schedules ({real} of them on a real lake; {with_faults:,} had faults), {events:,} events, "
        f"{steps:,} steps, {faults.total():,} faults\n"
        f"  faults: {', '.join(f'{kind} {number:,}' for kind, number in faults.most_common()) or 'none'}\n"
        f"  {', '.join(f'{found[kind]} {kind}' for kind in KINDS)}\n"
        f"  {cpu:,.0f} CPU-s, {time.monotonic() - began:,.0f} s"
    )
    if plant:
        print(f"{plant}: NOT FOUND")
        return 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
