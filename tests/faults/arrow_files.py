"""Data files whose content stays an Arrow table in memory, in the place of Parquet files: a schedule reads hundreds.

The bytes of such a file are a mark by which its table is found, so it can be stored, carried over, damaged and lost
as any other. Schedules on a real lake read and write Parquet.

Not here: where files are kept (memory_storage.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

import pyarrow as pa


class ArrowFiles:
    """The tables of one schedule by the bytes of their files; its methods replace those of `pyarrow.parquet`."""

    def __init__(self) -> None:
        self._tables: dict[bytes, pa.Table] = {}

    def table(self, content: bytes) -> pa.Table:
        """What a file holds. Raises ArrowInvalid for other bytes."""
        try:
            return self._tables[content]
        except KeyError:
            raise pa.ArrowInvalid("not a file of this schedule") from None

    def writer(self, path: Path, schema: pa.Schema, *, metadata_collector: list[Any], **_: Any) -> _Writer:
        """`ParquetWriter`."""
        return _Writer(self, path, schema, metadata_collector)

    def file(self, source: BinaryIO, **_: Any) -> _File:
        """`ParquetFile`."""
        return _File(self.table(source.read()))

    def read_table(self, source: BinaryIO) -> pa.Table:
        """`read_table`."""
        return self.table(source.read())

    def keep(self, table: pa.Table) -> bytes:
        """A table under new bytes."""
        mark = b"arrow table %08d of %08d rows" % (len(self._tables), table.num_rows)
        self._tables[mark] = table
        return mark


class _Writer:
    def __init__(self, files: ArrowFiles, path: Path, schema: pa.Schema, footers: list[Any]) -> None:
        self._files, self._path, self._schema, self._footers = files, path, schema, footers
        self._parts: list[pa.Table] = []

    def write_table(self, table: pa.Table, **_: Any) -> None:
        self._parts.append(table)

    def close(self) -> None:
        whole = pa.concat_tables([self._schema.empty_table(), *self._parts]).combine_chunks()
        mark = self._files.keep(whole)
        self._path.write_bytes(mark)
        self._footers.append(SimpleNamespace(write_metadata_file=lambda target: target.write(mark)))


class _File:
    def __init__(self, table: pa.Table) -> None:
        self._table = table
        column = SimpleNamespace(statistics=None)
        self.metadata = SimpleNamespace(
            schema=SimpleNamespace(names=table.column_names),
            num_row_groups=1,
            row_group=lambda _: SimpleNamespace(column=lambda _: column),
        )

    def iter_batches(self, batch_size: int) -> Iterator[pa.RecordBatch]:
        yield from self._table.to_batches(batch_size)

    def read(self, **_: Any) -> pa.Table:
        return self._table

    def read_row_groups(self, groups: list[int], columns: list[str], **_: Any) -> pa.Table:
        return self._table.select(columns) if groups else self._table.select(columns).slice(0, 0)
