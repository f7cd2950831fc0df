"""The SQL that dbt makes of the models, without a lake and without a warehouse: for reading it, not for running it.

Not here: parsing the project for the graph (manifest.py), what is read out of the SQL (column_lineage.py).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from socialsent_assets.warehouse.dbt.environment import MODULE_FLAGS, dbt_environment


def compiled_manifest(project: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    """The manifest with `compiled_code` in every model, ephemeral models inlined.

    Compiled for DuckDB whatever the target of runs is, as for a first build of all history.

    Args:
        project: folder of dbt_project.yml.
        environment: environment of dbt; settings of ours and the target folder in it are not looked at.

    Raises:
        RuntimeError: dbt cannot compile the project; the message holds dbt's error.
    """
    with tempfile.TemporaryDirectory(prefix="socialsent-dbt-") as folder:
        root = Path(folder)
        done = subprocess.run(
            [sys.executable, *MODULE_FLAGS, "compile", *_WHAT],
            cwd=project,
            env={**_without_settings(environment), **_pretend_environment(root)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"dbt compile failed in {project}: {done.stdout}{done.stderr}".strip())
        manifest: dict[str, Any] = json.loads((root / "target" / "manifest.json").read_text(encoding="utf-8"))
        return manifest


_WHAT = (
    *("--target", "local", "--quiet"),
    *("--select", "resource_type:model"),
    *("--indirect-selection", "empty"),  # no tests
)


def _pretend_environment(root: Path) -> dict[str, str]:
    return {
        **dbt_environment(str(root / "cleansed"), str(root / "analytics"), root / "warehouse.duckdb"),
        "SOCIALSENT_WAREHOUSE": str(root / "warehouse.duckdb"),  # no build has made the folder of its copy
        "SOCIALSENT_LAKE_FILES": "none",  # the macro lake_rows then names the sources themselves
        "DBT_TARGET_PATH": str(root / "target"),
        "DBT_LOG_PATH": str(root / "target"),
    }


def _without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Every setting has a default in dbt_project/, and a window would narrow what is compiled."""
    return {name: value for name, value in environment.items() if not name.startswith("SOCIALSENT_")}
