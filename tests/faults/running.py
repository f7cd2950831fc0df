"""One schedule as a process of many runs it: which of them work on a real lake, with a planted bug, and how long.

Not here: the schedule (schedule.py), the command (__main__.py).
"""

from __future__ import annotations

import gc
import logging
import signal
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyarrow as pa

REAL_EVERY = 400
"""One schedule of so many works on a lake in folders, with Parquet and the SQLite catalog; it takes 2 CPU-s."""


@dataclass(frozen=True)
class Result:
    """What became of a schedule; `is_expected` where a planted bug was found by what it does."""

    seed: int
    violation: str
    kind: str
    steps: int
    events: int
    faults: Mapping[str, int]
    is_real: bool
    is_expected: bool
    cpu_s: float


def is_real(seed: int) -> bool:
    """Whether a seed's schedule works on a real lake."""
    return seed % REAL_EVERY == REAL_EVERY - 1


def quiet() -> None:
    """Load the product, and keep its log out of the way: failures are what a schedule is made of."""
    import tests.faults.schedule  # noqa: F401

    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.freeze()  # what is loaded stays: it need not be looked at after every schedule


def run_one(seed: int, plant: str = "", trace: Callable[[str], None] | None = None) -> Result:
    """Run a schedule; an error that the product may not raise is a violation of its own."""
    from tests.faults.planted_bugs import PLANTS
    from tests.faults.schedule import run_schedule

    pa.set_cpu_count(1)  # a schedule is one thread; the others run schedules of their own
    pa.set_io_thread_count(1)
    began = time.process_time()
    bug = PLANTS[plant] if plant else None
    try:
        done = run_schedule(seed, is_real=is_real(seed), trace=trace, bug=bug.within if bug else None)
    except Exception as error:  # noqa: BLE001 - whatever it is, it has a seed
        where = traceback.extract_tb(error.__traceback__)[-1]
        crash = f"crash: {type(error).__name__}: {error} ({where.filename.rpartition('/')[2]}:{where.lineno})"
        if trace is not None:
            trace(traceback.format_exc())
        return Result(seed, crash, "crash", 0, 0, {}, is_real(seed), False, time.process_time() - began)
    is_expected = bug is not None and done.kind in bug.found_as
    return Result(
        seed, done.violation, done.kind, done.steps, done.events, dict(done.faults), done.is_real, is_expected,
        time.process_time() - began,
    )  # fmt: skip
