"""Dagster's task, played here: the environment of its container, and the graph with it in this process.

Overridden are, because they lead out of this machine: AWS_ENDPOINT_URL and credentials; host, port, login and TLS of
Redshift, which is PostgreSQL behind the wire of tests/aws/redshift; pauses of polling. Glue's runs are processes
(tests/aws/glue/local_glue.py) with the script, wheel and arguments that the template's jobs name. Spectrum is played
by copying what the partitions of the Data Catalog point at into PostgreSQL, so an hour that nobody registered is
missing there too.

Limits: one process instead of four containers; no image, no PostgreSQL of Dagster's own, nobody's permissions.

Not here: the account (account.py), what the graph does.
"""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.aws.glue.bare_glue import glue_environment
from tests.aws.glue.local_glue import LocalGlue
from tests.aws.redshift.dbt_on_redshift import Server
from tests.aws.redshift.spectrum import show_lake
from tests.aws.wired.account import Account
from tests.infra.synthesized import Assembly
from tests.s3_buckets import aws_variables

_OURS = ("SOCIALSENT_", "AWS_", "DAGSTER_", "DBT_")


def environment_of(deployed: Assembly, container: str = "code") -> dict[str, str]:
    """Environment of a container of the one task definition."""
    [(_, task)] = deployed.every("AWS::ECS::TaskDefinition")
    [found] = [one for one in task["ContainerDefinitions"] if one["Name"] == container]
    return {one["Name"]: one["Value"] for one in found["Environment"]}


@contextmanager
def inside(environment: dict[str, str]) -> Iterator[None]:
    """This process with these variables of ours, and no other of ours."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(_OURS):
            del os.environ[name]
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def on_this_machine(environment: dict[str, str], aws: Account, home: Path, redshift: Server | None) -> dict[str, str]:
    """The container's environment with what leads out of this machine overridden; names of schemas stay."""
    host = {} if redshift is None else {**redshift.environment}
    for kept in ("SOCIALSENT_DBT_TARGET", "SOCIALSENT_REDSHIFT_DATABASE"):
        host.pop(kept, None)
    return {**environment, **aws_variables(aws.endpoint), **host, "SOCIALSENT_HOME": str(home)}


class DeployedGlue(LocalGlue):
    """Glue whose runs take wheel, script and number at once from the job that the template describes."""

    def __init__(self, aws: Account, folder: Path) -> None:
        super().__init__(aws, folder, {})
        self._aws = aws

    def start_job_run(self, JobName: str, Arguments: dict[str, str]) -> dict[str, str]:
        job = self.get_job(JobName=JobName)["Job"]
        self.most_at_once = job["ExecutionProperty"]["MaxConcurrentRuns"]
        place = self._folder / f"python-{len(self.runs)}"
        self._environ = glue_environment(place, aws_variables(self._aws.endpoint))
        installed = Path(self._environ["PYTHONPATH"])
        shutil.rmtree(installed / "socialsent_assets")
        wheel = self._aws.fetch(job["DefaultArguments"]["--additional-python-modules"])
        zipfile.ZipFile(io.BytesIO(wheel)).extractall(installed)
        return super().start_job_run(JobName=JobName, Arguments=Arguments)


def show_catalog(deployed: Assembly, aws: Account, redshift: Server, folder: Path) -> None:
    """What Spectrum shows: every partition of the databases that the warehouse's external schemas name."""
    shutil.rmtree(folder, ignore_errors=True)
    [(_, contents)] = deployed.every("Custom::WarehouseContents")
    glue, s3 = aws.client("glue"), aws.client("s3")
    for schema, database in contents["ExternalSchemas"].items():
        tier = schema.removeprefix("spectrum_")  # the schemas that show_lake makes
        for table in glue.get_tables(DatabaseName=database)["TableList"]:
            for partition in _partitions(glue, database, table["Name"]):
                hour = dict(zip(("dt", "hr"), partition["Values"], strict=True))
                bucket, _, prefix = partition["StorageDescriptor"]["Location"].removeprefix("s3://").partition("/")
                target = folder / tier / table["Name"] / f"dt={hour['dt']}" / f"hr={hour['hr']}"
                target.mkdir(parents=True)
                for entry in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", []):
                    s3.download_file(bucket, entry["Key"], str(target / entry["Key"].rpartition("/")[2]))
    with redshift.database.connect() as connection:
        show_lake(connection, folder)


def _partitions(glue: Any, database: str, table: str) -> Iterator[dict[str, Any]]:
    for page in glue.get_paginator("get_partitions").paginate(DatabaseName=database, TableName=table):
        yield from page["Partitions"]
