"""Tables whose history is gone: every snapshot but the current ones expires, and the files that it alone named go.

Not here: rows of the current snapshots, which are built again from landing; the daily upkeep (lake/upkeep.py).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path

from socialsent_assets.erasure.needles import Wanted
from socialsent_assets.erasure.traces import traces_in, traces_in_content
from socialsent_assets.lake.history import existing_tables
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.base import Storage
from socialsent_assets.lake.turns import publishing
from socialsent_assets.lake.upkeep import expire_all, named_files


def forget_history(lake: Lake, needles: Sequence[str]) -> tuple[int, int]:
    """Snapshots expired and files removed. `history`, `--as-of` and `undo` reach back to this moment, no further.

    A file that no snapshot names goes if one of the snapshots named it, or if it holds a trace: such a file was left
    by a build that was killed. A build at work whose file goes finds its hours stale, and builds them again.

    Raises:
        CommitConflictError, ValueError: a build commits at this moment; the same may work later.
    """
    snapshots = removed = 0
    for table in existing_tables(lake):
        before = named_files(lake.table(table))
        # A scoring in its turn is about to pin the snapshots of the cleansed tables that it read.
        with publishing(lake, "score", f"erase-{uuid.uuid4().hex}"):
            snapshots += expire_all(lake, table)
        kept = named_files(lake.table(table))
        storage = lake.tier(table.tier)
        for info in storage.walk(table.name):
            path = storage.path(info.key)
            if path in kept:
                continue
            if path in before or _has_traces(storage, info.key, needles):
                storage.delete(info.key)
                removed += 1
    return snapshots, removed


def _has_traces(storage: Storage, key: str, needles: Sequence[str]) -> bool:
    if not storage.is_remote:
        return bool(traces_in(Path(storage.path(key)), needles))
    return any(traces_in_content(storage.path(key), storage.read(key), Wanted.of(needles)))
