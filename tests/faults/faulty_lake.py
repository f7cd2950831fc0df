"""A lake for one schedule, in memory or in a folder, whose requests are steps, and the product put on top of it.

In memory, data files are real Parquet and the catalog is fake_catalog.py; in a folder, everything is real. Either way
the jobs, the commits' planning, receipts, staleness, upkeep and erasure are the product's own code.

Not here: which requests fail (faults.py), the actors (schedule.py).
"""

from __future__ import annotations

import base64
import io
import itertools
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import EVENT_HOUR, Table
from socialsent_assets.erasure import tables as erasure_tables
from socialsent_assets.jobs import cleanse, publish, read_landing, score
from socialsent_assets.jobs.engines import process
from socialsent_assets.jobs.plain_lines import Recognised
from socialsent_assets.lake import builds, history, pinned_files, upkeep
from socialsent_assets.lake import turns as turns_of_lake
from socialsent_assets.lake.iceberg import commit, data_files, overwrite, scan
from socialsent_assets.lake.iceberg.catalog import CatalogConfig
from socialsent_assets.lake.iceberg.data_files import WrittenFile
from socialsent_assets.lake.iceberg.scan import files_of
from socialsent_assets.lake.iceberg.schema import arrow_schema_of
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage import file_lock
from socialsent_assets.lake.storage.base import Storage
from socialsent_assets.lake.storage.local import FolderStorage
from tests.faults.arrow_files import ArrowFiles
from tests.faults.fake_catalog import DataFile, FakeCatalog, Overwrite, described
from tests.faults.faults import Faults
from tests.faults.memory_storage import FaultyTier, MemoryStorage

RowsByHour = dict[EventHour, list[dict[str, Any]]]
TIERS = ("landing", "cleansed", "analytics", "artifacts")


@dataclass(frozen=True)
class FaultyLake(Lake):
    """A lake whose tables are loaded in a step."""

    load: Callable[[Table], Any] = None  # type: ignore[assignment]
    rows_in: Callable[[str], RowsByHour] = None  # type: ignore[assignment]
    needles_in: Callable[[bytes, Collection[str]], list[str]] = None  # type: ignore[assignment]

    def table(self, table: Table) -> Any:
        """See `Lake.table`."""
        return self.load(table)


class LakeUnderTest:
    """The lake and what is below it.

    Attributes:
        lake: for the product.
        landing: the consumer's store.
        root: folder of this machine for what is no tier: scratch files, the ledger of erasures.
        is_real: in folders, with the real catalog.
        is_one_machine: where it can be seen whether another process still runs.
        by_column: lines are recognised by the column first; else each by `parse`, which is quicker for a few lines.
    """

    def __init__(self, faults: Faults, root: Path, *, is_real: bool, by_column: bool, is_one_machine: bool) -> None:
        self.faults, self.root, self.is_real, self.by_column = faults, root, is_real, by_column
        self.is_one_machine = is_one_machine
        turns = faults.turns
        below = root / "lake"
        scratch = root / "scratch"
        scratch.mkdir(parents=True, exist_ok=True)
        self.stores: dict[str, Storage] = {
            name: FolderStorage(below / name)
            if is_real
            else MemoryStorage(str(below / name), lambda: turns.now, scratch)
            for name in TIERS
        }
        tiers = {name: FaultyTier(store, faults, name) for name, store in self.stores.items()}
        self.tiers = tiers
        self.landing = tiers["landing"]
        self.catalog = FakeCatalog(lambda: turns.now, self._around_commit, self._read_data, self._remove_data)
        config = CatalogConfig.in_folder(below)
        plain = Lake.in_folder(below)
        if is_real:
            below.mkdir(exist_ok=True)

        def load(table: Table) -> Any:
            turns.step(f"loads {table.name}")
            return plain.table(table) if is_real else self.catalog.load(table)

        self.lake = FaultyLake(
            **tiers,
            catalog=config,
            load=load,
            rows_in=self._rows_in,
            needles_in=self.needles_in,
        )
        self._numbers = itertools.count(1)
        self.files = ArrowFiles()
        self._known_rows: dict[str, RowsByHour] = {}

    def storage_at(self, uri: str) -> FaultyTier:
        """In the place of `lake.storage.open.storage_at`: a tier, or a folder of one."""
        path = uri.removeprefix("file://")
        for name, tier in self.tiers.items():
            if path == tier.uri or path.startswith(f"{tier.uri}/"):
                return FaultyTier(self.stores[name], self.faults, name, path[len(tier.uri) + 1 :])
        raise ValueError(f"no tier of this schedule: {uri}")

    def close(self) -> None:
        """Forget what the product keeps of this lake."""
        builds._states.pop(self.lake.catalog, None)

    def _read_data(self, path: str) -> bytes:
        tier = self.storage_at(path.rpartition("/")[0])
        return tier.read(path.rpartition("/")[2])

    def _rows_in(self, path: str) -> RowsByHour:
        """Rows of a data file by hour; a data file never changes, so it is unpacked once."""
        content = self._read_data(path)
        if path not in self._known_rows:
            rows: RowsByHour = {}
            for row in self.unpacked(content).to_pylist():
                rows.setdefault(EventHour.of(row[EVENT_HOUR]), []).append(row)
            self._known_rows[path] = rows
        return self._known_rows[path]

    def _remove_data(self, path: str) -> None:
        tier = self.storage_at(path)
        tier.storage.delete(tier.below)

    @contextmanager
    def _around_commit(self, where: str) -> Iterator[None]:
        with self.faults.around("commit", where):
            yield

    def size_and_time(self, path: str) -> tuple[int, int]:
        """In the place of a file's status."""
        tier = self.storage_at(path)
        store: Any = tier.storage
        content = store.objects.get(tier.below)
        return (0, 0) if content is None else (len(content), 1)

    def named_files(self, table: Any) -> set[str]:
        """In the place of `upkeep.named_files`."""
        named: set[str] = table.files_of_all_snapshots()
        return named

    def traces_in(self, path: Path, needles: Sequence[str]) -> list[str]:
        """In the place of `traces_in`: needles in the values of a data file."""
        tier = self.storage_at(str(path))
        return self.needles_in(tier.storage.read(tier.below), needles)

    def needles_in(self, content: bytes, needles: Collection[str]) -> list[str]:
        """Which needles are in the values of a data file."""
        rows = json.dumps(self.unpacked(content).to_pylist(), default=str, ensure_ascii=False)
        return [needle for needle in needles if f'"{needle}"' in rows]

    def unpacked(self, content: bytes) -> pa.Table:
        """Rows of a data file."""
        if self.is_real:
            return pq.ParquetFile(io.BytesIO(content)).read(use_threads=False)
        return self.files.table(content)

    def described(self, table: Any, file: WrittenFile) -> DataFile:
        """In the place of `data_files.describe`."""
        return described(table, file, self.files.table(base64.b64decode(file.footer)))

    def host(self) -> str:
        """Name of the machine of the current actor: one for all of them, or one for each."""
        return "host" if self.is_one_machine else f"host-{self.faults.turns.number}"

    def unique(self) -> Any:
        """In the place of `uuid.uuid4`."""
        return SimpleNamespace(hex=f"{next(self._numbers):08x}")


class _InTurn:
    """In the place of a pool of threads: a task runs when it is submitted, and its worker may be lost."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def __enter__(self) -> _InTurn:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, task: Callable[[], Any]) -> Any:
        with self._faults.around("task", "runs a task"):
            done = task()
        return SimpleNamespace(result=lambda: done)

    def shutdown(self, **_: object) -> None:
        pass


class _SchemaOnce:
    """`arrow_schema_of`, computed once per table."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], Any] = {}

    def __call__(self, table: Any) -> Any:
        name = tuple(table.name())
        if name not in self._known:
            self._known[name] = arrow_schema_of(table)
        return self._known[name]


_schema_once = _SchemaOnce()
_hour_once = cache(scan._hour)


def _nothing_recognised(block: bytes, _hour: EventHour) -> Recognised:
    """In the place of `recognise`: every line is in doubt, so the consumer's parser decides about it."""
    return Recognised({}, list(range(block.count(b"\n"))))


@contextmanager
def product_on(made: LakeUnderTest) -> Iterator[None]:
    """Within it, the product's code works on this lake, in turns and without a clock or chance of its own."""
    faults, turns, chance = made.faults, made.faults.turns, made.faults.chance
    pauses = SimpleNamespace(sleep=turns.sleep)
    waits = SimpleNamespace(sleep=turns.sleep, monotonic=lambda: turns.now.timestamp())
    ids = SimpleNamespace(uuid4=made.unique)
    chances = SimpleNamespace(random=chance.random, uniform=chance.uniform)
    changes: list[tuple[Any, str, Any]] = [
        (data_files, "storage_at", made.storage_at),
        (data_files, "uuid", ids),
        (process, "storage_at", made.storage_at),
        (process, "ThreadPoolExecutor", lambda *_, **__: _InTurn(faults)),
        *((module, "time", pauses) for module in (publish, commit)),
        *((module, "random", chances) for module in (publish, commit)),
        (upkeep, "uuid", ids),
        *((module, "time", waits) for module in (turns_of_lake, file_lock)),
        (turns_of_lake, "random", chances),
        (turns_of_lake, "socket", SimpleNamespace(gethostname=made.host)),
        (turns_of_lake, "_me", lambda: f"{made.host()}/{turns.number}"),
        (turns_of_lake, "_runs", turns.is_alive),
    ]
    if not made.by_column:
        changes.append((read_landing, "recognise", _nothing_recognised))
    if made.is_real:
        real_commit = commit._overwrite

        def commit_in_a_step(table: Any, *given: Any) -> None:
            with faults.around("commit", f"commits {'.'.join(table.name())}"):
                real_commit(table, *given)

        changes.append((commit, "_overwrite", commit_in_a_step))
    else:
        changes += [
            (overwrite, "merging_overwrite", lambda: Overwrite),
            (commit, "describe", made.described),
            (pq, "ParquetWriter", made.files.writer),
            (pq, "ParquetFile", made.files.file),
            (pq, "read_table", made.files.read_table),
            (scan, "_hour", _hour_once),
            (scan, "_between", lambda *_: None),
            (pinned_files, "table_exists", lambda *_: True),  # a snapshot was pinned, so there is a table
            *((module, "pointers_of", lambda _lake: made.catalog.addresses()) for module in (builds, history)),
            (builds, "kept_state", lambda *_: None),
            (builds, "keep_state", lambda *_: None),
            (builds, "_size_and_time", made.size_and_time),
            (upkeep, "named_files", made.named_files),
            (erasure_tables, "named_files", made.named_files),
            (erasure_tables, "traces_in", made.traces_in),
            *((module, "arrow_schema_of", _schema_once) for module in (builds, cleanse, commit, score)),
        ]
    with ExitStack() as stack:
        for module, name, value in changes:
            stack.enter_context(mock.patch.object(module, name, value))
        yield


def rows_at(lake: Lake, table: Table, hours: Collection[EventHour], snapshot: int | None) -> RowsByHour:
    """Rows of hours in a snapshot, by hour; nothing where there is no snapshot."""
    assert isinstance(lake, FaultyLake)
    if snapshot is None or not hours:
        return {}
    found: RowsByHour = {}
    wanted = set(hours)
    for file in files_of(lake.table(table), wanted, snapshot):
        for hour, rows in lake.rows_in(file.path).items():
            if hour in wanted:
                found.setdefault(hour, []).extend(rows)
    return found
