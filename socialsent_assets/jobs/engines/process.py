"""The engine in the current process: Arrow reads, validates, sorts and writes, without Java.

Work is cut into groups of hours (grouping.py), as Spark's tasks are: small hours together, so that they share files,
and a large hour in several, which meet in buckets on disk (buckets.py). Groups are independent of each other, so as
many as there are cores are under way together, and that bounds memory.

Not here: how lines become rows (jobs/read_landing.py), the files (jobs/partition_writer.py).
"""

from __future__ import annotations

import os
import tempfile
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from socialsent_assets.domain.events.erasure import NOTHING_ERASED, Erased
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import EVENT_HOUR, SENTIMENT
from socialsent_assets.jobs.engines.buckets import Buckets
from socialsent_assets.jobs.engines.engine import TextFiles
from socialsent_assets.jobs.engines.row_order import in_order
from socialsent_assets.jobs.grouping import Groups, in_slices
from socialsent_assets.jobs.partition_writer import PARTITION, TableFile, Written, write_batches
from socialsent_assets.jobs.read_landing import full_batches, landing_rows, row_schema
from socialsent_assets.lake.iceberg.data_files import ROWS_PER_GROUP
from socialsent_assets.lake.iceberg.scan import ScannedFile
from socialsent_assets.lake.storage.base import ObjectInfo, Storage
from socialsent_assets.lake.storage.open import storage_at

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

SLICE_BYTES = 4 * 1024 * 1024
"""Gzipped landing of a large hour that one thread reads at a time: a second or two of work."""

WHOLE_BYTES = 1024 * 1024
"""A data file in S3 of up to this size is fetched in one request; of a larger one, its end and the row groups."""

_TEXT_COLUMNS = ("post_id", "author_id", "topic", "lang", "deleted", "clean_text")
_TextFile = tuple[str, ScannedFile]  # `post` or `comment`, and a file of that table
Result = TypeVar("Result")


@dataclass(frozen=True)
class ProcessEngine:
    """Groups of hours in threads: most of the time goes into code that leaves Python's lock.

    Attributes:
        workers: groups under way together; None for as many as there are cores.
    """

    workers: int | None = None
    name: str = "process"

    def cleanse(
        self,
        landing: Storage,
        objects: Sequence[ObjectInfo],
        tier: str,
        tables: Mapping[str, TableFile],
        groups: Groups,
        erased: Erased = NOTHING_ERASED,
    ) -> Written:
        """See `Engine.cleanse`."""
        by_group: defaultdict[int, list[ObjectInfo]] = defaultdict(list)
        for info in objects:
            by_group[groups.of_path(hour_of(info.key).path)].append(info)

        def write(infos: Sequence[ObjectInfo]) -> Written:
            return _written(_in_memory(landing_rows(landing, _keys(infos), erased)), tier, tables)

        small = [partial(write, infos) for group, infos in by_group.items() if groups.cuts[group] == 1]
        written = _sum(self._all(small))
        for group, infos in by_group.items():
            if groups.cuts[group] > 1:
                written.add(self._cleanse_large_hour(landing, infos, tier, tables, groups.cuts[group], erased))
        return written

    def _cleanse_large_hour(
        self,
        landing: Storage,
        objects: Sequence[ObjectInfo],
        tier: str,
        tables: Mapping[str, TableFile],
        cuts: int,
        erased: Erased,
    ) -> Written:
        """Read into buckets first, then sort and write a bucket at a time."""
        with tempfile.TemporaryDirectory(prefix="socialsent-cleanse-") as folder:
            buckets = Buckets(Path(folder), row_schema(), cuts)

            def read(infos: Sequence[ObjectInfo]) -> None:
                rows = landing_rows(landing, _keys(infos), erased)
                buckets.add(batch for table in rows for batch in full_batches(table))

            def write(number: int) -> Written:
                return _written(in_order(buckets.read(number)).to_batches(ROWS_PER_GROUP), tier, tables)

            try:
                self._all(partial(read, infos) for infos in in_slices(objects, lambda info: info.size, SLICE_BYTES))
            finally:
                buckets.close()
            return _sum(self._all(partial(write, number) for number in range(cuts)))

    def score(self, files: TextFiles, tier: str, tables: Mapping[str, TableFile], groups: Groups) -> Written:
        """See `Engine.score`."""
        by_group: defaultdict[int, list[EventHour]] = defaultdict(list)
        for hour in sorted(files.hours):
            by_group[groups.of_path(hour.path)].append(hour)
        read = [*(("post", file) for file in files.posts), *(("comment", file) for file in files.comments)]

        def write(part: Sequence[_TextFile], hours: Sequence[EventHour]) -> Written:
            return _written(_texts(part, hours), tier, tables)

        def tasks() -> Iterator[Callable[[], Written]]:
            for group, hours in by_group.items():
                of_hours = [(kind, file) for kind, file in read if file.overlaps(hours)]
                # Texts are no copies of each other, so a large hour is cut by the files that hold it.
                for number in range(min(groups.cuts[group], len(of_hours))):
                    yield partial(write, of_hours[number :: groups.cuts[group]], hours)

        return _sum(self._all(tasks()))

    def _all(self, tasks: Iterable[Callable[[], Result]]) -> list[Result]:
        """What every task returns. Raises the first error, and begins nothing more then."""
        with ThreadPoolExecutor(self.workers or os.cpu_count(), thread_name_prefix="group") as pool:
            running = [pool.submit(task) for task in tasks]
            try:
                return [task.result() for task in running]
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise


def _keys(objects: Iterable[ObjectInfo]) -> list[str]:
    return [info.key for info in objects]


def _sum(parts: Iterable[Written]) -> Written:
    written = Written()
    for part in parts:
        written.add(part)
    return written


def _in_memory(rows: Iterable[pa.Table]) -> Iterator[pa.RecordBatch]:
    """All rows, one partition after the other, each sorted."""
    import pyarrow as pa

    partitions: defaultdict[str, list[pa.Table]] = defaultdict(list)
    for table in rows:
        partitions[table.column(PARTITION)[0].as_py()].append(table)
    for name in sorted(partitions):
        yield from full_batches(in_order(pa.concat_tables(partitions.pop(name))))


def _texts(files: Sequence[_TextFile], hours: Sequence[EventHour]) -> Iterator[pa.RecordBatch]:
    """Texts of some hours, sorted."""
    import pyarrow as pa

    tables = [_texts_in(file, kind, hours) for kind, file in files]
    yield from in_order(pa.concat_tables(tables)).to_batches(ROWS_PER_GROUP)


def _texts_in(file: ScannedFile, kind: str, hours: Sequence[EventHour]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    identity = f"{kind}_id"
    names = dict.fromkeys((EVENT_HOUR, "event_id", "event_time", *_TEXT_COLUMNS, identity))
    found = _read_hours(file, [*names], hours)
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


def _read_hours(file: ScannedFile, columns: list[str], hours: Sequence[EventHour]) -> pa.Table:
    """Columns of the row groups that can hold rows of the hours, by their statistics; rows of other hours too."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder, _, name = file.path.rpartition("/")
    storage = storage_at(folder)
    is_whole = not storage.is_remote or file.size <= WHOLE_BYTES or file.is_within(hours)
    with (
        pa.BufferReader(storage.read(name)) if storage.is_remote and is_whole else storage.open_at(name, file.size)
    ) as opened:
        # Without pre_buffer each column of each row group would be a request.
        parquet = pq.ParquetFile(opened, pre_buffer=not is_whole)
        return parquet.read_row_groups(_groups_with(parquet.metadata, hours), columns, use_threads=False)


def _groups_with(metadata: pq.FileMetaData, hours: Sequence[EventHour]) -> list[int]:
    """Numbers of the row groups whose bounds of `event_hour` leave room for one of the hours, which are in order."""
    position = metadata.schema.names.index(EVENT_HOUR)
    starts = [hour.start for hour in hours]
    found = []
    for number in range(metadata.num_row_groups):
        bounds = metadata.row_group(number).column(position).statistics
        if bounds is None or not bounds.has_min_max:
            found.append(number)
            continue
        first = bisect_left(starts, bounds.min)
        if first < len(starts) and starts[first] <= bounds.max:
            found.append(number)
    return found


def _written(batches: Iterable[pa.RecordBatch], tier: str, tables: Mapping[str, TableFile]) -> Written:
    return Written.of(row for report in write_batches(batches, tier, tables) for row in report.to_pylist())


def hour_of(key: str) -> EventHour:
    """The event hour in a key. Raises ValueError for a key without one."""
    hour = EventHour.from_path(key)
    if hour is None:
        raise ValueError(f"not an object of an event hour: {key}")
    return hour
