"""Parquet data files of a table: written where they will stay, described for a commit.

Until a commit names a file, no reader finds it; what a killed run leaves behind is an orphan that lake/upkeep.py
removes. Workers write and describe files; the driver only receives the descriptions.

Not here: which rows (jobs/), the commit (commit.py).
"""

from __future__ import annotations

import base64
import io
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.lake.storage.open import storage_at

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table as IcebergTable

ROWS_PER_GROUP = 65_536
"""Rows of a Parquet row group: fixed, so that the size of incoming batches leaves no trace in the bytes."""

ROWS_PER_FILE = 250_000
"""Rows after which a file ends with the hour that it holds.

Small hours share a file, so that a sparse history costs no file per hour; a late event then rewrites at most this
many rows of its neighbours (0.3 CPU-s).
"""

LARGEST_FILE_ROWS = 1_000_000
"""Rows after which a file ends in the middle of an hour: about 100 MB of posts."""

DATA = "data"


@dataclass(frozen=True)
class WrittenFile:
    """One finished file of one month.

    Attributes:
        table: `posts`, ….
        uri: as the commit names it.
        size: in bytes.
        footer: the Parquet footer, base64: statistics for the commit without another request.
    """

    table: str
    uri: str
    size: int
    footer: str


@dataclass(frozen=True)
class TableFolder:
    """Where files of one table go: two strings, so that every task can carry it.

    Attributes:
        tier: URI of the tier.
        table: name of the table.
    """

    tier: str
    table: str

    def writer(self, schema: pa.Schema, month: str) -> FileWriter:
        """A new file of `month` (`2026-11`)."""
        return FileWriter(self, schema, f"{self.table}/{DATA}/{month}/{uuid.uuid4().hex}.parquet")


class FileWriter:
    """A file under way; rows wait until a row group is full. Close it, or abandon it.

    Attributes:
        rows: rows added so far.
    """

    def __init__(self, folder: TableFolder, schema: pa.Schema, key: str) -> None:
        import pyarrow.parquet as pq

        self.rows = 0
        self._folder = folder
        self._schema = schema
        self._key = key
        self._storage = storage_at(folder.tier)
        self._scratch = self._storage.scratch(key.rpartition("/")[0])
        self._path: Path = self._scratch.__enter__() / key.rpartition("/")[2]
        self._footers: list[Any] = []
        self._parquet = pq.ParquetWriter(
            self._path, schema, compression="zstd", store_schema=False, metadata_collector=self._footers
        )
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = 0

    def add(self, rows: pa.RecordBatch) -> None:
        """Add rows of the file's schema."""
        self.rows += rows.num_rows
        self._waiting.append(rows)
        self._waiting_rows += rows.num_rows
        if self._waiting_rows >= ROWS_PER_GROUP:
            self._write_groups(ROWS_PER_GROUP)

    def close(self) -> WrittenFile:
        """Finish the file and put it in its place. Raises OSError when the disk is full, or as storage does."""
        try:
            self._write_groups(1)
            self._parquet.close()
            size = self._path.stat().st_size
            self._storage.adopt(self._key, self._path)
        finally:
            self._scratch.__exit__(None, None, None)
        footer = io.BytesIO()
        self._footers[0].write_metadata_file(footer)
        return WrittenFile(
            table=self._folder.table,
            uri=_uri(self._storage.path(self._key)),
            size=size,
            footer=base64.b64encode(footer.getvalue()).decode("ascii"),
        )

    def abandon(self) -> None:
        """Remove what was written."""
        self._parquet.close()
        self._path.unlink(missing_ok=True)
        self._scratch.__exit__(None, None, None)

    def _write_groups(self, at_least: int) -> None:
        import pyarrow as pa

        waiting = pa.Table.from_batches(self._waiting, schema=self._schema)
        while waiting.num_rows >= at_least:
            self._parquet.write_table(
                waiting.slice(0, ROWS_PER_GROUP).combine_chunks(), row_group_size=ROWS_PER_GROUP
            )
            waiting = waiting.slice(ROWS_PER_GROUP)
        self._waiting = waiting.to_batches()
        self._waiting_rows = waiting.num_rows


def write_runs(
    folder: TableFolder, schema: pa.Schema, runs: Iterable[tuple[EventHour, pa.RecordBatch]]
) -> Iterator[WrittenFile]:
    """Files of rows that come hour by hour, in order; see ROWS_PER_FILE for where they are cut.

    Args:
        folder: of the table.
        schema: of `arrow_schema_of`.
        runs: (hour, its rows), the same hour several times in a row if it is large.
    """
    cut = FileCut(folder, schema)
    try:
        for hour, rows in runs:
            done = cut.add(hour, rows)
            if done is not None:
                yield done
        last = cut.close()
        if last is not None:
            yield last
    except BaseException:
        cut.abandon()
        raise


class FileCut:
    """Cuts a stream of rows, hour by hour, into files of one month and a bounded number of rows."""

    def __init__(self, folder: TableFolder, schema: pa.Schema) -> None:
        self._folder = folder
        self._schema = schema
        self._file: FileWriter | None = None
        self._month = ""
        self._hour: EventHour | None = None

    def add(self, hour: EventHour, rows: pa.RecordBatch) -> WrittenFile | None:
        """Add rows of an hour; returns the file that ended before them, if one did."""
        month = f"{hour.start:%Y-%m}"
        done = self.close() if self._file is not None and self._is_full(self._file, month, hour) else None
        if self._file is None:
            self._file = self._folder.writer(self._schema, month)
        self._file.add(rows)
        self._month, self._hour = month, hour
        return done

    def close(self) -> WrittenFile | None:
        """End the file under way; None if there is none."""
        file, self._file = self._file, None
        return file.close() if file is not None else None

    def abandon(self) -> None:
        """Remove the file under way."""
        file, self._file = self._file, None
        if file is not None:
            file.abandon()

    def _is_full(self, file: FileWriter, month: str, hour: EventHour) -> bool:
        if month != self._month or file.rows >= LARGEST_FILE_ROWS:
            return True
        return hour != self._hour and file.rows >= ROWS_PER_FILE


def describe(table: IcebergTable, file: WrittenFile) -> DataFile:
    """The file as a manifest names it: partition, size and column statistics, from its footer."""
    import pyarrow.parquet as pq
    from pyiceberg.io.pyarrow import (
        compute_statistics_plan,
        data_file_statistics_from_parquet_metadata,
        parquet_path_to_id_mapping,
    )
    from pyiceberg.manifest import DataFile, DataFileContent, FileFormat

    metadata = table.metadata
    statistics = data_file_statistics_from_parquet_metadata(
        parquet_metadata=pq.read_metadata(io.BytesIO(base64.b64decode(file.footer))),
        stats_columns=compute_statistics_plan(metadata.schema(), metadata.properties),
        parquet_column_mapping=parquet_path_to_id_mapping(metadata.schema()),
    )
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=file.uri,
        file_format=FileFormat.PARQUET,
        partition=statistics.partition(metadata.spec(), metadata.schema()),
        file_size_in_bytes=file.size,
        sort_order_id=None,
        spec_id=metadata.default_spec_id,
        equality_ids=None,
        key_metadata=None,
        **statistics.to_serialized_dict(),
    )


def _uri(path: str) -> str:
    return path if "://" in path else f"file://{path}"
