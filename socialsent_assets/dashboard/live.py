"""The newest snapshot of the marts, renewed after each build; neither waits for a writer nor keeps one waiting.

A thread looks at the file's time and size every second and opens it only when they changed. While another
program writes it, the last snapshot goes on answering and the status is busy.

Not here: what a snapshot holds (snapshot.py), how pages learn of a new one (server.py).
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from socialsent_assets.dashboard.lake_facts import LakeFacts, read_lake_facts, watched_words
from socialsent_assets.dashboard.snapshot import Snapshot, read_snapshot, version_of
from socialsent_assets.lake.lake import Lake
from socialsent_assets.warehouse.duckdb import database
from socialsent_assets.warehouse.errors import WarehouseBusyError

if TYPE_CHECKING:
    import duckdb

LOOK_EVERY_S = 1.0
LAKE_EVERY_S = 20.0
"""Alerts and models change without a build: they are read again at this pace."""
PATIENCE_S = 0.5  # of the watcher, who comes again anyway
REQUEST_PATIENCE_S = 2.0

State = Literal["starting", "ready", "no_marts", "empty", "busy", "broken"]
"""ready: the snapshot is the newest. busy: another program writes it. empty: no text yet. broken: see the detail."""


@dataclass(frozen=True)
class Status:
    """Status of the data, as the page shows it.

    Attributes:
        detail: why, in one sentence, or "".
        read_at: when the snapshot was made, UTC.
        number: raised with every change of anything.
    """

    state: State = "starting"
    detail: str = ""
    version: str = ""
    read_at: datetime | None = None
    number: int = 0


class LiveMarts:
    """Snapshots of a warehouse file, one after the other. Start it, and stop it at the end."""

    def __init__(
        self, path: Path, lake: Lake | None, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.status = Status()
        self.snapshot: Snapshot | None = None
        self.lake_facts = LakeFacts()
        self._path, self._lake, self._clock = path, lake, clock
        self._seen: tuple[int, int] | None = None
        self._lake_at = float("-inf")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="marts", daemon=True)

    def start(self) -> None:
        """Begin to look; the first look is made at the same moment, in the background."""
        self._thread.start()

    @property
    def lake(self) -> Lake | None:
        """The lake whose models predicted."""
        return self._lake

    @property
    def is_stopping(self) -> bool:
        """True once the end has come, also for streams to pages."""
        return self._stopping.is_set()

    def stop_soon(self) -> None:
        """Let streams and thread come to their end, without waiting for them."""
        self._stopping.set()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    @contextlib.contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The warehouse file for one question.

        Raises:
            WarehouseBusyError: another program writes it, for longer than two seconds.
            FileNotFoundError: it went away.
        """
        with database.reading(self._path, REQUEST_PATIENCE_S) as connection:
            yield connection

    def look(self) -> None:
        """One look: a new snapshot if the marts changed, else whatever the state is now."""
        try:
            self._look()
        except Exception as error:  # the next look may work: a page that is left open must survive one
            logging.getLogger(__name__).warning("the marts cannot be read", exc_info=True)
            self._become("broken", f"the marts cannot be read: {error}")
        if time.monotonic() - self._lake_at >= LAKE_EVERY_S:
            self._read_lake()

    def _watch(self) -> None:
        while True:
            self.look()
            if self._stopping.wait(LOOK_EVERY_S):
                return

    def _look(self) -> None:
        import duckdb

        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._seen = None
            self._become("no_marts", "there are no marts yet: run socialsent materialize")
            return
        seen = (found.st_mtime_ns, found.st_size)
        is_counted = self.snapshot is not None and self.snapshot.watched == self.lake_facts.watched
        if seen == self._seen and is_counted and self.status.state != "busy":
            return
        try:
            with database.reading(self._path, PATIENCE_S) as connection:
                version = version_of(connection)
                if not version and self.snapshot is not None:
                    self._become("busy", _BUILDING)
                    return
                if self.snapshot is None or version != self.snapshot.version or not is_counted:
                    self.snapshot = read_snapshot(connection, self._watched())
                    self.status = replace(self.status, number=self.status.number + 1)
                    self._lake_at = float("-inf")
                    self._become_what_it_is()
                if not self.snapshot.sampled and self.snapshot.texts:
                    self.snapshot.add_sample(connection)
                    self.status = replace(self.status, number=self.status.number + 1)
        except WarehouseBusyError:
            self._become("busy", _BUILDING if self.snapshot else f"{_BUILDING}; this page fills when they are done")
            return
        except duckdb.CatalogException:
            self._become("no_marts", "the marts are not built yet: run socialsent materialize")
            return
        self._seen = seen
        self._become_what_it_is()

    def _watched(self) -> tuple[str, ...]:
        """Watched words; the first snapshot is made before anything else of the lake is read."""
        if self.snapshot is None and self._lake is not None:
            with contextlib.suppress(Exception):  # read_lake_facts logs why, and the numbers are of use without them
                self.lake_facts = replace(self.lake_facts, watched=watched_words(self._lake))
        return self.lake_facts.watched

    def _become_what_it_is(self) -> None:
        if self.snapshot is not None:
            self._become("ready" if self.snapshot.texts else "empty", "" if self.snapshot.texts else _NO_TEXTS)

    def _read_lake(self) -> None:
        self._lake_at = time.monotonic()
        if self._lake is None:
            return
        facts = read_lake_facts(self._lake)
        if facts != self.lake_facts:
            self.lake_facts = facts
            self.status = replace(self.status, number=self.status.number + 1)

    def _become(self, state: State, detail: str) -> None:
        version = self.snapshot.version if self.snapshot else ""
        now = self.status
        if (now.state, now.detail, now.version) == (state, detail, version):
            return
        read_at = now.read_at if now.version == version else self._clock()
        self.status = Status(state, detail, version, read_at, now.number + 1)


_BUILDING = "the marts are being written"
_NO_TEXTS = "the marts hold no post or comment yet: run socialsent simulate or ingest, then materialize"
