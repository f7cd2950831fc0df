"""Rows of a large hour in buckets on disk: all copies of an event lie in one bucket, and a bucket fits into memory.

Not here: the order of rows (row_order.py), which hours are large (jobs/grouping.py).
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from socialsent_assets.lake.iceberg.data_files import ROWS_PER_GROUP

if TYPE_CHECKING:
    import pyarrow as pa

_BUCKET = "hash(coalesce(event_id, raw, source_object)) % {count}"
"""A line without an event_id is in quarantine, where no row is a copy: it may lie in any bucket."""


class Buckets:
    """Arrow streams in a folder, one for each bucket. Threads may add at the same time; then `close`, then `read`.

    Attributes:
        count: number of buckets.
    """

    def __init__(self, folder: Path, schema: pa.Schema, count: int) -> None:
        import pyarrow as pa

        self.count = count
        self._paths = [folder / f"{number}.arrows" for number in range(count)]
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        self._open = ExitStack()
        self._streams = [
            self._open.enter_context(pa.ipc.new_stream(path, schema, options=options)) for path in self._paths
        ]
        self._locks = [threading.Lock() for _ in self._paths]

    def add(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Spread rows over the buckets. Raises OSError where the disk is full."""
        import duckdb
        import pyarrow as pa

        waiting: list[pa.RecordBatch] = []
        with duckdb.connect(config={"threads": 1}) as connection:
            for batch in batches:
                waiting.append(batch)
                if sum(rows.num_rows for rows in waiting) >= ROWS_PER_GROUP:
                    self._spread(pa.Table.from_batches(waiting), connection)
                    waiting.clear()
            if waiting:
                self._spread(pa.Table.from_batches(waiting), connection)

    def close(self) -> None:
        """End every stream; nothing can be added from here on."""
        self._open.close()

    def read(self, number: int) -> pa.Table:
        """Rows of one bucket, in no order."""
        import pyarrow as pa

        with pa.ipc.open_stream(self._paths[number]) as stream:
            return stream.read_all()

    def _spread(self, rows: pa.Table, connection: Any) -> None:
        import numpy as np

        hashed = connection.from_arrow(rows).project(_BUCKET.format(count=self.count)).fetchnumpy()
        (numbers,) = hashed.values()
        order = np.argsort(numbers, kind="stable")
        ends = np.searchsorted(numbers[order], np.arange(self.count + 1))
        for number, (start, end) in enumerate(itertools.pairwise(ends)):
            if start < end:
                own = rows.take(order[start:end])
                with self._locks[number]:
                    self._streams[number].write_table(own)
