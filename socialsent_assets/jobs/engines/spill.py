"""An hour that does not fit into memory, sorted by DuckDB, which writes to disk what is too much.

Not here: the order itself and the sort in memory (row_order.py).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from socialsent_assets.jobs.engines.row_order import sort_keys
from socialsent_assets.lake.iceberg.data_files import ROWS_PER_GROUP

if TYPE_CHECKING:
    import pyarrow as pa

MEMORY = "512MB"


def in_order_on_disk(rows: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The rows, sorted, in batches; what does not fit into MEMORY lies in a folder that is removed at the end."""
    import duckdb
    import pyarrow as pa

    order = ", ".join(
        f'"{name}" {"asc" if order == "ascending" else "desc"} nulls first'
        for name, order, _ in sort_keys(schema.names)
    )
    with tempfile.TemporaryDirectory(prefix="socialsent-sort-") as folder:
        config: dict[str, Any] = {"memory_limit": MEMORY, "temp_directory": folder, "threads": 1}
        with duckdb.connect(config=config) as connection:
            landed = connection.from_arrow(pa.RecordBatchReader.from_batches(schema, rows))
            for batch in landed.order(order).to_arrow_reader(ROWS_PER_GROUP):
                yield batch.cast(schema)
