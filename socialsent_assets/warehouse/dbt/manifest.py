"""dbt's manifest and the models' column lineage, made when they are missing or older than the project.

The graph is built from them. `@dbt_assets` reads the manifest while the graph is imported, so a fresh clone has to
parse first, and processes that start together (web server, daemon, code server) must not parse at the same time.

Not here: how lineage is read out of SQL (column_lineage.py), building models (defs/marts.py).
"""

from __future__ import annotations

import logging
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from socialsent_assets.lake.storage.file_lock import BusyError, exclusive
from socialsent_assets.settings import PROJECT_ROOT, Settings
from socialsent_assets.warehouse.dbt import column_lineage
from socialsent_assets.warehouse.dbt import compile as dbt_compile
from socialsent_assets.warehouse.dbt.environment import dbt_environment, dbt_executable, redshift_environment
from socialsent_assets.warehouse.marts import ATHENA

if TYPE_CHECKING:
    from dagster_dbt import DbtProject

DBT_PROJECT = PROJECT_ROOT / "dbt_project"
_SOURCES = ("models", "macros", "tests", "seeds", "dbt_project.yml", "profiles.yml")
_LOCK = DBT_PROJECT / "target" / ".parse.lock"
_PATIENCE_S = 300.0
_log = logging.getLogger(__name__)


def dbt_project(settings: Settings) -> DbtProject:
    """The dbt project with a manifest and a column lineage that are as new as its files; makes them if they are not.

    Raises:
        RuntimeError: dbt cannot parse the project; the message holds dbt's error.
    """
    from dagster_dbt import DbtProject

    project = DbtProject(
        project_dir=DBT_PROJECT,
        target_path=target_folder(settings),
        profiles_dir=DBT_PROJECT,
        target=settings.dbt_target,
    )
    if manifest_is_old(DBT_PROJECT, project.manifest_path):
        with exclusive(_LOCK, _PATIENCE_S):
            if manifest_is_old(DBT_PROJECT, project.manifest_path):
                parse(DBT_PROJECT, settings)
    renew_lineage(lineage_path(project), settings)
    return project


def target_folder(settings: Settings) -> Path:
    """Folder of dbt's artifacts within the project: one per target, whose manifests name other schemas."""
    return Path("target") if settings.dbt_target == "local" else Path("target") / settings.dbt_target


def lineage_path(project: DbtProject) -> Path:
    """Path of the column lineage of the manifest: beside it."""
    return project.manifest_path.with_name("column_lineage.json")


def renew_lineage(path: Path, settings: Settings) -> None:
    """Write the column lineage of the models, if the file is missing or old. Never fails: a graph without
    lineage is better than none, and the debug log has the reason.

    Costs 4 CPU seconds, nearly all of it dbt's (measured); reading the SQL of 23 models takes 0.1.
    """
    if not _lineage_is_old(path):
        return
    try:
        with exclusive(_LOCK, _PATIENCE_S):
            if _lineage_is_old(path):
                column_lineage.write_lineage(path, _lineage(settings))
    except (OSError, BusyError) as error:  # for example a folder without write permission
        _log.debug("no column lineage of the models: %s", error)


def _lineage(settings: Settings) -> column_lineage.Lineage:
    try:
        compiled = dbt_compile.compiled_manifest(DBT_PROJECT, parse_environment(DBT_PROJECT, settings))
    except RuntimeError as error:
        _log.debug("no column lineage of the models: %s", error)
        return {}  # written as well: no one tries again before the project changes
    return column_lineage.column_lineage(compiled)


def _lineage_is_old(path: Path) -> bool:
    readers = (Path(column_lineage.__file__), Path(dbt_compile.__file__))
    return manifest_is_old(DBT_PROJECT, path) or any(
        reader.stat().st_mtime > path.stat().st_mtime for reader in readers
    )


def manifest_is_old(project: Path, manifest: Path) -> bool:
    """Whether the manifest, or what else was made of the project, is missing or a file of the project is newer."""
    if not manifest.is_file():
        return True
    parsed_at = manifest.stat().st_mtime
    return any(path.stat().st_mtime > parsed_at for path in _project_files(project))


def _project_files(project: Path) -> list[Path]:
    files: list[Path] = []
    for name in _SOURCES:
        source = project / name
        # Folders count too: their time changes when a model is renamed or removed.
        files += [source, *source.rglob("*")] if source.exists() else []
    return files


def parse(project: Path, settings: Settings) -> None:
    """Run `dbt parse` with the target and environment that runs use. Raises RuntimeError if it fails."""
    command = [dbt_executable(), "parse", "--target", settings.dbt_target, "--quiet"]
    done = subprocess.run(  # the caller waits for the graph anyway
        command, cwd=project, env=parse_environment(project, settings), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"dbt parse failed; run it in {project} to see more: {done.stdout}{done.stderr}".strip())


def parse_environment(project: Path, settings: Settings) -> Mapping[str, str]:
    """The environment of `parse`."""
    return {
        **os.environ,
        **dbt_environment(settings.cleansed, settings.analytics, settings.warehouse),
        **({} if settings.redshift is None else redshift_environment(settings.redshift)),
        **_athena_environment(settings),
        "DBT_PROFILES_DIR": str(project),
        "DBT_PROJECT_DIR": str(project),
        "DBT_TARGET_PATH": str(project / target_folder(settings)),
        "DBT_LOG_PATH": str(project / target_folder(settings)),
    }


def _athena_environment(settings: Settings) -> Mapping[str, str]:
    if settings.dbt_target != ATHENA or settings.athena is None or settings.catalog.kind != "glue":
        return {}
    from socialsent_assets.warehouse.dbt.environment import athena_environment

    return athena_environment(settings.athena, settings.catalog)
