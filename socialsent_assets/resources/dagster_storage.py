"""Dagster's runs and events on one machine: its own SQLite storage, with many events in one transaction.

Dagster writes an event for every asset and day of a run, and its SQLite storage gives each two transactions: 24 days
of 18 assets took 10.8 CPU seconds, here 0.8 (benchmarks/dagster_events.py). Files and tables are Dagster's own, so
`storage.custom` may be taken out of dagster.yaml at any time. AWS has Dagster's PostgreSQL.

Not here: which events there are (Dagster, defs/), how long ticks are kept (`retention` in dagster.yaml)
and runs (run_history.py).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import dagster as dg

# Dagster offers storages to subclass, but not under a public name; tests/resources/test_dagster_storage.py runs them.
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationPlanned
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine
from sqlalchemy.pool import NullPool

from socialsent_assets.domain.events.hour_set import days_of, parse_hour_set
from socialsent_assets.lake.storage.file_lock import exclusive

HOURS_TAG = "socialsent/hours"
"""Tag of a run: the hours of its days that it builds (domain/events/hour_set.py)."""
EVENTS_AT_ONCE = "500"
_PATIENCE_S = 60.0  # for another process to create the tables
_BATCH_SIZE = "DAGSTER_EVENT_BATCH_SIZE"  # Dagster stores one event at a time unless this is set


class BatchedEventLog(SqliteEventLogStorage):
    """Dagster's event log with one transaction for a batch of materializations."""

    @property
    def supports_partition_subset_in_asset_materialization_planned_events(self) -> bool:
        """One event plans all days of an asset in a run, instead of one event for each day.

        The price: days of a run that failed are not marked as failed in the UI; the run and its hours are.
        """
        return True

    def store_event_batch(self, events: Sequence[dg.EventLogEntry]) -> None:
        """Store events of one run; a batch that holds anything but materializations goes the usual way."""
        kinds = {event.get_dagster_event().event_type for event in events}
        if kinds != {dg.DagsterEventType.ASSET_MATERIALIZATION}:
            super().store_event_batch(events)
            return
        built = self._days_built(events[0].run_id)
        events = [event for event in events if built is None or event.get_dagster_event().partition in built]
        if not events:
            return
        rows = [self._event_to_row(event) for event in events]
        insert = SqlEventLogStorageTable.insert()
        with self.run_connection(events[0].run_id) as run:
            run.execute(insert, rows)
        with self.index_connection() as index:  # queries across runs
            ids = index.execute(insert.returning(SqlEventLogStorageTable.c.id, sort_by_parameter_order=True), rows)
            numbers: list[int] = list(ids.scalars())
            self._store_asset_event_tags(index, events, numbers)
            newest = {str(event.get_dagster_event().asset_key): at for at, event in enumerate(events)}
            for at in newest.values():
                self._store_asset_event(index, events[at], numbers[at])

    @lru_cache(maxsize=8)  # noqa: B019 - one storage lives as long as its process
    def _days_built(self, run_id: str) -> frozenset[str] | None:
        """Days of the hours that a run builds; None if it builds its whole range.

        A run has one range of days, and Dagster reports every day of it as materialized: between two hours that lie
        years apart, hundreds that hold nothing.
        """
        run = self._instance.get_run_by_id(run_id) if self.has_instance else None
        asked = run.tags.get(HOURS_TAG) if run is not None else None
        return None if asked is None else frozenset(days_of(parse_hour_set(asked)))

    def _store_asset_check_evaluation_planned(self, event: dg.EventLogEntry, event_id: int | None) -> None:
        """One row for a check of a run. Our checks evaluate the run's hours together, but Dagster would plan each for
        every day of the run: 75,000 rows for 97 hours of three years.
        """
        planned = cast(AssetCheckEvaluationPlanned, event.get_dagster_event().event_specific_data)
        whole = AssetCheckEvaluationPlanned(asset_key=planned.asset_key, check_name=planned.check_name)
        super()._store_asset_check_evaluation_planned(
            event._replace(dagster_event=event.get_dagster_event()._replace(event_specific_data=whole)), event_id
        )

    def delete_events(self, run_id: str) -> None:
        """Delete a run's events and the file that only they were in, which Dagster would leave behind."""
        super().delete_events(run_id)
        file = Path(self.path_for_shard(run_id))
        for path in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
            path.unlink(missing_ok=True)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Any]:
        """A connection that waits for the disk at checkpoints only, as SQLite advises for write-ahead logs.

        A power cut may cost the last events, never the file.
        """
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                connection.exec_driver_sql("pragma synchronous = normal")
                yield connection

    @lru_cache(maxsize=8)  # noqa: B019 - as above
    def _engine(self, shard: str) -> Engine:
        """The engine of a file, which remembers the SQL of its statements and holds no connection.

        Dagster makes one for every connection, and so writes every statement's SQL anew: for each of a run's events.
        """
        waiting = {"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
        return create_engine(self.conn_string_for_shard(shard), poolclass=NullPool, connect_args=waiting)


class BatchedSqliteStorage(DagsterSqliteStorage):
    """`DagsterSqliteStorage` with a `BatchedEventLog`; dagster.yaml names it as `storage.custom`."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        os.environ.setdefault(_BATCH_SIZE, EVENTS_AT_ONCE)
        # Of two processes that create the tables of one home at once, Dagster lets one fail, or both.
        with exclusive(Path(base_dir) / "history" / ".open.lock", _PATIENCE_S):
            super().__init__(base_dir, inst_data)
            self._event_log_storage = BatchedEventLog(str(Path(base_dir) / "history" / "runs"))

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> BatchedSqliteStorage:
        """For Dagster, from the values of dagster.yaml."""
        return cls(inst_data=inst_data, **config_value)
