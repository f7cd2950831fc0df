"""Two hours of events and an upkeep on Glue: the task's role starts the jobs, each job has its own and no other.

Glue is moto's, its runs are processes here, which run the real script from the real wheel with Spark's own S3
connector, as the role that the template gives the job.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from infra.packaging.archives import ROOT
from socialsent_assets.defs import analytics, cleansed, landing, upkeep
from socialsent_assets.defs.partitions import run_tags
from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import LAKE_HOURS
from socialsent_assets.lake.builds import Receipt, write_receipts
from socialsent_assets.lake.iceberg.scan import files_of
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.upkeep import FEWEST_FILES
from socialsent_assets.resources.glue import GlueSpark
from socialsent_assets.resources.lake import LakeResource
from tests.aws.glue.bare_glue import glue_environment
from tests.aws.glue.test_glue_steps import quick_pipes
from tests.aws.least_privilege.account import Account
from tests.aws.least_privilege.calls import bucket
from tests.conftest import Landing
from tests.jobs.events import random_lines

__all__ = ["quick_pipes"]

pytestmark = pytest.mark.aws

TASK = "orchestration/TaskRole"
CLEANSE, SCORE, UPKEEP = "compute/CleanseRole", "compute/ScoreRole", "compute/UpkeepRole"
JOBS = {"socialsent-cleanse": CLEANSE, "socialsent-score": SCORE, "socialsent-upkeep": UPKEEP}
THREE, FOUR = (EventHour.from_key(f"2026-11-22-0{hour}:00") for hour in (3, 4))
TIERS = ("landing", "cleansed", "analytics", "artifacts")


@pytest.fixture
def glue_runs(account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Let moto's runs be processes; what they wrote to the terminal is in `output` of each."""
    from moto.glue.models import FakeJob, FakeJobRun

    begin, started = FakeJob.start_job_run, []

    def start(job: Any, *args: Any, **given: Any) -> Any:
        run_id = begin(job, *args, **given)
        run = job.job_runs[-1]
        run.output = tmp_path / f"{run_id}.txt"
        environment = glue_environment(tmp_path / run_id, account.acting(JOBS[job.name]))
        words = [word for pair in run.arguments.items() for word in pair]
        with run.output.open("wb") as output:
            run.process = subprocess.Popen(
                [sys.executable, str(ROOT / "infra/glue/run_job.py"), "--JOB_NAME", job.name, *words],
                cwd=tmp_path,
                env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        started.append(run)
        return run_id

    def state(run: Any) -> str:
        code = run.process.poll()
        return "RUNNING" if code is None else "FAILED" if code else "SUCCEEDED"

    monkeypatch.setattr(FakeJob, "start_job_run", start)
    monkeypatch.setattr(FakeJobRun, "status", property(state, lambda _run, _status: None))
    monkeypatch.setattr(FakeJobRun, "advance", lambda _run: None)
    yield started
    for run in started:
        run.process.kill()
        run.process.wait()


@pytest.mark.spark
def test_the_graph_builds_on_glue_with_nothing_but_its_roles(
    account: Account, lake: Lake, glue_runs: list[Any], quick_pipes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents a job that fails on AWS for want of a permission, at whichever of its calls that may be."""
    s3 = account.admin("s3")
    for item in s3.list_objects_v2(Bucket=bucket("artifacts"), Prefix="models/").get("Contents", ()):
        s3.delete_object(Bucket=bucket("artifacts"), Key=item["Key"])  # of other tests: they cannot classify
    for number, hour in enumerate((THREE, FOUR)):
        key = Landing(lake).add(hour.key, random_lines(seed=number, count=60, hour=hour.key))
        s3.put_object(Bucket=bucket("landing"), Key=key, Body=lake.landing.read(key))
    account.become(monkeypatch, TASK)
    before = len(account.decisions)

    result = build_through_dagster()

    assert result.success, [run.output.read_text()[-3000:] for run in glue_runs]
    made = account.decisions[before:]
    assert [f"{role}: {need}" for role, need, is_given in made if not is_given] == []
    used = {role: {need.action for by, need, _ in made if by == role} for role in (TASK, CLEANSE, SCORE)}
    both = {"s3:ListBucket", "s3:GetObject", "s3:PutObject", "kms:Decrypt", "kms:GenerateDataKey"}
    assert both | {"glue:GetTable", "glue:UpdateTable"} <= used[CLEANSE] & used[SCORE]
    assert {"glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns"} <= used[TASK]
    for job in (CLEANSE, SCORE):
        written = {need.resource for by, need, _ in made if by == job and need.action == "s3:PutObject"}
        assert any("/pipes/" in resource for resource in written), "no message went through Pipes"
    assert s3.list_objects_v2(Bucket=bucket("analytics"), Prefix="sentiment/data/2026-11/")["KeyCount"] >= 1


def test_the_daily_upkeep_compacts_a_table_with_nothing_but_its_role(
    account: Account, glue_runs: list[Any], quick_pipes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents a job that fails every night, and one for which Dagster would need the right to write rows."""
    with pytest.MonkeyPatch.context() as builder:
        account.become(builder, TASK)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            builder.setenv(name, "embedded")
        opened = lake_on_s3().open()
        for number in range(FEWEST_FILES):
            hour = EventHour.from_key(f"2026-11-22-0{number}:00")
            write_receipts(opened, "score", [Receipt("score", hour, "i", "o", "c", Counts.none(), {})], {}, "run")
    account.become(monkeypatch, TASK)
    before = len(account.decisions)
    try:
        with dg.instance_for_test() as instance:
            resources = {"compute": compute_on_glue()}
            result = upkeep.upkeep.execute_in_process(resources=resources, instance=instance, raise_on_error=False)
        assert result.success, [run.output.read_text()[-3000:] for run in glue_runs]
        made = account.decisions[before:]
        assert [f"{role}: {need}" for role, need, is_given in made if not is_given] == []
        used = {role: {need.action for by, need, _ in made if by == role} for role in (TASK, UPKEEP)}
        assert {"glue:UpdateTable", "s3:PutObject"} <= used[UPKEEP]
        assert not used[TASK] & {"glue:UpdateTable", "glue:CreateTable"}
        [output] = [event for event in result.all_node_events if event.event_type_value == "STEP_OUTPUT"]
        numbers = {name: value.value for name, value in output.event_specific_data.metadata.items()}
        assert numbers["files before"] - numbers["files after"] >= FEWEST_FILES - 1
        assert len(files_of(opened.table(LAKE_HOURS))) == 1
    finally:
        account.admin("glue").delete_table(DatabaseName="socialsent_analytics", Name="lake_hours")


def lake_on_s3() -> LakeResource:
    tiers = {tier: f"s3://{bucket(tier)}" for tier in TIERS}
    return LakeResource(**tiers, catalog_kind="glue", namespaces=["socialsent_cleansed", "socialsent_analytics"])


def compute_on_glue() -> GlueSpark:
    return GlueSpark(
        lake=lake_on_s3(),
        cleanse_job="socialsent-cleanse",
        score_job="socialsent-score",
        upkeep_job="socialsent-upkeep",
        pipes=f"s3://{bucket('artifacts')}/pipes",
        deadline_minutes=5.0,
        poll_seconds=0.5,
    )


def build_through_dagster() -> dg.ExecuteInProcessResult:
    """Cleanse and score two hours with the graph's own assets."""
    defs = dg.Definitions(
        assets=[landing.landed_events, cleansed.cleansed_tables, analytics.analytics_tables],
        jobs=[dg.define_asset_job("build", selection=dg.AssetSelection.groups("cleansed", "analytics"))],
        resources={"lake": lake_on_s3(), "compute": compute_on_glue()},
        executor=dg.in_process_executor,
    )
    tags = run_tags([THREE, FOUR])
    with dg.instance_for_test() as instance:
        return defs.resolve_job_def("build").execute_in_process(instance=instance, tags=tags, raise_on_error=False)
