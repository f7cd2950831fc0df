"""Every setting, read once, checked and frozen: `Settings.from_env()` in entry points only.

Not here: what is done with them (resources/bindings.py), secrets (they stay with their services).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.start import start_hour

__all__ = ["Settings", "UserError", "read_dotenv", "start_hour"]

DEFAULT_HOME = ".socialsent"
PROJECT_ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Settings:
    """What this process was told.

    Attributes:
        home: folder that holds everything kept locally.
        landing, cleansed, analytics, artifacts: URI of each tier's root (`file:` path or `s3://`).
        warehouse: path of the DuckDB file.
        start: first accepted event time, UTC, on the hour.
        dbt_target: target of dbt_project/profiles.yml.
        spark_memory: Spark driver heap, JVM notation (`2g`).
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
        )

    @property
    def dagster_home(self) -> Path:
        """Where Dagster keeps runs and events."""
        return self.home / "dagster"

    @property
    def reports(self) -> Path:
        """Where `socialsent report` writes."""
        return self.home / "reports"


def read_dotenv(path: Path) -> dict[str, str]:
    """`NAME=value` lines of a .env file, without expansion; {} if there is no such file.

    Raises:
        UserError: a line that is neither empty, a comment nor an assignment.
    """
    if not path.is_file():
        return {}
    values: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.strip().removeprefix("export ")
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals:
            raise UserError(f"{path}:{number} is not NAME=value; correct it or start it with #")
        values[name.strip()] = value.strip().strip("\"'")
    return values
