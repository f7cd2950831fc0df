"""Iceberg tables in memory, as far as lake/iceberg uses pyiceberg: snapshots, and one pointer per table.

A commit names the snapshot that it was planned from. If another one is current by then, it fails as in any catalog;
the writer's handle stays as it was until it is refreshed.

Not here: planning, carrying rows over and trying again, which are the product's (lake/iceberg/commit.py).
"""

from __future__ import annotations

import io
import itertools
import struct
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.exceptions import CommitFailedException

from socialsent_assets.domain.tables import EVENT_HOUR, Table
from socialsent_assets.lake.iceberg.data_files import WrittenFile
from socialsent_assets.lake.iceberg.schema import iceberg_schema

_schema_of = cache(iceberg_schema)


@dataclass(frozen=True)
class DataFile:
    """As a manifest has it."""

    file_path: str
    record_count: int
    file_size_in_bytes: int
    lower_bounds: Mapping[int, bytes]
    upper_bounds: Mapping[int, bytes]


@dataclass(frozen=True)
class Snapshot:
    """One state of a table."""

    snapshot_id: int
    parent_snapshot_id: int | None
    timestamp_ms: int
    summary: Any
    files: tuple[DataFile, ...]


@dataclass(frozen=True)
class _Metadata:
    snapshots: tuple[Snapshot, ...] = ()
    current: Snapshot | None = None
    version: int = 0


@dataclass
class FakeCatalog:
    """Pointers of tables.

    Attributes:
        clock: time of a commit.
        around: what happens around a commit, by the table's name: faults.
        read: gives the bytes of a data file.
        remove: deletes one.
    """

    clock: Callable[[], datetime]
    around: Callable[[str], AbstractContextManager[None]]
    read: Callable[[str], bytes]
    remove: Callable[[str], None]
    pointers: dict[str, _Metadata] = field(default_factory=dict)
    _ids: Any = field(default_factory=lambda: itertools.count(1))

    def load(self, table: Table) -> FakeTable:
        """A handle on the table as it is now; made if it is missing."""
        name = f"{table.tier}.{table.name}"
        return FakeTable(self, table, self.pointers.setdefault(name, _Metadata()))

    def addresses(self) -> dict[str, str]:
        """Table -> address of its metadata."""
        return {name: f"{name}/{metadata.version}" for name, metadata in self.pointers.items()}

    def swap(
        self, name: str, based_on: Snapshot | None, files: tuple[DataFile, ...], properties: Mapping[str, str]
    ) -> _Metadata:
        """Commit a snapshot. Raises CommitFailedException if another one came first."""
        now = self.pointers[name]
        if now.current is not based_on:
            raise CommitFailedException(f"{name}: branch main has changed")
        summary = SimpleNamespace(additional_properties=dict(properties))
        parent = based_on.snapshot_id if based_on is not None else None
        made = Snapshot(next(self._ids), parent, int(self.clock().timestamp() * 1000), summary, files)
        self.pointers[name] = _Metadata((*now.snapshots, made), made, now.version + 1)
        return self.pointers[name]

    def point(self, name: str, based_on: Snapshot | None, snapshot_id: int) -> _Metadata:
        """Make an earlier snapshot the current one. Raises CommitFailedException if another commit came first."""
        now = self.pointers[name]
        wanted = next((one for one in now.snapshots if one.snapshot_id == snapshot_id), None)
        if now.current is not based_on or wanted is None:
            raise CommitFailedException(f"{name}: branch main has changed")
        self.pointers[name] = _Metadata(now.snapshots, wanted, now.version + 1)
        return self.pointers[name]

    def expire(self, name: str, ids: Collection[int]) -> _Metadata:
        """Forget snapshots; not the current one."""
        now = self.pointers[name]
        kept = tuple(one for one in now.snapshots if one.snapshot_id not in ids or one is now.current)
        self.pointers[name] = _Metadata(kept, now.current, now.version + 1)
        return self.pointers[name]


class FakeTable:
    """A handle on a table: what it showed when it was loaded, refreshed or last committed by this handle."""

    def __init__(self, catalog: FakeCatalog, table: Table, metadata: _Metadata) -> None:
        self._catalog, self._table, self._metadata = catalog, table, metadata
        self._name = f"{table.tier}.{table.name}"
        self.io = _FileIO(catalog)
        self.maintenance = SimpleNamespace(expire_snapshots=lambda: SimpleNamespace(by_ids=self._expiry))

    def name(self) -> tuple[str, str]:
        """See pyiceberg."""
        return (self._table.tier, self._table.name)

    def schema(self) -> Any:
        """See pyiceberg."""
        return _schema_of(self._table)

    def refresh(self) -> FakeTable:
        """See pyiceberg."""
        self._metadata = self._catalog.pointers[self._name]
        return self

    def current_snapshot(self) -> Snapshot | None:
        """See pyiceberg."""
        return self._metadata.current

    def snapshots(self) -> list[Snapshot]:
        """See pyiceberg."""
        return list(self._metadata.snapshots)

    def snapshot_by_id(self, snapshot_id: int) -> Snapshot | None:
        """See pyiceberg."""
        return next((one for one in self._metadata.snapshots if one.snapshot_id == snapshot_id), None)

    def scan(self, row_filter: object = None, snapshot_id: int | None = None) -> Any:
        """See pyiceberg; every file of the snapshot, because callers choose by the bounds themselves."""
        found = self._metadata.current if snapshot_id is None else self.snapshot_by_id(snapshot_id)
        tasks = [SimpleNamespace(file=file) for file in (found.files if found is not None else ())]
        return SimpleNamespace(plan_files=lambda: tasks)

    @contextmanager
    def transaction(self) -> Iterator[_Transaction]:
        """See pyiceberg; what was staged is committed at the end."""
        staged = _Transaction()
        yield staged
        before = self._metadata.current
        kept = [file for file in (before.files if before is not None else ()) if file.file_path not in staged.dropped]
        with self._catalog.around(f"commits {self._name}"):
            self._metadata = self._catalog.swap(self._name, before, (*kept, *staged.added), staged.properties)

    def manage_snapshots(self) -> Any:
        """See pyiceberg; of its answers the one that makes an earlier snapshot the current one again."""

        def set_current_snapshot(snapshot_id: int) -> Any:
            def commit() -> None:
                with self._catalog.around(f"returns {self._name} to {snapshot_id}"):
                    self._metadata = self._catalog.point(self._name, self._metadata.current, snapshot_id)

            return SimpleNamespace(commit=commit)

        return SimpleNamespace(set_current_snapshot=set_current_snapshot)

    def files_of_all_snapshots(self) -> set[str]:
        """Addresses of every data file that a snapshot names."""
        return {file.file_path.removeprefix("file://") for one in self._metadata.snapshots for file in one.files}

    def _expiry(self, ids: Collection[int]) -> Any:
        def commit() -> None:
            self._metadata = self._catalog.expire(self._name, set(ids))

        return SimpleNamespace(commit=commit)


@dataclass
class _Transaction:
    dropped: set[str] = field(default_factory=set)
    added: list[DataFile] = field(default_factory=list)
    properties: Mapping[str, str] = field(default_factory=dict)


class Overwrite:
    """In the place of pyiceberg's snapshot producer (lake/iceberg/overwrite.py)."""

    def __init__(self, transaction: _Transaction, snapshot_properties: Mapping[str, str], **_: Any) -> None:
        self._staged = transaction
        transaction.properties = snapshot_properties

    def delete_data_file(self, file: DataFile) -> None:
        """See pyiceberg."""
        self._staged.dropped.add(file.file_path)

    def append_data_file(self, file: DataFile) -> None:
        """See pyiceberg."""
        self._staged.added.append(file)

    def commit(self) -> None:
        """Staged already; the transaction commits."""


class _FileIO:
    def __init__(self, catalog: FakeCatalog) -> None:
        self._catalog = catalog

    def new_input(self, path: str) -> _Input:
        return _Input(self._catalog, path.removeprefix("file://"))

    def delete(self, path: str) -> None:
        self._catalog.remove(path.removeprefix("file://"))


class _Input:
    def __init__(self, catalog: FakeCatalog, path: str) -> None:
        self._catalog, self._path = catalog, path

    def open(self) -> io.BytesIO:
        return io.BytesIO(self._catalog.read(self._path))

    def exists(self) -> bool:
        try:
            self._catalog.read(self._path)
        except FileNotFoundError:
            return False
        return True

    def __len__(self) -> int:
        return len(self._catalog.read(self._path))


def described(table: FakeTable, file: WrittenFile, rows: pa.Table) -> DataFile:
    """In the place of `data_files.describe`; `rows` is what the file holds."""
    field_id = table.schema().find_field(EVENT_HOUR).field_id
    bounds = pc.min_max(rows.column(EVENT_HOUR)).as_py()
    first, last = _micros(bounds["min"]), _micros(bounds["max"])
    return DataFile(file.uri, rows.num_rows, file.size, {field_id: first}, {field_id: last})


def _micros(time: datetime) -> bytes:
    return struct.pack("<q", round(time.timestamp() * 1_000_000))
