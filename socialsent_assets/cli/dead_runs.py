"""Runs whose process is gone: a killed process cannot report it, and its run would be `started` indefinitely.

Such a run would keep its hours from the sensor and its place in the run queue.

Not here: runs of the daemon while it lives; it watches them itself (run_monitoring in dagster.yaml).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import dagster as dg


def fail_orphans(instance: dg.DagsterInstance) -> int:
    """Mark every started run as failed whose processes have all ended; returns how many there were."""
    import dagster as dg

    started = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING])
    orphans = [run for run in instance.get_runs(started) if not _is_alive(instance, run.run_id)]
    for run in orphans:
        instance.report_run_failed(run, message="Its process ended without finishing it.")
    return len(orphans)


def _is_alive(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether a process that worked on the run still exists; Dagster notes their ids in the run's events."""
    import dagster as dg
    import psutil

    entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
    events = [entry.dagster_event for entry in entries if entry.dagster_event is not None]
    noted = [event.engine_event_data.metadata.get("pid") for event in events]
    pids = {int(str(value.value)) for value in noted if value is not None}
    return any(psutil.pid_exists(pid) for pid in pids)
