"""The one place where an environment is chosen: settings in, every resource of the graph out.

Not here: what the resources do (the modules beside this one).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from socialsent_assets.jobs.spark_session import spark_config
from socialsent_assets.resources.catalog import catalog_of
from socialsent_assets.resources.compute import LocalSpark
from socialsent_assets.resources.dbt_cli import DbtCli, dbt_executable
from socialsent_assets.resources.hosting import Hosting, NoHosting, SageMakerHosting
from socialsent_assets.resources.ingest import EmbeddedKinesis
from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.resources.reports import ReportFolder
from socialsent_assets.resources.warehouse import Warehouse
from socialsent_assets.settings import Settings

if TYPE_CHECKING:
    from dagster_dbt import DbtProject

LOCKS = "locks"  # folder under home


def resources_for(settings: Settings, dbt_project: DbtProject) -> dict[str, Any]:
    """Every resource that an asset, check or sensor may ask for, by name."""
    lake = LakeResource(
        landing=settings.landing,
        cleansed=settings.cleansed,
        analytics=settings.analytics,
        artifacts=settings.artifacts,
    )
    return {
        "lake": lake,
        "compute": LocalSpark(lake=lake, spark=spark_config(settings), locks=str(settings.home / LOCKS)),
        "catalog": catalog_of(settings),
        "warehouse": Warehouse(lake=lake, path=str(settings.warehouse)),
        "dbt": DbtCli(
            project_dir=str(dbt_project.project_dir),
            profiles_dir=str(dbt_project.profiles_dir),
            target=dbt_project.target,
            dbt_executable=dbt_executable(),
        ),
        "ingest": EmbeddedKinesis(landing=settings.landing, start=settings.start.isoformat()),
        "reports": ReportFolder(path=str(settings.reports)),
        "hosting": _hosting(settings),
    }


def _hosting(settings: Settings) -> Hosting:
    return NoHosting() if settings.sagemaker is None else SageMakerHosting(**asdict(settings.sagemaker))
