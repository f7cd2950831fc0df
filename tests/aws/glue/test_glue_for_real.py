"""The real script in the real wheel, through the real Pipes protocol and Spark's real S3 connector.

Only Glue is played (local_glue.py).
"""

from pathlib import Path

import dagster as dg
import pytest

from infra.packaging.archives import ROOT
from socialsent_assets.defs import analytics, cleansed, landing
from socialsent_assets.defs.partitions import run_tags
from socialsent_assets.domain.tables import CLEANSED_EVENTS, POSTS, QUARANTINE, SENTIMENT
from socialsent_assets.jobs.cleanse import cleanse
from socialsent_assets.jobs.score import score
from socialsent_assets.lake.builds import read_builds
from socialsent_assets.lake.lake import Lake
from socialsent_assets.resources.glue import GlueSpark
from tests.aws.glue.bare_glue import glue_environment
from tests.aws.glue.local_glue import LocalGlue
from tests.aws.glue.test_glue_steps import NINE, TEN, compute_on, quick_pipes, s3_lake
from tests.built_lake import rows_of_table
from tests.conftest import Landing
from tests.jobs.events import random_lines
from tests.s3_buckets import aws_variables, bucket, s3_server

__all__ = ["bucket", "quick_pipes", "s3_server"]

pytestmark = [
    pytest.mark.aws,
]


@pytest.mark.spark
def test_glue_builds_what_spark_builds_on_one_machine(
    spark, lake: Lake, s3_server, bucket: str, tmp_path: Path, quick_pipes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents a second pipeline: script, wheel and S3 have to give the same rows as one machine and its disk."""
    on_s3 = s3_lake(bucket).open()
    for number, hour in enumerate((NINE, TEN)):
        lines = random_lines(seed=number, count=120, hour=hour.key)
        for target in (lake, on_s3):
            Landing(target).add(hour.key, lines, origin="same")
    here = [*cleanse(spark, lake, [NINE, TEN]), *score(spark, lake, [NINE, TEN])]

    local = LocalGlue(
        s3_server, tmp_path / "runs", glue_environment(tmp_path / "glue", aws_variables(s3_server.endpoint))
    )
    monkeypatch.setattr("socialsent_assets.aws.client.aws_client", lambda _service: local)
    for name in ("cleanse", "score"):
        local._glue.delete_job(JobName=name)
        local.add_job(name, bucket, (ROOT / "infra/glue/run_job.py").read_text(encoding="utf-8"))
    try:
        result = build_through_dagster(compute_on(bucket), bucket)
    finally:
        local.close()
    assert result.success, [run.output.read_text()[-3000:] for run in local.runs]
    assert [run.job for run in local.runs] == ["cleanse", "score"]
    builds = read_builds(on_s3)
    there = [*builds.cleanse.values(), *builds.score.values()]
    compared = ("job", "hour", "counts", "rows", "code_version")
    tables = [{name: getattr(receipt, name) for name in compared} for receipt in here]
    assert [{name: getattr(receipt, name) for name in compared} for receipt in there] == tables
    for table in (*CLEANSED_EVENTS, QUARANTINE, SENTIMENT):
        assert rows_of_table(on_s3, table) == rows_of_table(lake, table), table.name
    rows = [
        event.materialization.metadata["dagster/row_count"].value
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(["cleansed", "posts"])
    ]
    assert rows == [len(rows_of_table(on_s3, POSTS))]  # one day


def build_through_dagster(compute: GlueSpark, bucket: str) -> dg.ExecuteInProcessResult:
    """Cleanse and score two hours with the graph's own assets."""
    defs = dg.Definitions(
        assets=[landing.landed_events, cleansed.cleansed_tables, analytics.analytics_tables],
        jobs=[dg.define_asset_job("build", selection=dg.AssetSelection.groups("cleansed", "analytics"))],
        resources={"lake": s3_lake(bucket), "compute": compute},
        executor=dg.in_process_executor,
    )
    tags = run_tags([NINE, TEN])
    with dg.instance_for_test() as instance:
        return defs.resolve_job_def("build").execute_in_process(instance=instance, tags=tags, raise_on_error=False)
