"""A home in a temporary folder, worked on by the real command line in processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from socialsent_assets.domain.tables import TABLES
from socialsent_assets.lake.lake import Lake
from socialsent_assets.settings import PROJECT_ROOT
from tests.built_lake import rows_of_table

PROGRAM = "from socialsent_assets.cli.main import run; run()"


@dataclass(frozen=True)
class Home:
    """`$SOCIALSENT_HOME` and what one can do with it."""

    path: Path
    settings: Mapping[str, str] = field(default_factory=dict, kw_only=True)

    @property
    def environment(self) -> dict[str, str]:
        """Of every process that works on this home."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SOCIALSENT_", "DAGSTER_"))}
        return {**kept, "SOCIALSENT_HOME": str(self.path), "COLUMNS": "200", **self.settings}

    def run(self, *arguments: str, program: str = PROGRAM) -> subprocess.CompletedProcess[str]:
        """One command to its end, whatever its exit code."""
        return subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program, *arguments],
            cwd=PROJECT_ROOT, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def must(self, *arguments: str) -> str:
        """Standard output of a command that has to succeed."""
        done = self.run(*arguments)
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}{self.log()}"
        return done.stdout

    def status(self) -> dict[str, Any]:
        """`socialsent status --format json`."""
        return json.loads(self.must("status", "--format", "json"))

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Rows of a query on the marts."""
        import duckdb

        with duckdb.connect(str(self.path / "warehouse.duckdb"), read_only=True) as connection:
            found = connection.execute(sql)
            names = [column[0] for column in found.description or []]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Rows of every table of the lake, in one order."""
        lake = Lake.in_folder(self.path / "lake")
        return {f"{table.tier}.{table.name}": rows_of_table(lake, table) for table in TABLES}

    def log(self) -> str:
        """The last lines of the last run's output."""
        log = self.path / "logs" / "materialize.log"
        return log.read_text(encoding="utf-8", errors="replace")[-4000:] if log.is_file() else ""
