"""The process at work as an engine: Arrow reads, judges, sorts and writes, without Java.

Work is cut into groups of hours (grouping.py), as Spark's tasks are: small hours together, so that they share files,
and a group at a time bounds memory; an hour that is too large for it is sorted on disk (spill.py). Groups are
independent of each other, so as many as there are cores are under way together.

Not here: how lines become rows (jobs/read_landing.py), the files (jobs/partition_writer.py).
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import EVENT_HOUR, SENTIMENT
from socialsent_assets.jobs.engines.engine import TextFiles
from socialsent_assets.jobs.engines.row_order import in_order
from socialsent_assets.jobs.engines.spill import in_order_on_disk
from socialsent_assets.jobs.grouping import Groups
from socialsent_assets.jobs.partition_writer import PARTITION, TableFile, Written, write_batches
from socialsent_assets.jobs.read_landing import full_batches, landing_rows, row_schema
from socialsent_assets.lake.iceberg.data_files import ROWS_PER_GROUP
from socialsent_assets.lake.storage.base import ObjectInfo, Storage
from socialsent_assets.lake.storage.open import storage_at

if TYPE_CHECKING:
    import pyarrow as pa

IN_MEMORY_BYTES = 24 * 1024 * 1024
"""Gzipped landing of a group up to which it is sorted in memory: about ten times as much there."""

_TEXT_COLUMNS = ("post_id", "author_id", "topic", "lang", "deleted", "clean_text")
_Task = Callable[[], Written]


@dataclass(frozen=True)
class ProcessEngine:
    """Groups of hours in threads: most of the time goes into code that leaves Python's lock.

    Attributes:
        workers: groups under way together; None for as many as there are cores.
        in_memory_bytes: see IN_MEMORY_BYTES.
    """

    workers: int | None = None
    in_memory_bytes: int = IN_MEMORY_BYTES
    name: str = "process"

    def cleanse(
        self,
        landing: Storage,
        objects: Sequence[ObjectInfo],
        tier: str,
        tables: Mapping[str, TableFile],
        groups: Groups,
    ) -> Written:
        """See `Engine.cleanse`."""
        by_group: defaultdict[int, list[ObjectInfo]] = defaultdict(list)
        for info in objects:
            by_group[groups.of_path(hour_of(info.key).path)].append(info)

        def task(infos: Sequence[ObjectInfo]) -> _Task:
            return lambda: _written(self._landing_rows(landing, infos), tier, tables)

        return self._all(task(infos) for infos in by_group.values())

    def score(self, files: TextFiles, tier: str, tables: Mapping[str, TableFile], groups: Groups) -> Written:
        """See `Engine.score`."""
        by_group: defaultdict[int, list[EventHour]] = defaultdict(list)
        for hour in sorted(files.hours):
            by_group[groups.of_path(hour.path)].append(hour)

        def task(hours: Sequence[EventHour]) -> _Task:
            return lambda: _written(_texts(files, hours), tier, tables)

        return self._all(task(hours) for hours in by_group.values())

    def _all(self, tasks: Iterable[_Task]) -> Written:
        """What every task has written. Raises the first error, and begins nothing more then."""
        written = Written()
        with ThreadPoolExecutor(self.workers or os.cpu_count(), thread_name_prefix="group") as pool:
            running = [pool.submit(task) for task in tasks]
            try:
                for task in running:
                    written.add(task.result())
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        return written

    def _landing_rows(self, landing: Storage, infos: Sequence[ObjectInfo]) -> Iterator[pa.RecordBatch]:
        rows = landing_rows(landing, [info.key for info in infos])
        if sum(info.size for info in infos) > self.in_memory_bytes:
            yield from in_order_on_disk((batch for table in rows for batch in full_batches(table)), row_schema())
        else:
            yield from _in_memory(rows)


def _in_memory(rows: Iterable[pa.Table]) -> Iterator[pa.RecordBatch]:
    """All rows, one partition after the other, each sorted."""
    import pyarrow as pa

    partitions: defaultdict[str, list[pa.Table]] = defaultdict(list)
    for table in rows:
        partitions[table.column(PARTITION)[0].as_py()].append(table)
    for name in sorted(partitions):
        yield from full_batches(in_order(pa.concat_tables(partitions.pop(name))))


def _texts(files: TextFiles, hours: Sequence[EventHour]) -> Iterator[pa.RecordBatch]:
    """Posts and comments of some hours, sorted."""
    import pyarrow as pa

    read = (("post", files.posts), ("comment", files.comments))
    tables = [_texts_in(path, kind, hours) for kind, paths in read for path in paths]
    yield from in_order(pa.concat_tables(tables)).to_batches(ROWS_PER_GROUP)


def _texts_in(path: str, kind: str, hours: Sequence[EventHour]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    identity = f"{kind}_id"
    names = dict.fromkeys((EVENT_HOUR, "event_id", "event_time", *_TEXT_COLUMNS, identity))
    folder, _, name = path.rpartition("/")
    storage = storage_at(folder)
    # Parquet starts at its end, and an answer of S3 can only be read forwards: such a file is fetched whole.
    with pa.BufferReader(storage.read(name)) if storage.is_remote else storage.open(name) as file:
        found = pq.read_table(file, columns=[*names], use_threads=False)
    starts = found.column(EVENT_HOUR)
    wanted = pa.array([hour.start for hour in hours], starts.type)
    found = found.filter(pc.is_in(starts, value_set=wanted))
    partitions = pa.array([f"{SENTIMENT.name}/{hour.path}" for hour in hours], pa.string())
    return pa.table(
        {
            PARTITION: partitions.take(pc.index_in(found.column(EVENT_HOUR), value_set=wanted)),
            **{name: found.column(name) for name in ("event_id", "event_time")},
            "text_id": found.column(identity),
            "text_kind": pa.repeat(kind, found.num_rows),
            **{name: found.column(name) for name in _TEXT_COLUMNS},
        }
    )


def _written(batches: Iterable[pa.RecordBatch], tier: str, tables: Mapping[str, TableFile]) -> Written:
    return Written.of(row for report in write_batches(batches, tier, tables) for row in report.to_pylist())


def hour_of(key: str) -> EventHour:
    """The event hour in a key. Raises ValueError for a key without one."""
    hour = EventHour.from_path(key)
    if hour is None:
        raise ValueError(f"not an object of an event hour: {key}")
    return hour
