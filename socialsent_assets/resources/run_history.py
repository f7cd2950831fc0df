"""Retention of Dagster's run history: runs, their events and their compute logs.

A refresh every minute is 1,440 runs a day, each with a file of events. Dagster keeps all of them; `retention` in
dagster.yaml covers ticks alone.

Not here: when it happens (defs/run_history.py), what Dagster leaves of a deleted run (run_leftovers.py), snapshots
of the lake's tables (lake/upkeep.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import dagster as dg

FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_PAGE = 100


def delete_old_runs(instance: dg.DagsterInstance, before: datetime, most: int) -> int:
    """Delete finished runs that began before `before`, and the oldest beyond the newest `most`; returns their number.

    A run that was the last to build a partition of an asset stays, because the UI would show that partition as
    never built. Safe to repeat and to break off.
    """
    kept = runs_of_latest_builds(instance)
    surplus = instance.get_runs_count(dg.RunsFilter(statuses=FINISHED)) - most
    old = [
        record.dagster_run.run_id
        for number, record in enumerate(_finished_runs(instance))
        if number < surplus or record.create_timestamp < before
    ]
    deleted = [run_id for run_id in old if run_id not in kept]
    for run_id in deleted:
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        instance.delete_run(run_id)
    return len(deleted)


def runs_of_latest_builds(instance: dg.DagsterInstance) -> set[str]:
    """Ids of the runs that last built each asset, or each of its partitions."""
    runs = set()
    for key in instance.all_asset_keys():
        latest = instance.get_latest_materialization_event(key)
        if latest is not None:
            runs.add(latest.run_id)
        by_partition = instance.event_log_storage.get_latest_storage_id_by_partition(
            key, dg.DagsterEventType.ASSET_MATERIALIZATION
        )
        ids = sorted(by_partition.values())
        for start in range(0, len(ids), _PAGE):
            page = ids[start : start + _PAGE]
            found = instance.fetch_materializations(dg.AssetRecordsFilter(key, storage_ids=page), limit=len(page))
            runs.update(record.run_id for record in found.records)
    return runs


def _finished_runs(instance: dg.DagsterInstance) -> Iterator[dg.RunRecord]:
    """Every finished run, oldest first."""
    cursor = None
    while page := instance.get_run_records(
        dg.RunsFilter(statuses=FINISHED), limit=_PAGE, cursor=cursor, ascending=True
    ):
        yield from page
        cursor = page[-1].dagster_run.run_id
