"""Progress of work that cannot be counted: a line with the seconds so far, on a terminal updated in place.

    with waiting(console, "Loading the graph: Dagster, dbt and every check", "5 to 30 s"):
        ...

Not here: progress of work that can be counted (graph_run.py, ingest.py).
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from rich.console import Console

REPORT_EVERY_S = 15.0
"""Seconds between lines where no line can be written over."""


@contextlib.contextmanager
def waiting(console: Console, what: str, usually: str) -> Iterator[None]:
    """Show `what` and the seconds so far until the block ends, then how long it took."""
    started = time.monotonic()
    ended = threading.Event()
    counting = threading.Thread(
        target=_count, args=(console, what, usually, started, ended), name="waiting", daemon=True
    )
    counting.start()
    try:
        yield
    finally:
        ended.set()
        counting.join()
    console.print(f"[dim]{what}: {time.monotonic() - started:.0f} s[/dim]", highlight=False)


def _count(console: Console, what: str, usually: str, started: float, ended: threading.Event) -> None:
    if not console.is_terminal:
        while not ended.wait(REPORT_EVERY_S):
            console.print(f"{what} … {time.monotonic() - started:.0f} s so far, usually {usually}", highlight=False)
        return
    with console.status(f"{what} …") as status:
        while not ended.wait(1.0):
            status.update(f"{what} … {time.monotonic() - started:.0f} s (usually {usually})")
