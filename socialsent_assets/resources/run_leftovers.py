"""Deletes what Dagster keeps of deleted runs, and logs of ticks, which Dagster never deletes.

A refresh evaluates 119 checks, which are 0.2 MB of rows without indexes; they would stay when the run is deleted,
300 MB for a day of minute runs. SQLite also keeps a deleted run's tags: Dagster declares that they go with it, but
does not switch that on.

Not here: which runs are deleted (run_history.py), how long ticks themselves are kept (`retention` in dagster.yaml).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import dagster as dg
import sqlalchemy as sa

# Dagster offers no public name for its tables; tests/resources/test_run_history.py runs them.
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._core.storage.runs.schema import RunsTable, RunTagsTable
from dagster._core.storage.runs.sql_run_storage import SqlRunStorage

REPOSITORY = "__repository__"
"""Dagster's name of what one `Definitions` holds: the first folder of a tick's logs."""
_AT_ONCE = 500  # ids in one statement; SQLite takes 32,766 values


def delete_leftovers(instance: dg.DagsterInstance) -> int:
    """Delete tags and check evaluations whose run is gone; returns the number of evaluations.

    The newest evaluation of each check stays, because the UI shows it whatever became of its run. What runs left
    before this existed is deleted too.
    """
    runs, events = instance.run_storage, instance.event_log_storage
    if not isinstance(runs, SqlRunStorage) or not isinstance(events, SqlEventLogStorage):
        return 0
    checks = AssetCheckExecutionsTable.c
    newest = sa.select(sa.func.max(checks.id)).group_by(checks.asset_key, checks.check_name, checks.partition)
    deleted = 0
    with events.index_connection() as index:
        # Before the runs are read: a run that begins meanwhile is then among them.
        evaluated: list[str] = list(index.execute(sa.select(checks.run_id).distinct()).scalars())
    for gone in _chunks(_without_run(runs, (run_id for run_id in evaluated if run_id))):
        with events.index_connection() as index:
            done = index.execute(
                AssetCheckExecutionsTable.delete().where(checks.run_id.in_(gone), checks.id.not_in(newest))
            )
            deleted += done.rowcount
    with runs.connect() as connection:
        connection.execute(RunTagsTable.delete().where(RunTagsTable.c.run_id.not_in(sa.select(RunsTable.c.run_id))))
    return deleted


def delete_tick_logs(instance: dg.DagsterInstance, before: datetime, most: int) -> int:
    """Delete logs of ticks that were written before `before`, and all but the newest `most` of each sensor and
    schedule; returns the number of ticks. On AWS they are the log group's own matter.
    """
    manager = instance.compute_log_manager
    if not isinstance(manager, LocalComputeLogManager):
        return 0
    root = Path(manager.get_captured_local_path([REPOSITORY, "any"], "err")).parent
    deleted = 0
    for folder in sorted(path for path in root.glob("*") if path.is_dir()):
        written: dict[int, float] = {}
        for file in folder.iterdir():
            if file.stem.isdecimal():
                written[int(file.stem)] = max(file.stat().st_mtime, written.get(int(file.stem), 0.0))
        for number, tick in enumerate(sorted(written, reverse=True)):
            if number >= most or written[tick] < before.timestamp():
                manager.delete_logs(log_key=[REPOSITORY, folder.name, str(tick)])
                deleted += 1
    return deleted


def _without_run(runs: SqlRunStorage, run_ids: Iterable[str]) -> Iterator[str]:
    for chunk in _chunks(run_ids):
        with runs.connect() as connection:
            found = connection.execute(sa.select(RunsTable.c.run_id).where(RunsTable.c.run_id.in_(chunk)))
            there: set[str] = set(found.scalars())
        yield from (run_id for run_id in chunk if run_id not in there)


def _chunks(run_ids: Iterable[str]) -> Iterator[list[str]]:
    left = iter(run_ids)
    while chunk := list(itertools.islice(left, _AT_ONCE)):
        yield chunk
