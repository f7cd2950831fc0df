"""The worker's half of a job: sorted rows in, one Parquet file per table and event hour out, and what was counted.

Spark has brought all rows of an hour of a table together, sorted by identity. Here repeats are dropped, rows
become exactly the columns of the contract, and the file is written. The bytes depend on the rows alone: not on
the other hours of the run, nor on the number of cores.

Not here: putting the files in their place (lake/commit.py), reading and judging lines (read_landing.py).
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import Table
from socialsent_assets.jobs.schemas import arrow_schema
from socialsent_assets.jobs.spark_errors import told_in_one_line
from socialsent_assets.lake.commit import PART, StagedFile, StagingArea

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    from pyspark.sql import DataFrame

ROWS_PER_GROUP = 65_536
"""Rows of a Parquet row group: fixed, so that Spark's batch size leaves no trace in the bytes."""

PARTITION = "partition"
"""Column that says where a row belongs: `<table>/dt=…/hr=…`."""

REPORT_SCHEMA = "partition string, key string, digest string, size long, rows long, duplicates long, measures string"


@dataclass(frozen=True)
class StagedHour:
    """One staged file: an hour of a table, its rows, the repeats dropped from it and what else was counted."""

    table: str
    hour: EventHour
    file: StagedFile
    rows: int
    duplicates: int
    measures: Mapping[str, Any]


@dataclass(frozen=True)
class TableFile:
    """How the rows of one table become a file.

    Attributes:
        table: its columns; a column that the rows lack is made by `derive` or stays null.
        unique: whether rows of one event_id are copies, of which only the first stands.
        derive: from a record batch, the columns to add, by name; runs in batches of any size.
        measure: from a finished record batch, numbers to add up over the file, by name.
    """

    table: Table
    unique: bool = True
    derive: Callable[[pa.RecordBatch], Mapping[str, pa.Array]] | None = None
    measure: Callable[[pa.RecordBatch], Mapping[str, int]] | None = None


def write_hours(rows: DataFrame, area: StagingArea, tables: Mapping[str, TableFile]) -> list[StagedHour]:
    """Write every hour of every table found in `rows` to `area`; one shuffle, one pass.

    `rows` has PARTITION, `event_id`, `event_time` and columns of `tables`. Of equal event_ids the first one
    stands: newest event_time, then the order of `domain.events.versions.copy_order`, which compares canonical
    lines; their keys are sorted, so comparing columns in the order of their names is the same, but for fields
    that the contract does not know.

    Raises:
        SparkRunError: the run failed; nothing but `area` was touched.
    """
    from pyspark.sql import functions as F  # noqa: N812 - as everybody writes it

    others = sorted(set(rows.columns) - {PARTITION, "event_id", "event_time", "source"})
    tail = [F.col(name).desc_nulls_first() for name in (*others, "source") if name in rows.columns]
    ordered = rows.repartition(PARTITION).sortWithinPartitions(
        PARTITION, "event_id", F.col("event_time").desc(), *tail
    )

    def write(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        return write_batches(batches, area, tables)

    with told_in_one_line():
        reports = ordered.mapInArrow(write, REPORT_SCHEMA).collect()
    return sorted((_staged(row) for row in reports), key=lambda staged: (staged.hour, staged.table))


def write_batches(
    batches: Iterable[pa.RecordBatch], area: StagingArea, tables: Mapping[str, TableFile]
) -> Iterator[pa.RecordBatch]:
    """One REPORT_SCHEMA batch per file written to `area` from batches sorted by PARTITION and event_id."""
    with area.scratch() as folder:
        file: _HourFile | None = None
        for batch in batches:
            for partition, part in _runs(batch):
                if file is None or file.partition != partition:
                    if file is not None:
                        yield file.close(area)
                    file = _HourFile(partition, folder, tables[partition.partition("/")[0]])
                file.add(part)
        if file is not None:
            yield file.close(area)


class _HourFile:
    """The file under way; rows wait until a row group is full."""

    def __init__(self, partition: str, folder: Path, kind: TableFile) -> None:
        import pyarrow.parquet as pq

        self.partition = partition
        self._name = f"{partition}/{PART}"
        self._path = folder / self._name
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._kind = kind
        self._schema = arrow_schema(kind.table)
        self._writer = pq.ParquetWriter(self._path, self._schema, compression="zstd")
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = 0
        self._last_id: str | None = None
        self._rows = self._duplicates = 0
        self._measures: Counter[str] = Counter()

    def add(self, rows: pa.RecordBatch) -> None:
        if self._kind.unique:
            rows = self._without_repeats(rows)
        finished = self._finished(rows)
        if self._kind.measure is not None:
            self._measures.update(self._kind.measure(finished))
        self._rows += finished.num_rows
        self._waiting.append(finished)
        self._waiting_rows += finished.num_rows
        if self._waiting_rows >= ROWS_PER_GROUP:
            self._write_groups(ROWS_PER_GROUP)

    def close(self, area: StagingArea) -> pa.RecordBatch:
        import pyarrow as pa

        self._write_groups(1)
        self._writer.close()
        kept = area.keep(self._name, self._path)
        report = {
            "partition": self.partition,
            **asdict(kept),
            "rows": self._rows,
            "duplicates": self._duplicates,
            "measures": json.dumps(self._measures),
        }
        return pa.RecordBatch.from_pylist([report])

    def _without_repeats(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        ids = rows.column("event_id")
        first = np.empty(len(ids), dtype=bool)
        first[:1] = ids[0].as_py() != self._last_id
        first[1:] = pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False)
        self._last_id = ids[-1].as_py()
        repeats = len(ids) - int(first.sum())
        self._duplicates += repeats
        return rows.filter(pa.array(first)) if repeats else rows

    def _finished(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        import pyarrow as pa

        derived = self._kind.derive(rows) if self._kind.derive is not None else {}
        columns = []
        for column in self._schema:
            values = derived.get(column.name)
            if values is None and column.name in rows.schema.names:
                values = rows.column(column.name)
            columns.append(pa.nulls(rows.num_rows, column.type) if values is None else values.cast(column.type))
        return pa.RecordBatch.from_arrays(columns, schema=self._schema)

    def _write_groups(self, at_least: int) -> None:
        import pyarrow as pa

        waiting = pa.Table.from_batches(self._waiting, schema=self._schema)
        while waiting.num_rows >= at_least:
            self._writer.write_table(waiting.slice(0, ROWS_PER_GROUP).combine_chunks(), row_group_size=ROWS_PER_GROUP)
            waiting = waiting.slice(ROWS_PER_GROUP)
        self._waiting = waiting.to_batches()
        self._waiting_rows = waiting.num_rows


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


def _staged(row: Any) -> StagedHour:
    hour = EventHour.from_path(row["partition"])
    if hour is None:
        raise ValueError(f"not a partition of an event hour: {row['partition']}")
    return StagedHour(
        table=row["partition"].partition("/")[0],
        hour=hour,
        file=StagedFile(row["key"], row["digest"], row["size"]),
        rows=row["rows"],
        duplicates=row["duplicates"],
        measures=json.loads(row["measures"]),
    )
