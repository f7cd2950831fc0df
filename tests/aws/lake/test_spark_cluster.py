"""The jobs on a real Spark standalone cluster, one master and two workers, with a lake in S3."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyspark
import pytest

from socialsent_assets.jobs.cleanse import cleanse
from socialsent_assets.jobs.engines.process import ProcessEngine
from socialsent_assets.jobs.score import score
from socialsent_assets.jobs.spark_session import java_home
from socialsent_assets.lake.lake import Lake
from tests.aws.lake.test_jobs_on_s3 import HOURS, fill, tables, without_versions
from tests.conftest import lake_at

pytestmark = [pytest.mark.aws, pytest.mark.spark, pytest.mark.xdist_group("s3_lake"), pytest.mark.timeout(900)]

BUILD = """
import sys
from dagster_pyspark import LazyPySparkResource
from socialsent_assets.jobs import cleanse, score
from socialsent_assets.jobs.engines import spark
from socialsent_assets.jobs.spark_session import prepare_environment, spark_config
from socialsent_assets.lake.iceberg.catalog import CatalogConfig
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.open import storage_at
from socialsent_assets.settings import Settings
from tests.aws.lake.test_jobs_on_s3 import HOURS

spark.TASK_BYTES, cleanse.GROUP_BYTES, score.GROUP_ROWS = 2_000, 2_000, 20  # many tasks from few lines
settings = Settings.from_env()
tiers = {name: storage_at(getattr(settings, name)) for name in ("landing", "cleansed", "analytics", "artifacts")}
lake = Lake(**tiers, catalog=CatalogConfig("sqlite", sys.argv[1]))
prepare_environment()
session = LazyPySparkResource(spark_config=spark_config(settings)).spark_session
for job in (cleanse.cleanse, score.score):
    job(spark.SparkEngine(session), lake, HOURS)
session.stop()
"""


@contextmanager
def standalone(folder: Path) -> Iterator[str]:
    """URL of a cluster of two workers with one core each, which write their logs below `folder`."""
    environment = {
        **os.environ,
        "JAVA_HOME": str(java_home(dict(os.environ))),
        "SPARK_HOME": str(Path(pyspark.__file__).parent),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(folder),
    }
    environment.pop("SPARK_CONF_DIR", None)  # a session of this process set it: its configuration logs errors alone
    program = Path(pyspark.__file__).parent / "bin" / "spark-class"
    address = ["--host", "127.0.0.1", "--webui-port", "0"]

    with ExitStack() as running:

        def begin(kind: str, *arguments: str) -> subprocess.Popen[str]:
            command = [str(program), f"org.apache.spark.deploy.{kind}", *address, *arguments]
            process = running.enter_context(
                subprocess.Popen(
                    command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
                )
            )
            running.callback(process.terminate)
            return process

        master = begin("master.Master", "--port", "0")
        url = line_with(master, "Starting Spark master at ").rpartition(" ")[2]
        for number in range(2):
            work = str(folder / f"worker-{number}")
            worker = begin("worker.Worker", "--cores", "1", "--memory", "1g", "--work-dir", work, url)
            line_with(worker, "Successfully registered with master")
        yield url


def line_with(process: subprocess.Popen[str], text: str) -> str:
    """The first line of the process' log with this text, its end cut off."""
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if text in line:
            return line.rstrip()
    pytest.fail(f"ended without {text!r}: {''.join(seen)[-2000:]}")


def test_two_workers_build_the_rows_of_one_process(
    s3_lake: Lake, bucket: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Prevents jobs that only work where driver and workers share a disk, a process or an environment."""
    in_folders = lake_at(tmp_path_factory.mktemp("folders"))
    for lake in (in_folders, s3_lake):
        fill(lake)
    for job in (cleanse, score):
        job(ProcessEngine(), in_folders, HOURS)

    with standalone(tmp_path) as master:
        settings = {
            "SOCIALSENT_HOME": str(tmp_path),
            "SOCIALSENT_SPARK_MASTER": master,
            "SOCIALSENT_SPARK_MEMORY": "512m",
            **{
                f"SOCIALSENT_LAKE_{tier.upper()}": f"s3://{bucket}/{tier}"
                for tier in ("landing", "cleansed", "analytics", "artifacts")
            },
        }
        command = [sys.executable, "-c", BUILD, s3_lake.catalog.uri]
        built = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr[-4000:]
    assert without_versions(tables(s3_lake)) == without_versions(tables(in_folders))
    tasks = {worker.name: finished_tasks(worker) for worker in sorted(tmp_path.glob("worker-*"))}
    assert len(tasks) == 2
    assert all(tasks.values()), f"a worker did nothing: {tasks}"


def finished_tasks(worker: Path) -> int:
    """Number of tasks that a worker's executors finished, by their log."""
    return sum(log.read_text().count("Finished task ") for log in worker.glob("app-*/*/stderr"))
