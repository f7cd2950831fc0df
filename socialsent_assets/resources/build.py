"""Build every resource of the graph from the settings.

Not here: the resources (the modules beside this one).
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from socialsent_assets.jobs.spark_session import spark_config
from socialsent_assets.resources.alerting import AlertingService
from socialsent_assets.resources.compute import Compute, LocalCompute
from socialsent_assets.resources.dbt_cli import DbtCli
from socialsent_assets.resources.ingest import EmbeddedKinesis
from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.resources.metrics import CloudWatchMetrics, NullMetrics
from socialsent_assets.resources.model_endpoint import Hosting, NoHosting, SageMakerHosting
from socialsent_assets.resources.notifications import LogNotifications, SnsNotifications
from socialsent_assets.resources.reports import ReportFolder
from socialsent_assets.resources.training import Training
from socialsent_assets.resources.warehouse import DuckDbWarehouse, Warehouse
from socialsent_assets.settings import Settings
from socialsent_assets.warehouse.dbt.environment import MODULE_FLAGS
from socialsent_assets.warehouse.marts import ATHENA

if TYPE_CHECKING:
    from dagster_dbt import DbtProject

LOCKS = "locks"  # folder under home


def resources_for(settings: Settings, dbt_project: DbtProject) -> dict[str, Any]:
    """Every resource that an asset, check or sensor may ask for, by name."""
    lake = LakeResource.of(settings)
    return {
        "lake": lake,
        "compute": _compute(settings, lake),
        "warehouse": _warehouse(settings, lake),
        "dbt": DbtCli(
            project_dir=str(dbt_project.project_dir),
            profiles_dir=str(dbt_project.profiles_dir),
            target=dbt_project.target,
            dbt_executable=sys.executable,
            global_config_flags=MODULE_FLAGS,
        ),
        "ingest": EmbeddedKinesis(landing=settings.landing, start=settings.start.isoformat()),
        "reports": ReportFolder(path=str(settings.reports), sentiment=settings.sentiment),
        "training": Training(word_authors=settings.word_authors),
        "hosting": _hosting(settings),
        **alerting_for(settings),
    }


def alerting_for(settings: Settings) -> dict[str, Any]:
    """Resources of alerting: service, notifier and metrics sink. Also used by `socialsent alerts`."""
    alerts = settings.alerts
    return {
        "alerting": AlertingService(
            locks=str(settings.home / LOCKS), ui_url=alerts.ui_url, deletion_minutes=alerts.deletion_minutes
        ),
        "notifications": SnsNotifications(topic_arn=alerts.topic_arn) if alerts.topic_arn else LogNotifications(),
        "metrics": (
            CloudWatchMetrics(namespace=alerts.metrics_namespace) if alerts.metrics_namespace else NullMetrics()
        ),
    }


def _compute(settings: Settings, lake: LakeResource) -> Compute:
    if settings.glue is None:
        return LocalCompute(lake=lake, engine=settings.compute, spark=spark_config(settings))
    from socialsent_assets.resources.glue import GlueSpark

    return GlueSpark(lake=lake, **asdict(settings.glue))


def _warehouse(settings: Settings, lake: LakeResource) -> Warehouse:
    if settings.dbt_target == ATHENA:
        from socialsent_assets.resources.athena import AthenaWarehouse

        return AthenaWarehouse.of(settings, lake)
    if settings.redshift is None:
        return DuckDbWarehouse(lake=lake, path=str(settings.warehouse))
    from socialsent_assets.resources.redshift import RedshiftWarehouse

    return RedshiftWarehouse.of(settings, settings.redshift, lake)


def _hosting(settings: Settings) -> Hosting:
    return NoHosting() if settings.sagemaker is None else SageMakerHosting(**asdict(settings.sagemaker))
