"""Dagster's task, played here: the environment of its container, and the graph with it in this process.

Overridden are, because they lead out of this machine: AWS_ENDPOINT_URL and credentials; host, port, login and TLS of
Redshift, which is PostgreSQL behind the wire of tests/aws/redshift; pauses of polling. Glue's runs are processes
(tests/aws/glue/local_glue.py) with the script, wheel and arguments that the template's jobs name. Spectrum is played
by copying the data files of each table's current snapshot in the Data Catalog into PostgreSQL, so rows that no
commit made current are missing there too.

Limits: one process instead of four containers; no image, no PostgreSQL of Dagster's own, no one's permissions.

Not here: the account (account.py), what the graph does.
"""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from socialsent_assets.domain.tables import TABLES
from socialsent_assets.lake.iceberg.catalog import CatalogConfig, open_catalog
from socialsent_assets.lake.iceberg.scan import files_of
from socialsent_assets.lake.iceberg.schema import table_exists
from socialsent_assets.settings import Settings
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
    """Glue whose runs take wheel, script and concurrency from the job in the template."""

    def __init__(self, aws: Account, folder: Path) -> None:
        super().__init__(aws, folder, {})
        self._aws = aws
        self.refusal: Exception | None = None

    def start_job_run(self, JobName: str, Arguments: dict[str, str]) -> dict[str, str]:
        if self.refusal is not None:
            raise self.refusal
        job = self.get_job(JobName=JobName)["Job"]
        self.most_at_once = job["ExecutionProperty"]["MaxConcurrentRuns"]
        place = self._folder / f"python-{len(self.runs)}"
        self._environ = glue_environment(place, aws_variables(self._aws.endpoint))
        installed = Path(self._environ["PYTHONPATH"])
        shutil.rmtree(installed / "socialsent_assets")
        wheels = self._aws.fetch(job["DefaultArguments"]["--additional-python-modules"])
        with zipfile.ZipFile(io.BytesIO(wheels)) as archive:  # the template's zip holds our wheel alone
            for name in archive.namelist():
                zipfile.ZipFile(io.BytesIO(archive.read(name))).extractall(installed)
        return super().start_job_run(JobName=JobName, Arguments=Arguments)


def show_catalog(deployed: Assembly, aws: Account, redshift: Server, folder: Path) -> None:
    """What Spectrum shows: the current snapshots of the databases that the warehouse's external schemas name."""
    shutil.rmtree(folder, ignore_errors=True)
    [(_, contents)] = deployed.every("Custom::WarehouseContents")
    # Named as the schemas that show_lake makes.
    databases = {schema.removeprefix("spectrum_"): name for schema, name in contents["ExternalSchemas"].items()}
    catalog = CatalogConfig("glue", **databases)
    for table in TABLES:
        if not table_exists(catalog, table):
            continue
        target = folder / table.tier / table.name
        target.mkdir(parents=True)
        for number, file in enumerate(files_of(open_catalog(catalog).load_table(catalog.identifier(table)))):
            (target / f"{number}.parquet").write_bytes(aws.fetch(file.path))
    with redshift.database.connect() as connection:
        show_lake(connection, folder)


@dataclass
class Dagster:
    """The graph in this process; its instance is new and empty."""

    settings: Settings
    definitions: dg.Definitions
    resources: dict[str, Any]
    instance: dg.DagsterInstance
    glue: DeployedGlue

    def asked_for(self) -> list[dg.RunRequest]:
        """Runs that the landing sensor requests now."""
        from socialsent_assets.defs.sensors import landing_sensor

        with self._sensor("lake", "warehouse") as context:
            tick = landing_sensor(context)
        assert isinstance(tick, dg.SensorResult)
        return list(tick.run_requests or [])

    def run(self, request: dg.RunRequest) -> dg.ExecuteInProcessResult:
        """Run the job `refresh` for the hours of a request, to whatever end."""
        return self.definitions.resolve_job_def("refresh").execute_in_process(
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            instance=self.instance,
            tags=dict(request.tags),
            raise_on_error=False,
        )

    def look_for_alerts(self) -> None:
        """One tick of the alert sensor."""
        from socialsent_assets.defs.monitoring import alert_sensor

        with self._sensor("lake", "alerting", "notifications", "metrics") as context:
            alert_sensor(context)

    @contextmanager
    def glue_refuses(self, error: Exception) -> Iterator[None]:
        """Glue starts no run meanwhile."""
        self.glue.refusal = error
        yield
        self.glue.refusal = None

    def said(self) -> list[str]:
        """Ends of what the runs of Glue wrote, and why steps failed."""
        failures = [
            str(entry.event_log_entry.dagster_event)[:3000]
            for run in self.instance.get_runs()
            for entry in self.instance.get_records_for_run(
                run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE
            ).records
        ]
        return [*failures, *(run.output.read_text(encoding="utf-8")[-3000:] for run in self.glue.runs)]

    @contextmanager
    def _sensor(self, *names: str) -> Iterator[dg.SensorEvaluationContext]:
        resources = {name: self.resources[name] for name in names}
        with dg.build_sensor_context(instance=self.instance, resources=resources) as context:
            yield context


@contextmanager
def dagster(deployed: Assembly, aws: Account, redshift: Server, folder: Path) -> Iterator[Dagster]:
    """The graph for the environment that this process has now (see `inside`)."""
    from socialsent_assets import definitions as code
    from socialsent_assets.aws import client
    from socialsent_assets.resources import glue as glue_resource
    from socialsent_assets.resources.redshift import RedshiftWarehouse
    from socialsent_assets.warehouse.dbt.manifest import dbt_project

    settings = Settings.from_env()
    glue = DeployedGlue(aws, folder / "glue")
    real_client, real_resources = client.aws_client, code.resources_for  # type: ignore[attr-defined]

    def resources_for(*arguments: Any) -> dict[str, Any]:
        made = real_resources(*arguments)
        compute = made["compute"]
        kept = {name: getattr(compute, name) for name in type(compute).model_fields}
        return {**made, "compute": type(compute)(**{**kept, "poll_seconds": 0.5})}

    with pytest.MonkeyPatch.context() as patch, dg.instance_for_test() as instance:
        patch.setattr(client, "aws_client", lambda name: glue if name == "glue" else real_client(name))
        patch.setattr(code, "resources_for", resources_for)
        patch.setattr(glue_resource, "_MESSAGES_EVERY_SECONDS", 0.2)
        shown = folder / "spectrum"
        # A build wakes the warehouse first, after the hours are committed: what Spectrum shows is up to date then.
        patch.setattr(RedshiftWarehouse, "_wake", lambda _self, _log: show_catalog(deployed, aws, redshift, shown))
        try:
            resources = resources_for(settings, dbt_project(settings))
            yield Dagster(settings, code.definitions(settings), resources, instance, glue)
        finally:
            glue.close()
