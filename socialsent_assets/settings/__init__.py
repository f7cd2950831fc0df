"""Every setting, read once, checked and frozen: `Settings.from_env()` in entry points only.

One module per service of AWS holds that service's settings; none of them is needed on one machine.

Not here: what is done with them (resources/build.py), secrets (they stay with their services).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.start import start_hour
from socialsent_assets.settings.alerts import AlertSettings
from socialsent_assets.settings.catalog import AthenaSettings, CatalogSettings
from socialsent_assets.settings.compute import ComputeName, compute_of
from socialsent_assets.settings.dotenv import read_dotenv
from socialsent_assets.settings.following import FollowSettings
from socialsent_assets.settings.glue import GlueSettings
from socialsent_assets.settings.redshift import RedshiftSettings
from socialsent_assets.settings.retention import RetentionSettings
from socialsent_assets.settings.sagemaker import SageMakerSettings
from socialsent_assets.settings.values import choice_of, number_of

__all__ = [
    "AlertSettings",
    "AthenaSettings",
    "CatalogSettings",
    "FollowSettings",
    "GlueSettings",
    "RedshiftSettings",
    "RetentionSettings",
    "SageMakerSettings",
    "Settings",
    "UserError",
    "read_dotenv",
    "start_hour",
]

DASHBOARD_PORT = 3010
DEFAULT_HOME = ".socialsent"
PROJECT_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settings:
    """Settings of this process.

    Attributes:
        home: folder that holds everything kept locally.
        landing, cleansed, analytics, artifacts: URI of each tier's root (`file:` path or `s3://`).
        warehouse: path of the DuckDB file.
        start: first accepted event time, UTC, on the hour.
        dbt_target: target of dbt_project/profiles.yml.
        spark_memory: Spark driver heap, JVM notation (`2g`); on a cluster also of each executor.
        spark_master: `local[*]`, or the URL of a Spark cluster (`spark://HOST:7077`).
        sentiment: whose answers lead the report, "champion" or "lexicon".
        run_history_days, run_history_runs: how long, and how many, finished runs stay in Dagster's history.
        log_bytes: how large a log of a process of `socialsent ui` grows before the next one begins; two are kept.
        retention: for how many days the events of each source are kept.
        word_authors: different people who must have written a word of the next-word model.
        refresh_seconds: how often the landing sensor looks for hours to build.
        sagemaker: where the champion is hosted; None when it is not.
        compute: who does the work of the jobs.
        glue: where the Spark jobs run on AWS; None unless `compute` is glue.
        redshift: where the marts are on AWS; None with another dbt target.
        catalog: the Iceberg catalog of the lake's tables.
        athena: who answers queries on AWS; None when DuckDB does.
        alerts: where alerts and metrics go besides this machine.
        follow: the public network that is followed instead of the simulated feed; None for that.
        dashboard_url: where people see the dashboard, for links to it; None where there is none.
    """

    home: Path
    landing: str
    cleansed: str
    analytics: str
    artifacts: str
    warehouse: Path
    start: datetime
    dbt_target: str
    spark_memory: str
    catalog: CatalogSettings
    spark_master: str = "local[*]"
    run_history_days: int = 14
    run_history_runs: int = 500
    log_bytes: int = 20_000_000
    refresh_seconds: int = 20
    word_authors: int = 3
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    sentiment: str = "champion"
    sagemaker: SageMakerSettings | None = None
    compute: ComputeName = "auto"
    glue: GlueSettings | None = None
    redshift: RedshiftSettings | None = None
    athena: AthenaSettings | None = None
    alerts: AlertSettings = field(default_factory=AlertSettings)
    follow: FollowSettings | None = None
    dashboard_url: str | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """From `SOCIALSENT_*` variables, then `.env` in the current folder, then defaults.

        Raises:
            UserError: a value that cannot be used; the message names the variable.
        """
        env = {**read_dotenv(Path(".env")), **os.environ} if environ is None else environ
        home = Path(env.get("SOCIALSENT_HOME") or DEFAULT_HOME).expanduser().resolve()
        lake = home / "lake"

        def tier(name: str) -> str:
            return env.get(f"SOCIALSENT_LAKE_{name.upper()}") or str(lake / name)

        return cls(
            home=home,
            landing=tier("landing"),
            cleansed=tier("cleansed"),
            analytics=tier("analytics"),
            artifacts=tier("artifacts"),
            warehouse=Path(env.get("SOCIALSENT_WAREHOUSE") or home / "warehouse.duckdb"),
            start=start_hour(env),
            dbt_target=env.get("SOCIALSENT_DBT_TARGET") or "local",
            spark_memory=env.get("SOCIALSENT_SPARK_MEMORY") or "1g",
            spark_master=env.get("SOCIALSENT_SPARK_MASTER") or "local[*]",
            catalog=CatalogSettings.from_env(env, lake),
            run_history_days=number_of(env, "SOCIALSENT_RUN_HISTORY_DAYS", 14, range(1, 3_651), "1 to 3650 days"),
            run_history_runs=number_of(env, "SOCIALSENT_RUN_HISTORY_RUNS", 500, range(1, 1_000_001), "1 to 1000000"),
            log_bytes=1_000_000 * number_of(env, "SOCIALSENT_LOG_MB", 20, range(1, 100_001), "1 to 100000 MB"),
            refresh_seconds=number_of(
                env, "SOCIALSENT_REFRESH_SECONDS", 20, range(10, 86_401), "10 to 86400 seconds"
            ),
            retention=RetentionSettings.from_env(env),
            word_authors=number_of(env, "SOCIALSENT_WORD_AUTHORS", 3, range(1, 1_001), "1 to 1000 people"),
            sentiment=choice_of(env, "SOCIALSENT_SENTIMENT", ("champion", "lexicon")),
            sagemaker=SageMakerSettings.from_env(env, tier("artifacts")),
            compute=compute_of(env),
            glue=GlueSettings.from_env(env, tier("artifacts")),
            redshift=RedshiftSettings.from_env(env),
            athena=AthenaSettings.from_env(env),
            alerts=AlertSettings.from_env(env),
            follow=FollowSettings.from_env(env),
            dashboard_url=_dashboard_url(env),
        )

    @property
    def dagster_home(self) -> Path:
        """Where Dagster keeps runs and events."""
        return self.home / "dagster"

    @property
    def reports(self) -> Path:
        """Where `socialsent report` writes."""
        return self.home / "reports"


def _dashboard_url(env: Mapping[str, str]) -> str | None:
    """As set, or where `socialsent dashboard` serves; it reads the local marts alone."""
    own = f"http://127.0.0.1:{DASHBOARD_PORT}/" if (env.get("SOCIALSENT_DBT_TARGET") or "local") == "local" else None
    return env.get("SOCIALSENT_DASHBOARD_URL") or own
