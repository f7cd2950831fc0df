"""Peak memory of this process and everything that it started (the JVM, dbt, Python workers).

Not here: limits; nothing is stopped.
"""

from __future__ import annotations

import threading
from types import TracebackType

EVERY_S = 0.5


class PeakMemory:
    """Samples resident memory in a thread while the `with` block runs; `peak_gb` is what was seen, in GB."""

    def __init__(self) -> None:
        self.peak_gb = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peak-memory", daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            self.peak_gb = max(self.peak_gb, tree_memory_gb())
            if self._stop.wait(EVERY_S):
                return


def tree_memory_gb() -> float:
    """Resident memory of this process and its descendants now, in GB; processes that just ended count 0."""
    import psutil

    me = psutil.Process()
    total = 0
    for process in [me, *me.children(recursive=True)]:
        try:
            total += process.memory_info().rss
        except psutil.Error:
            continue
    return total / 1e9
