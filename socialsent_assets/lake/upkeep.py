"""Upkeep of the tables: small files become large ones, old snapshots go, and files that nothing names are removed.

Not here: when it runs (defs/upkeep.py), retention of landing.
"""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from socialsent_assets.domain.tables import Table
from socialsent_assets.lake.builds import PINS, RECEIPT_TABLES, pins_of, read_builds, table_name, write_receipts
from socialsent_assets.lake.erasure_ledger import consulted_ledger, ledger_folder
from socialsent_assets.lake.history import existing_tables
from socialsent_assets.lake.iceberg.commit import replace_files
from socialsent_assets.lake.iceberg.data_files import ROWS_PER_FILE
from socialsent_assets.lake.iceberg.scan import ScannedFile, files_of
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.turns import Turn, publishing

if TYPE_CHECKING:
    from pyiceberg.table import Table as IcebergTable

SNAPSHOTS_KEPT_FOR = timedelta(hours=24)
MOST_SNAPSHOTS = 200
"""Per table, whatever their age: the catalog's metadata names each, and every commit writes it anew."""

ORPHANS_KEPT_FOR = timedelta(hours=24)
"""A running job's files are named by no snapshot until it commits."""

FEWEST_FILES = 4  # of a month that are worth a rewrite


@dataclass(frozen=True)
class Upkeep:
    """What was done to one table.

    Attributes:
        files_before, files_after: data files of the current snapshot.
        snapshots_expired: snapshots that can no longer be read.
        orphans_removed: files that no snapshot named; orphan_bytes: their size.
    """

    table: str
    files_before: int
    files_after: int
    snapshots_expired: int
    orphans_removed: int
    orphan_bytes: int


def keep_up(lake: Lake, now: datetime, keep: timedelta = SNAPSHOTS_KEPT_FOR) -> list[Upkeep]:
    """Compact, expire and clean every table. Safe to repeat, and beside running builds.

    Raises:
        CommitConflictError: other runs commit to a table all the time.
    """
    run = f"upkeep-{uuid.uuid4().hex}"
    done = []
    for table in existing_tables(lake):
        before = len(files_of(lake.table(table)))
        with consulted_ledger(ledger_folder(lake.landing.uri)):  # an erasure then finds every compacted file
            _compact(lake, table, run)
        after = len(files_of(lake.table(table)))
        expired = _expire(lake.table(table), _pinned(lake, table), now - keep)
        removed = _remove_orphans(lake, table, now)
        done.append(Upkeep(table_name(table), before, after, expired, len(removed), sum(removed)))
    return done


def _compact(lake: Lake, table: Table, run: str) -> None:
    """Rewrite the small files of each month as few; rows do not change."""
    by_month: dict[str, list[ScannedFile]] = defaultdict(list)
    for file in files_of(lake.table(table)):
        if file.rows < ROWS_PER_FILE // 2:
            by_month[f"{file.first.start:%Y-%m}"].append(file)
    for month, files in by_month.items():
        if len(files) >= FEWEST_FILES:
            with ExitStack() as turns:
                jobs = ("cleanse", "score") if table.tier == "cleansed" else ("score",)
                taken = [turns.enter_context(publishing(lake, job, run)) for job in jobs]
                _compact_month(lake, table, month, taken)


def _compact_month(lake: Lake, table: Table, month: str, turns: Sequence[Turn]) -> None:
    loaded = lake.table(table)
    files = [
        file
        for file in files_of(loaded)  # builds may have changed it while this waited for its turn
        if f"{file.first.start:%Y-%m}" == month and file.rows < ROWS_PER_FILE // 2
    ]
    # Receipts carry the pins of their tables: a snapshot without them would hide every table from readers.
    job = next((job for job, own in RECEIPT_TABLES.items() if own is table), None)
    kept = {} if job is None else {PINS: json.dumps(pins_of(job, loaded))}
    snapshot = replace_files(loaded, lake.folder(table), files, turns[0].run, kept)
    if snapshot is None or job is not None:
        return
    # Readers see the compacted files when the newest receipt of the tier is written again, with the new pin.
    builds = read_builds(lake)
    for turn in turns:
        pins = builds.pins if turn.job == "cleanse" else builds.scored_pins
        receipts = builds.receipts(turn.job)
        if receipts and table_name(table) in pins:
            turn.check(lake)
            newest, changed = receipts[max(receipts)], {**pins, table_name(table): snapshot}
            write_receipts(lake, turn.job, [newest], changed, turn.run, "compact", turn.snapshot)


def _pinned(lake: Lake, table: Table) -> set[int]:
    builds = read_builds(lake)
    return {pins[name] for pins in (builds.pins, builds.scored_pins) if (name := table_name(table)) in pins}


def _expire(table: IcebergTable, pinned: Collection[int], before: datetime) -> int:
    snapshots = sorted(table.snapshots(), key=lambda snapshot: snapshot.timestamp_ms)
    current = table.current_snapshot()
    protected = {*pinned, *([current.snapshot_id] if current is not None else [])}
    surplus = len(snapshots) - MOST_SNAPSHOTS
    old = [
        snapshot.snapshot_id
        for number, snapshot in enumerate(snapshots)
        if snapshot.snapshot_id not in protected
        and (number < surplus or snapshot.timestamp_ms < before.timestamp() * 1000)
    ]
    if old:
        table.maintenance.expire_snapshots().by_ids(old).commit()
    return len(old)


def expire_all(lake: Lake, table: Table) -> int:
    """Expire every snapshot but the current one and those that receipts pin; how many."""
    return _expire(lake.table(table), _pinned(lake, table), datetime.max.replace(tzinfo=UTC))


def _remove_orphans(lake: Lake, table: Table, now: datetime) -> list[int]:
    """Delete files below the table that no kept snapshot names; their sizes."""
    loaded = lake.table(table)
    named = named_files(loaded)
    storage = lake.tier(table.tier)
    youngest = now - ORPHANS_KEPT_FOR
    removed = []
    for info in storage.walk(table.name):
        uri = storage.path(info.key)
        if uri not in named and storage.changed_at(info.key) < youngest:
            storage.delete(info.key)
            removed.append(info.size)
    return removed


def named_files(table: IcebergTable) -> set[str]:
    """Paths of everything that the table's metadata names: metadata, manifest lists, manifests and data files."""
    named = {table.metadata_location, *(entry.metadata_file for entry in table.metadata.metadata_log)}
    for snapshot in table.snapshots():
        named.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            named.add(manifest.manifest_path)
            entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
            named.update(entry.data_file.file_path for entry in entries)
    return {name.removeprefix("file://") for name in named}
