"""Steps that run on Glue: orders out through Dagster Pipes over S3, followed to any end. Only Glue is played, and
the script builds nothing."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from infra.packaging.archives import ROOT
from socialsent_assets.aws.glue_runs import GlueRunError
from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.jobs.glue_request import HOURS, TIERS, GlueOrder, UpkeepOrder
from socialsent_assets.lake.builds import Receipt
from socialsent_assets.lake.staleness import cleanse_code_version
from socialsent_assets.resources import glue as glue_resource
from socialsent_assets.resources.glue import GlueSpark, read_receipts
from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.settings import UserError
from tests.aws.glue.local_glue import LocalGlue
from tests.built_lake import keep_receipts
from tests.s3_buckets import aws_variables, bucket, s3_server

__all__ = ["bucket", "s3_server"]

pytestmark = pytest.mark.aws

NINE, TEN, ELEVEN = (EventHour.from_key(f"2026-11-22-{hour}:00") for hour in ("09", "10", "11"))

# Speaks Pipes and writes receipts like the real script, but builds nothing. HOLD: waits while that file exists.
PRETEND = """
import os, sys, time
from dagster_pipes import PipesCliArgsParamsLoader, PipesS3ContextLoader, PipesS3MessageWriter, open_dagster_pipes
from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.layout import hours_between, parse_hour_range
from socialsent_assets.lake.staleness import cleanse_code_version
from socialsent_assets.lake.builds import Receipt, write_receipts
from socialsent_assets.lake.iceberg.catalog import CatalogConfig
from socialsent_assets.lake.lake import Lake
from socialsent_assets.aws.s3 import s3_client
from socialsent_assets.lake.storage.open import storage_at

def build():
    while os.path.exists(os.environ["HOLD"]):
        time.sleep(0.05)
    if os.path.exists(os.environ["HOLD"] + ".fail"):
        raise ValueError("the hour is broken")
    first, last = parse_hour_range(sys.argv[sys.argv.index("--hours") + 1])
    tiers = {tier: storage_at(f"s3://{os.environ['BUCKET']}/{tier}")
             for tier in ("landing", "cleansed", "analytics", "artifacts")}
    lake = Lake(**tiers, catalog=CatalogConfig("glue", "", os.environ["DATABASE"], os.environ["DATABASE"]))
    receipts = [Receipt("cleanse", hour, "i", "o", cleanse_code_version(), Counts.none(), {})
                for hour in hours_between(first, last)]
    write_receipts(lake, "cleanse", receipts, {}, "pretended")

if "--dagster-pipes-context" in sys.argv:
    with open_dagster_pipes(
        context_loader=PipesS3ContextLoader(s3_client()),
        message_writer=PipesS3MessageWriter(s3_client(), interval=0.1),
        params_loader=PipesCliArgsParamsLoader(),
    ) as pipes:
        pipes.log.info("the script says hello")
        build()
else:
    build()
"""


def s3_lake(bucket: str) -> LakeResource:
    tiers = {tier: f"s3://{bucket}/{tier}" for tier in TIERS}
    return LakeResource(**tiers, catalog_kind="glue", namespaces=[database(bucket)] * 2)


def database(bucket: str) -> str:
    """A database of the Data Catalog for one test: the server keeps them."""
    return bucket.replace("-", "_")


def order_of(bucket: str, *hours: EventHour) -> GlueOrder:
    lake = s3_lake(bucket)
    return GlueOrder.of("cleanse", hours, {tier: str(getattr(lake, tier)) for tier in TIERS}, lake.catalog_config())


def compute_on(bucket: str, **changes: Any) -> GlueSpark:
    given = {"deadline_minutes": 5.0, "poll_seconds": 0.2, **changes}
    return GlueSpark(
        lake=s3_lake(bucket),
        cleanse_job="cleanse",
        score_job="score",
        upkeep_job="upkeep",
        pipes=f"s3://{bucket}/artifacts/pipes",
        **given,
    )


@pytest.fixture
def quick_pipes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pipes looks for messages often, and gives up soon on a run that was killed before it closed its channel."""
    monkeypatch.setattr(glue_resource, "_MESSAGES_EVERY_SECONDS", 0.2)
    monkeypatch.setattr("dagster._core.pipes.utils.WAIT_FOR_LOGS_AFTER_EXECUTION_INTERVAL", 1)


@pytest.fixture
def hold(tmp_path: Path) -> Path:
    return tmp_path / "hold"


@pytest.fixture
def pretended(
    s3_server, bucket: str, hold: Path, tmp_path: Path, quick_pipes: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LocalGlue]:
    """Glue with a job `cleanse` that builds nothing."""
    environ = {
        **aws_variables(s3_server.endpoint),
        "PYTHONPATH": str(ROOT),
        "HOLD": str(hold),
        "BUCKET": bucket,
        "DATABASE": database(bucket),
    }
    local = LocalGlue(s3_server, tmp_path / "runs", environ)
    local._glue.delete_job(JobName="cleanse")  # of the test before: the server keeps them
    local.add_job("cleanse", bucket, PRETEND)
    monkeypatch.setattr("socialsent_assets.aws.client.aws_client", lambda _service: local)
    yield local
    local.close()


def step(compute: GlueSpark, *hours: EventHour) -> tuple[dg.ExecuteInProcessResult, list[Receipt]]:
    """Run one step that cleanses these hours; return its result."""
    receipts: list[Receipt] = []

    @dg.asset
    def built(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        receipts.extend(compute.run("cleanse", hours, context))
        return dg.MaterializeResult()

    return dg.materialize([built], raise_on_error=False), receipts


def why(result: dg.ExecuteInProcessResult) -> str:
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    return str(failure.step_failure_data.error.to_string())


def when(condition: Callable[[], object], then: Callable[[], object]) -> threading.Thread:
    """Do something as soon as a condition holds, beside the test."""

    def wait() -> None:
        for _ in range(600):
            if condition():
                then()
                return
            time.sleep(0.05)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def test_a_run_gets_its_order_and_its_receipts_come_back(pretended: LocalGlue, bucket: str, capfd) -> None:
    """Prevents parameters that get lost between here and there, and a log that stays on Glue."""
    result, receipts = step(compute_on(bucket), TEN, NINE)
    assert result.success
    assert [receipt.hour for receipt in receipts] == [NINE, TEN]
    (run,) = pretended.runs
    assert run.arguments[HOURS] == "2026-11-22-09:00..2026-11-22-10:00"
    assert "the script says hello" in capfd.readouterr().err
    written = pretended._s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert {entry["Key"].split("/")[0] for entry in written} == {"artifacts", "cleansed", "glue"}


def test_a_run_that_fails_fails_its_step_with_its_own_words(pretended: LocalGlue, bucket: str, hold: Path) -> None:
    """Prevents "Glue job failed" without the reason."""
    Path(f"{hold}.fail").touch()
    result, _ = step(compute_on(bucket), NINE)
    assert not result.success
    (run,) = pretended.runs
    assert f"Glue run {run.run_id} of job cleanse ended FAILED: ValueError: the hour is broken; see the log" in why(
        result
    )


def test_a_second_try_follows_the_run_of_the_first(pretended: LocalGlue, bucket: str, hold: Path) -> None:
    """Prevents two runs that build the same hours, because the process that started the first one died."""
    hold.touch()
    order = order_of(bucket, NINE, TEN)
    pretended.start_job_run("cleanse", order.arguments())
    releasing = threading.Timer(1.0, hold.unlink)
    releasing.start()
    result, receipts = step(compute_on(bucket), NINE, TEN)
    assert result.success
    assert len(pretended.runs) == 1
    assert [receipt.hour for receipt in receipts] == [NINE, TEN]


def test_a_run_waits_for_another_that_builds_one_of_its_hours(pretended: LocalGlue, bucket: str, hold: Path) -> None:
    """Prevents two runs that write one hour at the same time."""
    hold.touch()
    order = order_of(bucket, TEN, ELEVEN)
    pretended.start_job_run("cleanse", order.arguments())
    started_alone = []
    releasing = threading.Timer(1.0, lambda: (started_alone.append(len(pretended.runs) == 1), hold.unlink()))
    releasing.start()
    result, _ = step(compute_on(bucket), NINE, TEN)
    assert result.success
    assert started_alone == [True]
    assert len(pretended.runs) == 2


def test_a_run_waits_for_room(pretended: LocalGlue, bucket: str, hold: Path) -> None:
    """Prevents a step that fails because another one was there first."""
    pretended.most_at_once = 1
    hold.touch()
    order = order_of(bucket, ELEVEN)
    pretended.start_job_run("cleanse", order.arguments())
    releasing = threading.Timer(1.0, hold.unlink)
    releasing.start()
    result, receipts = step(compute_on(bucket), NINE)
    assert result.success
    assert [receipt.hour for receipt in receipts] == [NINE]


def test_no_room_until_the_deadline_is_an_error_that_says_what_to_raise(
    pretended: LocalGlue, bucket: str, hold: Path
) -> None:
    """Prevents a step that waits without a limit for another client's runs."""
    pretended.most_at_once = 0
    result, _ = step(compute_on(bucket, deadline_minutes=0.01), NINE)
    assert "raise the job's MaxConcurrentRuns" in why(result)


def test_a_run_beyond_its_deadline_is_stopped(pretended: LocalGlue, bucket: str, hold: Path) -> None:
    """Prevents a run that costs money after its step has given up."""
    hold.touch()
    result, _ = step(compute_on(bucket, deadline_minutes=0.05), NINE)
    (run,) = pretended.runs
    assert run.state == "STOPPED"
    assert run.process.poll() is not None
    assert "was stopped (it is STOPPED); raise SOCIALSENT_GLUE_DEADLINE_MINUTES" in why(result)


def test_a_terminated_step_stops_its_run(pretended: LocalGlue, bucket: str, hold: Path) -> None:
    """Prevents a run that goes on after Terminate."""
    hold.touch()
    terminating = when(
        lambda: pretended.runs and pretended.runs[0].state == "RUNNING", lambda: os.kill(os.getpid(), signal.SIGINT)
    )
    result, _ = step(compute_on(bucket), NINE)
    terminating.join()
    assert "DagsterExecutionInterruptedError" in why(result)
    (run,) = pretended.runs
    assert run.state == "STOPPED"


def test_a_run_that_succeeds_and_leaves_nothing_is_an_error(pretended: LocalGlue, bucket: str) -> None:
    """Prevents a materialization of hours that were not built."""
    pretended.delete_job(JobName="cleanse")
    pretended.add_job("cleanse", bucket, "print('done')")
    result, _ = step(compute_on(bucket), NINE)
    assert f"hour {NINE.key} has no receipt in cleansed.builds" in why(result)


def test_a_wheel_of_another_version_is_an_error(bucket: str) -> None:
    """Prevents hours that stay stale, and are built, and paid for, again and again."""
    order = order_of(bucket, NINE)
    lake = s3_lake(bucket).open()
    receipt = Receipt("cleanse", NINE, "i", "o", cleanse_code_version(), Counts.none(), {})
    keep_receipts(lake, [receipt])
    assert read_receipts(order, lake) == [receipt]
    keep_receipts(lake, [replace(receipt, code_version="old")])
    with pytest.raises(GlueRunError, match="deploy both from the same commit"):
        read_receipts(order, lake)


def test_a_job_that_is_not_there_is_named(pretended: LocalGlue, bucket: str) -> None:
    """Prevents an error that does not name the wrong setting."""
    result, _ = step(
        GlueSpark(**{**compute_on(bucket).model_dump(), "lake": s3_lake(bucket), "cleanse_job": "gone"}), NINE
    )
    assert "there is no Glue job gone: deploy the compute stack" in why(result)


def test_a_bucket_for_parameters_that_is_not_there_is_named(pretended: LocalGlue, bucket: str) -> None:
    """Prevents an access error of S3 that looks like one of Glue."""
    given = {**compute_on(bucket).model_dump(), "lake": s3_lake(bucket), "pipes": "s3://no-such-bucket-here/pipes"}
    result, _ = step(GlueSpark(**given), NINE)
    assert "there is no bucket no-such-bucket-here" in why(result)
    assert pretended.runs == []


def test_a_lake_on_this_machine_is_refused_before_anything_starts(tmp_path: Path) -> None:
    """Prevents a run on Glue that finds nothing, because the lake is a folder here."""
    lake = LakeResource(**{tier: str(tmp_path / tier) for tier in TIERS})  # type: ignore[arg-type]
    compute = GlueSpark(
        lake=lake, cleanse_job="c", score_job="s", upkeep_job="u", pipes="s3://b/p", deadline_minutes=1
    )
    with pytest.raises(UserError, match="SOCIALSENT_LAKE_LANDING"):
        compute.run("cleanse", [NINE], dg.build_asset_context())


# Waits as PRETEND does, and says nothing through Pipes.
SILENT = """
import os, time
while os.path.exists(os.environ["HOLD"]):
    time.sleep(0.05)
"""


def keep_up_on(bucket: str) -> tuple[dg.ExecuteInProcessResult, list[Any]]:
    """One step that asks for upkeep; what it got."""
    got: list[Any] = []

    @dg.op
    def keep(context: dg.OpExecutionContext) -> None:
        got.append(compute_on(bucket).keep_up(datetime(2026, 11, 22, tzinfo=UTC), 24, context))

    @dg.job
    def one() -> None:
        keep()

    return one.execute_in_process(raise_on_error=False), got


def test_a_second_upkeep_follows_the_first_and_does_not_make_numbers_up(
    pretended: LocalGlue, bucket: str, hold: Path
) -> None:
    """Prevents two concurrent upkeeps after the process that started the first one died."""
    pretended._glue.delete_job(JobName="upkeep")
    pretended.add_job("upkeep", bucket, SILENT)
    hold.touch()
    lake = s3_lake(bucket)
    tiers = {tier: str(getattr(lake, tier)) for tier in TIERS}
    first = UpkeepOrder(24, datetime(2026, 11, 21, tzinfo=UTC), tiers, lake.catalog_config())
    pretended.start_job_run("upkeep", first.arguments())
    releasing = threading.Timer(1.0, hold.unlink)
    releasing.start()
    result, got = keep_up_on(bucket)
    assert result.success
    assert len(pretended.runs) == 1
    assert got == [None]


def test_an_upkeep_that_does_not_say_what_it_did_is_an_error(pretended: LocalGlue, bucket: str) -> None:
    """Prevents a green run of a job whose script is another one."""
    pretended._glue.delete_job(JobName="upkeep")
    pretended.add_job("upkeep", bucket, SILENT)
    result, _ = keep_up_on(bucket)
    assert "job upkeep succeeded, but did not report a result" in why(result)
