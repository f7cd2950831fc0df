"""The order in which an engine hands rows to `write_batches`, and the sort in memory.

Of equal event_ids the first one is kept: newest `event_time`, then the order of `domain.events.versions.copy_order`,
which compares canonical lines; their keys are sorted, so comparing columns in the order of their names is the same,
but for fields that the contract does not know.

Not here: hours that do not fit into memory (buckets.py), Spark's sort (partition_writer.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from socialsent_assets.jobs.partition_writer import PARTITION

if TYPE_CHECKING:
    import pyarrow as pa

SortKey = tuple[str, Literal["ascending", "descending"], Literal["at_start"]]
"""Column, direction, and where null goes, as Arrow takes it."""


def sort_keys(names: Iterable[str]) -> list[SortKey]:
    """The order over rows of these columns; null comes before every value, in either direction."""
    present = set(names)
    others = sorted(present - {PARTITION, "event_id", "event_time", "source"})
    ascending = (PARTITION, "event_id")
    keys = (*ascending, "event_time", *others, "source")
    return [
        (name, "ascending" if name in ascending else "descending", "at_start") for name in keys if name in present
    ]


def in_order(rows: pa.Table) -> pa.Table:
    """The rows, sorted in memory."""
    import pyarrow.compute as pc

    rows = rows.combine_chunks()
    return rows.take(pc.sort_indices(comparable(rows), sort_keys=sort_keys(rows.column_names)))


def comparable(rows: pa.Table) -> pa.Table:
    """The rows with lists as text that compares as they do, element by element."""
    import pyarrow as pa

    for index, column in enumerate(rows.schema):
        if pa.types.is_list(column.type):
            rows = rows.set_column(index, column.name, _as_text(rows.column(index)))
    return rows


def _as_text(lists: pa.ChunkedArray) -> pa.ChunkedArray:
    """Every element ends with two NUL; a NUL inside of one is followed by U+0001, so that it sorts after an end."""
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = lists.combine_chunks()
    ended = pc.binary_join_element_wise(pc.replace_substring(whole.values, "\0", "\0\x01"), "", "\0\0")
    texts = pa.ListArray.from_arrays(whole.offsets, ended, mask=whole.is_null())
    return pa.chunked_array([pc.binary_join(texts, "")])
