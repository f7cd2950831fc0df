"""The sensors as the daemon calls them: requests, reasons, unfinished runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import EngineEventData
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from graph_lake import Landing

from socialsent_assets.cli.dead_runs import fail_orphans
from socialsent_assets.defs.jobs import refresh
from socialsent_assets.defs.metadata import WHY_TAG
from socialsent_assets.defs.partitions import run_tags
from socialsent_assets.defs.sensors import because, hours_failed, hours_in_flight, landing_sensor, report_sensor
from socialsent_assets.domain.events.hour_set import parse_hour_set
from socialsent_assets.domain.events.layout import HOUR, EventHour
from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.resources.reports import ReportFolder
from socialsent_assets.resources.warehouse import DuckDbWarehouse

# The sensor reads the clock itself, so hours here are counted from now.
NOW = EventHour.of(datetime.now(UTC))


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as made:
        yield made


def evaluate(root: Path, instance: dg.DagsterInstance, cursor: str | None = None) -> dg.SensorResult:
    tiers = ("landing", "cleansed", "analytics", "artifacts")
    lake = LakeResource(**{tier: str(root / "lake" / tier) for tier in tiers})  # type: ignore[arg-type]
    resources = {"lake": lake, "warehouse": DuckDbWarehouse(lake=lake, path=str(root / "warehouse.duckdb"))}
    with dg.build_sensor_context(instance=instance, cursor=cursor, resources=resources) as context:
        result = landing_sensor(context)
    assert isinstance(result, dg.SensorResult)
    return result


def hours_asked(result: dg.SensorResult) -> list[list[EventHour]]:
    return [parse_hour_set(request.tags["socialsent/hours"]) for request in result.run_requests or []]


def test_a_landed_hour_becomes_one_run_without_a_run_key(
    landing: Landing, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    """Prevents run keys: Dagster keeps each without limit and drops the run of an hour that was rewritten back."""
    before = EventHour(NOW.start - HOUR)
    landing.add(NOW)
    landing.add(before)
    result = evaluate(tmp_path, instance)
    assert hours_asked(result) == [[before, NOW]]
    assert [request.run_key for request in result.run_requests or []] == [None]


def test_a_run_says_why_its_hours_were_stale(landing: Landing, tmp_path: Path, instance: dg.DagsterInstance) -> None:
    """Prevents a rebuild that Dagster's UI shows without its cause."""
    landing.add(NOW)
    [request] = evaluate(tmp_path, instance).run_requests or []
    assert request.tags[WHY_TAG] == "landed and was never built"
    hours = [NOW, EventHour(NOW.start - HOUR), EventHour(NOW.start - 2 * HOUR)]
    reasons = dict(zip(hours, ("x", "y", "y"), strict=True))
    assert because(hours, reasons) == "2 h y, 1 h x"


def test_how_often_the_sensor_looks_is_a_setting() -> None:
    """Prevents a deployment that lists its lake in S3 and starts Glue every 20 seconds, which S3 and Glue bill."""
    code = "from socialsent_assets.defs.sensors import landing_sensor as s; print(s.minimum_interval_seconds)"
    environment = {**os.environ, "SOCIALSENT_REFRESH_SECONDS": "900"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "900"
    assert landing_sensor.minimum_interval_seconds == 20


def test_a_quiet_tick_says_what_it_looked_at(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    """Prevents ticks that skip without a reason."""
    result = evaluate(tmp_path, instance)
    assert not result.run_requests
    assert "nothing is stale" in str(result.skip_reason)


def test_an_unfinished_run_keeps_its_hours_from_the_next_tick(
    landing: Landing, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    """Prevents a second run for an hour while the first is under way; other hours go on."""
    before = EventHour(NOW.start - HOUR)
    landing.add(before)
    run = instance.create_run_for_job(job_def=_any_job(), tags=run_tags([before]), status=dg.DagsterRunStatus.STARTED)
    assert hours_in_flight(instance) == {before}
    landing.add(NOW)
    assert hours_asked(evaluate(tmp_path, instance)) == [[NOW]]
    instance.report_run_canceled(run)
    assert hours_asked(evaluate(tmp_path, instance)) == [[NOW], [before]]


def test_hours_that_become_stale_while_a_run_waits_for_its_turn_share_the_next(
    landing: Landing, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    """Prevents a queue that grows by a run every 20 seconds where late events touch hour after hour."""
    third, second, first = (EventHour(NOW.start - number * HOUR) for number in (1, 2, 3))
    landing.add(first)
    run = instance.create_run_for_job(
        job_def=_any_job(),
        tags=run_tags([first]),
        status=dg.DagsterRunStatus.QUEUED,
        remote_job_origin=_job_of_a_code_server(),
    )
    landing.add(second)
    tick = evaluate(tmp_path, instance, cursor="kept")
    landing.add(third)
    assert (hours_asked(tick), tick.cursor) == ([], "kept")
    assert "a refresh is queued" in str(tick.skip_reason)
    instance.report_dagster_event(dg.DagsterEvent("PIPELINE_START", "refresh"), run.run_id)
    assert hours_asked(evaluate(tmp_path, instance)) == [[second, third]]


def test_an_hour_whose_run_failed_does_not_take_its_neighbours_into_the_next_failure(
    landing: Landing, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    """Prevents one hour that cannot be built from keeping all that lands beside it out of the marts."""
    bad, good, fresh = (EventHour(NOW.start - number * HOUR) for number in (3, 2, 1))
    for at in (bad, good, fresh):
        landing.add(at)
    run = instance.create_run_for_job(
        job_def=_any_job(), tags=run_tags([bad, good]), status=dg.DagsterRunStatus.STARTED
    )
    instance.report_run_failed(run)
    assert hours_failed(instance) == {bad, good}
    result = evaluate(tmp_path, instance)
    assert hours_asked(result) == [[fresh], [bad], [good]]
    later = evaluate(tmp_path, instance, result.cursor)
    assert hours_asked(later) == []
    assert "smaller runs try them again" in str(later.skip_reason)
    assert f"T{bad.start.hour:02d}" in str(later.skip_reason)


def test_a_later_success_clears_an_hour_that_failed(landing: Landing, instance: dg.DagsterInstance) -> None:
    """Prevents a suspicion that outlives its cause."""
    job = _any_job()
    failed = instance.create_run_for_job(job_def=job, tags=run_tags([NOW]), status=dg.DagsterRunStatus.STARTED)
    instance.report_run_failed(failed)
    assert job.execute_in_process(instance=instance, tags=run_tags([NOW])).success
    assert hours_failed(instance) == set()


def test_the_sensors_are_on_from_the_start() -> None:
    """Prevents a daemon that runs and does nothing: Dagster's sensors are stopped by default."""
    assert {sensor.default_status for sensor in (landing_sensor, report_sensor)} == {dg.DefaultSensorStatus.RUNNING}
    assert landing_sensor.job_name == refresh.name


def test_the_report_follows_the_marts_but_not_every_minute(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    """Prevents both a stale report and a report per minute of data."""

    def tick() -> object:
        lake = LakeResource(**{tier: str(tmp_path) for tier in ("landing", "cleansed", "analytics", "artifacts")})  # type: ignore[arg-type]
        resources = {
            "warehouse": DuckDbWarehouse(lake=lake, path=str(warehouse)),
            "reports": ReportFolder(path=str(tmp_path)),
        }
        with dg.build_sensor_context(instance=instance, resources=resources) as context:
            return report_sensor(context)

    warehouse, page = tmp_path / "warehouse.duckdb", tmp_path / "insights.html"
    assert isinstance(tick(), dg.SkipReason)
    warehouse.write_text("")
    assert isinstance(tick(), dg.RunRequest)
    page.write_text("")
    assert isinstance(tick(), dg.SkipReason)
    newer = page.stat().st_mtime + 10
    os.utime(warehouse, (newer, newer))
    assert isinstance(tick(), dg.SkipReason), "the report is seconds old"
    long_ago = page.stat().st_mtime - 3600
    os.utime(page, (long_ago, long_ago))
    assert isinstance(tick(), dg.RunRequest)


def _any_job() -> dg.JobDefinition:
    @dg.op
    def nothing() -> None: ...

    @dg.job(name="refresh")
    def job() -> None:
        nothing()

    return job


def _job_of_a_code_server() -> RemoteJobOrigin:
    """Dagster queues no run whose job it could not find again."""
    server = GrpcServerCodeLocationOrigin(host="localhost", port=1, location_name="any")
    return RemoteJobOrigin(RemoteRepositoryOrigin(server, "__repository__"), "refresh")


def test_a_run_whose_process_was_killed_is_ended_and_its_hours_are_free_again(
    landing: Landing, tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    """Prevents kill -9 from keeping an hour out of every later tick: a dead process cannot end its run."""
    landing.add(NOW)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for pid in (os.getpid(), gone.pid):
        run = instance.create_run_for_job(
            job_def=_any_job(), tags=run_tags([NOW]), status=dg.DagsterRunStatus.STARTED
        )
        instance.report_engine_event("at work", run, EngineEventData.in_process(pid))
    assert fail_orphans(instance) == 1
    statuses = sorted(run.status.value for run in instance.get_runs())
    assert statuses == ["FAILURE", "STARTED"]
