"""The code location: every asset, check, sensor and job of defs/, bound to the resources that the settings name.

Importing this opens no network connection and starts no Spark; it parses the dbt project if that changed.

Not here: any asset (defs/), any choice of an environment (resources/build.py).
"""

from __future__ import annotations

import dagster as dg

from socialsent_assets.defs import (
    analytics,
    cleansed,
    erasing,
    following,
    jobs,
    landing,
    marts,
    monitoring,
    reports,
    retention,
    run_history,
    sensors,
    upkeep,
)
from socialsent_assets.defs.checks import contract, freshness
from socialsent_assets.defs.metadata import dashboard_link
from socialsent_assets.defs.ml import assets as models
from socialsent_assets.defs.ml import automation as retraining
from socialsent_assets.defs.ml import endpoint, endpoint_sensor
from socialsent_assets.resources.build import resources_for
from socialsent_assets.settings import Settings
from socialsent_assets.warehouse.dbt.manifest import dbt_project


def definitions(settings: Settings) -> dg.Definitions:
    """The whole graph for one environment; keys and names are the same in all of them."""
    project = dbt_project(settings)
    history_job, history_schedule = run_history.definitions(settings)
    retention_job, retention_schedule = retention.definitions(settings)
    return dg.Definitions(
        assets=[
            landing.landed_events,
            landing.quarantined_records,
            landing.human_labels,
            following.followed_networks,
            cleansed.cleansed_tables,
            models.bigram,
            models.sentiment_classifier,
            endpoint.sentiment_endpoint,
            analytics.analytics_tables,
            marts.dbt_marts(project, settings.dashboard_url),
            reports.insights.map_asset_specs(
                lambda spec: spec.merge_attributes(metadata=dashboard_link(settings.dashboard_url))
            ),
        ],
        asset_checks=[contract.cleansed_checks, contract.analytics_checks, freshness.newest_hour],
        jobs=[
            jobs.refresh,
            jobs.cleanse_hours,
            jobs.score_hours,
            jobs.train,
            jobs.host,
            jobs.report,
            jobs.simulate_feed,
            upkeep.upkeep,
            history_job,
            retention_job,
            erasing.erase,
        ],
        schedules=[retraining.daily, upkeep.daily, history_schedule, retention_schedule],
        sensors=[
            sensors.landing_sensor,
            sensors.report_sensor,
            retraining.drift_sensor,
            endpoint_sensor.endpoint_sensor,
            monitoring.alert_sensor,
            following.following_sensor,
        ],
        resources=resources_for(settings, project),
        # A step process costs 5 to 10 CPU seconds, most of it imports, and would start a JVM of its own.
        executor=dg.in_process_executor,
    )


defs = definitions(Settings.from_env())
