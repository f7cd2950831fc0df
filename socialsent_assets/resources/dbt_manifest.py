"""dbt's manifest, parsed when it is missing or older than the project: the graph is built from it.

`@dbt_assets` reads the manifest while the graph is imported, so a fresh clone has to parse first, and processes
that start together (web server, daemon, code server) must not parse at the same time.

Not here: building models (defs/marts.py).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from socialsent_assets.lake.exclusive import exclusive
from socialsent_assets.resources.dbt_cli import dbt_executable
from socialsent_assets.resources.warehouse import dbt_environment
from socialsent_assets.settings import PROJECT_ROOT, Settings

if TYPE_CHECKING:
    from dagster_dbt import DbtProject

DBT_PROJECT = PROJECT_ROOT / "dbt_project"
_SOURCES = ("models", "macros", "snapshots", "tests", "seeds", "dbt_project.yml", "profiles.yml")
_PATIENCE_S = 300.0


def dbt_project(settings: Settings) -> DbtProject:
    """The dbt project with a manifest that is as new as its files; parses it if it is not.

    Raises:
        RuntimeError: dbt cannot parse the project; the message holds what dbt said.
    """
    from dagster_dbt import DbtProject

    project = DbtProject(project_dir=DBT_PROJECT, profiles_dir=DBT_PROJECT, target=settings.dbt_target)
    if manifest_is_old(DBT_PROJECT, project.manifest_path):
        with exclusive(DBT_PROJECT / "target" / ".parse.lock", _PATIENCE_S):
            if manifest_is_old(DBT_PROJECT, project.manifest_path):
                parse(DBT_PROJECT, settings)
    return project


def manifest_is_old(project: Path, manifest: Path) -> bool:
    """Whether the manifest is missing or a file of the project is newer."""
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
        "DBT_PROFILES_DIR": str(project),
        "DBT_PROJECT_DIR": str(project),
        "DBT_TARGET_PATH": str(project / "target"),
        "DBT_LOG_PATH": str(project / "target"),
    }
