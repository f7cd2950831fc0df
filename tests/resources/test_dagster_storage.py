"""Dagster's events in batches: the answers of Dagster's own storage, from a fraction of its transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml

from socialsent_assets.defs.partitions import EVENT_DAYS, run_tags
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.lake.storage.file_lock import BusyError, exclusive
from socialsent_assets.resources import dagster_storage
from socialsent_assets.resources.dagster_storage import BatchedEventLog, BatchedSqliteStorage
from socialsent_assets.settings import PROJECT_ROOT

SPARSE = [EventHour.from_key(key) for key in ("2024-01-03-09:00", "2026-05-16-07:00", "2026-05-16-09:00")]
KEY = dg.AssetKey("table")


@dg.asset(key=KEY, partitions_def=EVENT_DAYS, backfill_policy=dg.BackfillPolicy.single_run())
def table() -> None: ...


@dg.asset_check(asset=KEY)
def is_fine() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """As dagster.yaml makes it."""
    monkeypatch.delenv("DAGSTER_EVENT_BATCH_SIZE", raising=False)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    shipped = yaml.safe_load((PROJECT_ROOT / "dagster.yaml").read_text())
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump({name: shipped[name] for name in ("storage", "telemetry")}))
    with dg.DagsterInstance.get() as made:
        yield made


def run(instance: dg.DagsterInstance, tags: dict[str, str]) -> None:
    defs = dg.Definitions(
        assets=[table], asset_checks=[is_fine], jobs=[dg.define_asset_job("all")], executor=dg.in_process_executor
    )
    assert defs.resolve_job_def("all").execute_in_process(instance=instance, tags=tags).success


def test_only_the_days_of_the_hours_that_were_built_are_materialized(instance: dg.DagsterInstance) -> None:
    """Prevents hundreds of days that hold nothing, and their events, between two hours that lie years apart."""
    run(instance, run_tags(SPARSE))
    assert instance.get_materialized_partitions(KEY) == {"2024-01-03", "2026-05-16"}


def test_a_run_of_days_without_a_tag_materializes_all_of_them(instance: dg.DagsterInstance) -> None:
    """Prevents a backfill from the UI that leaves no trace."""
    run(
        instance,
        {
            "dagster/asset_partition_range_start": "2026-05-01",
            "dagster/asset_partition_range_end": "2026-05-03",
        },
    )
    assert instance.get_materialized_partitions(KEY) == {"2026-05-01", "2026-05-02", "2026-05-03"}
    latest = instance.get_latest_materialization_event(KEY)
    assert latest is not None
    assert latest.asset_materialization is not None
    assert latest.asset_materialization.partition == "2026-05-03"


def test_a_check_of_a_run_is_one_row_however_many_days_the_run_has(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    """Prevents 75,000 planned checks, and 200 MB, for 97 hours of three years."""
    run(instance, run_tags(SPARSE))
    with sqlite3.connect(tmp_path / "history" / "runs" / "index.db") as index:
        rows = index.execute("select execution_status, partition from asset_check_executions").fetchall()
    assert rows == [("SUCCEEDED", None)]


def test_dagsters_own_storage_reads_what_was_written(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    """Prevents a home that can never go back."""
    run(instance, run_tags(SPARSE))
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}")
    with dg.DagsterInstance.get() as stock:
        assert not isinstance(stock.event_log_storage, BatchedEventLog)
        assert stock.get_materialized_partitions(KEY) == {"2024-01-03", "2026-05-16"}
        assert [found.status for found in stock.get_runs()] == [dg.DagsterRunStatus.SUCCESS]


def test_one_process_at_a_time_creates_the_tables_of_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents the first two builds of a home from both failing, if started together: `table runs already exists`."""
    monkeypatch.setattr(dagster_storage, "_PATIENCE_S", 0.0)
    with exclusive(tmp_path / "history" / ".open.lock"), pytest.raises(BusyError):
        BatchedSqliteStorage(str(tmp_path))
    assert BatchedSqliteStorage(str(tmp_path)).run_storage.get_runs() == []
