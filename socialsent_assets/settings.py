"""Every setting, read once, checked and frozen: `Settings.from_env()` in entry points only.

Not here: what is done with them (resources/bindings.py), secrets (they stay with their services).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.start import start_hour

__all__ = ["SageMakerSettings", "Settings", "UserError", "read_dotenv", "start_hour"]

DEFAULT_HOME = ".socialsent"
PROJECT_ROOT = Path(__file__).resolve().parents[1]
_ENDPOINT = "SOCIALSENT_SAGEMAKER_ENDPOINT"
_ROLE_ARN = "SOCIALSENT_SAGEMAKER_ROLE_ARN"
_IMAGE_URI = "SOCIALSENT_SAGEMAKER_IMAGE_URI"
_MODEL_GROUP = "SOCIALSENT_SAGEMAKER_MODEL_GROUP"
_ARCHIVES = "SOCIALSENT_SAGEMAKER_ARCHIVES"
_MEMORY_MB = "SOCIALSENT_SAGEMAKER_MEMORY_MB"
_MAX_CONCURRENCY = "SOCIALSENT_SAGEMAKER_MAX_CONCURRENCY"
_HOSTING = (_ENDPOINT, _ROLE_ARN, _IMAGE_URI, _MODEL_GROUP, _ARCHIVES, _MEMORY_MB, _MAX_CONCURRENCY)


@dataclass(frozen=True)
class SageMakerSettings:
    """Where and how the champion classifier is hosted. Limits: boto3's SageMaker API, ServerlessConfig.

    Attributes:
        endpoint: name of the serverless endpoint.
        model_group: model package group of the SageMaker Model Registry.
        role_arn: role that the endpoint takes on: reads the archive and the image, writes logs.
        image_uri: container image that holds this package and starts socialsent_assets.jobs.endpoint.
        archives: S3 URI under which model archives are put.
        memory_mb: 1024 to 6144, in steps of 1024; the share of a CPU grows with it.
        max_concurrency: 1 to 200 requests at once.
    """

    endpoint: str
    model_group: str
    role_arn: str
    image_uri: str
    archives: str
    memory_mb: int
    max_concurrency: int

    @classmethod
    def from_env(cls, env: Mapping[str, str], artifacts: str) -> SageMakerSettings | None:
        """From the variables in `_HOSTING`; None when none of them is set. `artifacts` is that tier's URI.

        Raises:
            UserError: only some of what is needed is set, or a value that SageMaker would refuse.
        """
        if not any(env.get(name) for name in _HOSTING):
            return None
        missing = [name for name in (_ENDPOINT, _ROLE_ARN, _IMAGE_URI) if not env.get(name)]
        if missing:
            raise UserError(f"{', '.join(missing)} is missing: hosting on SageMaker needs it (docs/serving.md)")
        archives = env.get(_ARCHIVES) or artifacts
        if not archives.startswith("s3://"):
            raise UserError(f"{_ARCHIVES} is missing: SageMaker reads models from S3, set it to s3://BUCKET/PREFIX")
        return cls(
            endpoint=_name(env, _ENDPOINT, "", longest=40),  # names of its models and configs are longer by 22
            model_group=_name(env, _MODEL_GROUP, env[_ENDPOINT], longest=63),
            role_arn=_role(env[_ROLE_ARN]),
            image_uri=env[_IMAGE_URI],
            archives=archives.rstrip("/"),
            memory_mb=_number(env, _MEMORY_MB, 2048, range(1024, 6145, 1024), "1024, 2048, … 6144"),
            max_concurrency=_number(env, _MAX_CONCURRENCY, 5, range(1, 201), "1 to 200"),
        )


def _name(env: Mapping[str, str], setting: str, default: str, longest: int) -> str:
    value = env.get(setting) or default
    if len(value) > longest or not re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*", value):
        raise UserError(f"{setting}={value}: use letters, digits and hyphens, at most {longest}")
    return value


def _role(arn: str) -> str:
    if not re.fullmatch(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+", arn):
        raise UserError(f"{_ROLE_ARN}={arn}: it looks like arn:aws:iam::ACCOUNT:role/NAME")
    return arn


def _number(env: Mapping[str, str], setting: str, default: int, allowed: range, words: str) -> int:
    text = env.get(setting) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) not in allowed:
        raise UserError(f"{setting}={text}: use {words}")
    return int(text)


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
        sagemaker: where the champion is hosted; None when it is not.
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
    sagemaker: SageMakerSettings | None = None

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
            sagemaker=SageMakerSettings.from_env(env, tier("artifacts")),
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
