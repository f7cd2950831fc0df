"""dbt run in this process: the project is parsed once, then invoked with any window on any lake.

Not here: the lake (lake_folder.py), what the marts should hold (oracle.py).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb

from tests.marts.lake_folder import LakeFolder, at

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
EMPTY: Mapping[str, str] = MappingProxyType({})


@dataclass
class Dbt:
    """dbt on one lake: `build()` for all history, `build("22T03", hours=2)` for a window."""

    lake: LakeFolder
    packed_manifest: bytes
    target: Path

    def build(self, start: str | datetime | None = None, hours: int = 1, options: Iterable[str] = ()) -> Any:
        """Run `dbt build`; raises AssertionError with dbt's messages when a node fails."""
        result = self.invoke("build", start, hours, options)
        failed = [f"{r.node.name}: {r.message}" for r in (result.result or []) if r.status in ("error", "fail")]
        assert result.success, failed or result.exception
        return result

    def invoke(
        self, command: str, start: str | datetime | None = None, hours: int = 1, options: Iterable[str] = ()
    ) -> Any:
        """Run any dbt command in this process and return dbt's own result object."""
        arguments = [command, "--quiet", *options]
        if start is not None:
            first = at(f"{start}:00") if isinstance(start, str) else start
            window = {"window_start": f"{first:%Y-%m-%d %H:%M:%S}"}
            window["window_end"] = f"{first + timedelta(hours=hours):%Y-%m-%d %H:%M:%S}"
            arguments += ["--vars", repr(window)]
        return run_dbt(arguments, self.lake.environment, self.target, fresh_manifest(self.packed_manifest))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query on the warehouse."""
        with duckdb.connect(str(self.lake.root / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(query).fetchall()


def run_dbt(arguments: list[str], environment: Mapping[str, str], target: Path, manifest: Any = None) -> Any:
    """One invocation of dbt in this process, with its own environment and target folder."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(target)]
    with _environment(environment):
        try:
            return dbtRunner(manifest=manifest).invoke(
                [*arguments, *folders, "--log-path", str(target), "--no-write-json", "--no-use-colors"]
            )
        finally:
            DuckDBConnectionManager.close_all_connections()  # or no one else in this process can open the file


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def parse(
    lake: LakeFolder, target: Path, options: Iterable[str] = (), environment: Mapping[str, str] = EMPTY
) -> bytes:
    """Parse the project, with more options and environment than the lake's if given; the manifest as bytes."""
    result = run_dbt(["parse", "--quiet", *options], {**lake.environment, **environment}, target)
    assert result.success, result.exception
    return (target / "partial_parse.msgpack").read_bytes()


def fresh_manifest(packed: bytes) -> Any:
    """A manifest of one's own: dbt leaves compiled SQL, and with it the window, in the manifest that it ran."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    manifest = Manifest.from_msgpack(packed, decoder=extended_mashumuro_decoder)
    manifest.build_flat_graph()  # what `graph` is in Jinja
    return manifest
