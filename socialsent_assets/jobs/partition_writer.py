"""The worker's half of a job: sorted rows in, data files out, and what was counted, hour by hour.

An engine has brought rows together, sorted by table, hour and identity. Here repeats are dropped, rows become exactly
the columns of the contract, and files are written. What a file holds depends on the rows alone: not on the size of
the batches that they came in.

Not here: the commit (lake/iceberg/commit.py), reading and judging lines (read_landing.py).
"""

from __future__ import annotations

import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import EVENT_HOUR, Table
from socialsent_assets.jobs.grouping import Groups
from socialsent_assets.jobs.spark_errors import told_in_one_line
from socialsent_assets.lake.iceberg.data_files import FileCut, TableFolder, WrittenFile

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

PARTITION = "partition"
"""Column with the destination of a row, `<table>/dt=…/hr=…`: between workers only, not a path of the lake."""

REPORT_SCHEMA = "table string, uri string, size long, footer string, counts string"
_FIELDS = tuple(column.partition(" ")[0] for column in REPORT_SCHEMA.split(", "))


@dataclass(frozen=True)
class TableFile:
    """How the rows of one table become files.

    Attributes:
        table: its columns; a column that the rows lack is made by `derive` or stays null.
        schema: the table's columns in Arrow's types, with field ids.
        unique: whether rows of one event_id are copies, of which only the first is kept.
        derive: from a record batch, the columns to add, by name; runs in batches of any size.
        measure: from a finished record batch, numbers to add up over the hour, by name.
        left_out: a reason; rows that give it are counted as a measure of that name, and not written.
    """

    table: Table
    schema: pa.Schema
    unique: bool = True
    derive: Callable[[pa.RecordBatch], Mapping[str, pa.Array]] | None = None
    measure: Callable[[pa.RecordBatch], Mapping[str, int]] | None = None
    left_out: str = ""


@dataclass
class HourCount:
    """What was counted of one hour of one table; sums over the files that hold it."""

    rows: int = 0
    duplicates: int = 0
    measures: Counter[str] = field(default_factory=Counter)


@dataclass
class Written:
    """What a job wrote, before it is committed.

    Attributes:
        files: by table.
        counts: by table and hour.
    """

    files: dict[str, list[WrittenFile]] = field(default_factory=lambda: defaultdict(list))
    counts: dict[tuple[str, EventHour], HourCount] = field(default_factory=lambda: defaultdict(HourCount))

    @classmethod
    def of(cls, reports: Iterable[Any]) -> Written:
        """From rows of REPORT_SCHEMA: mappings, or Spark's rows."""
        written = cls()
        for report in reports:
            if report["uri"]:
                file = WrittenFile(report["table"], report["uri"], report["size"], report["footer"])
                written.files[file.table].append(file)
            for key, (rows, duplicates, measures) in json.loads(report["counts"]).items():
                count = written.counts[report["table"], EventHour.from_key(key)]
                count.rows += rows
                count.duplicates += duplicates
                count.measures.update(measures)
        return written

    def add(self, other: Written) -> None:
        """Add what another part of the same run wrote."""
        for table, files in other.files.items():
            self.files[table] += files
        for key, count in other.counts.items():
            total = self.counts[key]
            total.rows += count.rows
            total.duplicates += count.duplicates
            total.measures.update(count.measures)

    def count(self, table: Table, hour: EventHour) -> HourCount:
        """What was counted of an hour of a table; zeros if it has no row."""
        return self.counts.get((table.name, hour)) or HourCount()


def write_hours(rows: DataFrame, tier: str, tables: Mapping[str, TableFile], groups: Groups) -> Written:
    """Write every hour of every table found in `rows` below the tier; one shuffle, one pass.

    `rows` has PARTITION, `event_id`, `event_time` and columns of `tables`. Of equal event_ids the first one is kept:
    newest event_time, then the order of `domain.events.versions.copy_order`, which compares canonical lines; their
    keys are sorted, so comparing columns in the order of their names is the same, but for fields that the contract
    does not know. Copies always meet, however large the hour, because a group holds all rows of an event_id.

    Raises:
        SparkRunError: the run failed; what was written is an orphan.
    """
    from pyspark.sql import functions as F  # noqa: N812 - as everybody writes it

    others = sorted(set(rows.columns) - {PARTITION, "event_id", "event_time", "source"})
    tail = [F.col(name).desc_nulls_first() for name in (*others, "source") if name in rows.columns]
    spread = rows.repartition(groups.column()) if groups.count > 1 else rows.repartition(1)
    ordered = spread.sortWithinPartitions(PARTITION, "event_id", F.col("event_time").desc(), *tail)

    def write(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        return write_batches(batches, tier, tables)

    with told_in_one_line():
        return Written.of(ordered.mapInArrow(write, REPORT_SCHEMA).collect())


def write_batches(
    batches: Iterable[pa.RecordBatch], tier: str, tables: Mapping[str, TableFile]
) -> Iterator[pa.RecordBatch]:
    """One REPORT_SCHEMA batch per file written below `tier`, from batches sorted by PARTITION and event_id."""
    writer: _TableWriter | None = None
    try:
        for batch in batches:
            for partition, part in _runs(batch):
                table = partition.partition("/")[0]
                if writer is None or writer.name != table:
                    if writer is not None:
                        yield from writer.close()
                    writer = _TableWriter(tier, tables[table])
                yield from writer.add(partition, part)
        if writer is not None:
            yield from writer.close()
    except BaseException:
        if writer is not None:
            writer.abandon()
        raise


class _TableWriter:
    """Files of one table, and what is counted until the next one ends."""

    def __init__(self, tier: str, kind: TableFile) -> None:
        self.name = kind.table.name
        self._kind = kind
        self._cut = FileCut(TableFolder(tier, self.name), kind.schema)
        self._partition = ""
        self._hour: EventHour | None = None
        self._last_id: str | None = None
        self._counts: dict[EventHour, HourCount] = defaultdict(HourCount)

    def add(self, partition: str, rows: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        if partition != self._partition:
            self._partition, self._hour, self._last_id = partition, EventHour.from_path(partition), None
        hour = self._hour
        if hour is None:
            raise ValueError(f"not a partition of an event hour: {partition}")
        if self._kind.left_out:
            rows = self._without(rows, hour)
        if self._kind.unique:
            rows, repeats = self._without_repeats(rows)
        else:
            repeats = 0
        if rows.num_rows:
            finished = self._finished(rows, hour)
            done = self._cut.add(hour, finished)
            if done is not None:
                yield self._report(done)
            if self._kind.measure is not None:
                self._counts[hour].measures.update(self._kind.measure(finished))
        self._counts[hour].rows += rows.num_rows
        self._counts[hour].duplicates += repeats

    def close(self) -> Iterator[pa.RecordBatch]:
        done = self._cut.close()
        if done is not None or self._counts:
            yield self._report(done)

    def abandon(self) -> None:
        self._cut.abandon()

    def _report(self, file: WrittenFile | None) -> pa.RecordBatch:
        import pyarrow as pa

        counts = {hour.key: (c.rows, c.duplicates, c.measures) for hour, c in self._counts.items()}
        self._counts.clear()
        written = (file.uri, file.size, file.footer) if file is not None else ("", 0, "")
        return pa.RecordBatch.from_pylist(
            [dict(zip(_FIELDS, (self.name, *written, json.dumps(counts)), strict=True))]
        )

    def _without(self, rows: pa.RecordBatch, hour: EventHour) -> pa.RecordBatch:
        import pyarrow.compute as pc

        kept = rows.filter(pc.not_equal(rows.column("reason"), self._kind.left_out))
        if kept.num_rows < rows.num_rows:
            self._counts[hour].measures[self._kind.left_out] += rows.num_rows - kept.num_rows
        return kept

    def _without_repeats(self, rows: pa.RecordBatch) -> tuple[pa.RecordBatch, int]:
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        ids = rows.column("event_id")
        first = np.empty(len(ids), dtype=bool)
        first[:1] = ids[0].as_py() != self._last_id
        first[1:] = pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)
        self._last_id = ids[-1].as_py()
        repeats = len(ids) - int(first.sum())
        return (rows.filter(pa.array(first)) if repeats else rows), repeats

    def _finished(self, rows: pa.RecordBatch, hour: EventHour) -> pa.RecordBatch:
        import pyarrow as pa

        derived = self._kind.derive(rows) if self._kind.derive is not None else {}
        columns = []
        for column in self._kind.schema:
            values = derived.get(column.name)
            if column.name == EVENT_HOUR:
                values = pa.repeat(pa.scalar(hour.start, column.type), rows.num_rows)
            elif values is None and column.name in rows.schema.names:
                values = rows.column(column.name)
            columns.append(pa.nulls(rows.num_rows, column.type) if values is None else values.cast(column.type))
        return pa.RecordBatch.from_arrays(columns, schema=self._kind.schema)


def _runs(batch: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Neighbouring rows of one partition at a time."""
    import numpy as np
    import pyarrow.compute as pc

    names = batch.column(PARTITION)
    if len(names) == 0:
        return
    changes = np.flatnonzero(pc.not_equal(names[1:], names[:-1]).to_numpy(zero_copy_only=False)) + 1
    edges = [0, *changes.tolist(), len(names)]
    for start, end in itertools.pairwise(edges):
        yield names[start].as_py(), batch.slice(start, end - start)
