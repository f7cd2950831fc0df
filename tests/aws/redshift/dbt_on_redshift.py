"""dbt with target `redshift` on one lake, in this process: the unmodified dbt-redshift on PostgreSQL.

Not here: the server and the wire (postgres.py, wire.py), how the lake gets there (spectrum.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import redshift_connector

from tests.aws.redshift.postgres import DATABASE, PASSWORD, USER, Postgres
from tests.aws.redshift.spectrum import show_lake
from tests.aws.redshift.wire import Wire
from tests.marts.dbt_in_process import fresh_manifest, run_dbt
from tests.marts.lake_folder import LakeFolder, at

TARGET = ("--target", "redshift")


@dataclass(frozen=True)
class Server:
    """PostgreSQL and the wire before it."""

    database: Postgres
    wire: Wire

    @property
    def environment(self) -> dict[str, str]:
        """What the project and `Settings` read."""
        return {
            "SOCIALSENT_DBT_TARGET": "redshift",
            "SOCIALSENT_REDSHIFT_METHOD": "database",
            "SOCIALSENT_REDSHIFT_HOST": "127.0.0.1",
            "SOCIALSENT_REDSHIFT_PORT": str(self.wire.port),
            "SOCIALSENT_REDSHIFT_USER": USER,
            "SOCIALSENT_REDSHIFT_PASSWORD": PASSWORD,
            "SOCIALSENT_REDSHIFT_DATABASE": DATABASE,
            "SOCIALSENT_REDSHIFT_SSLMODE": "disable",
        }

    def forget_everything(self) -> None:
        """Drop whatever a test before may have built."""
        with self.database.connect() as connection:
            for schema in ("marts", "staging", "spectrum_cleansed", "spectrum_analytics"):
                connection.execute(f"drop schema if exists {schema} cascade")


@dataclass
class DbtOnRedshift:
    """As `tests.marts.dbt_in_process.Dbt`; the lake is shown to Spectrum before every build."""

    lake: LakeFolder
    server: Server
    packed_manifest: bytes
    target: Path
    statements: list[str] = field(default_factory=list)
    """What the latest invocation sent, comments of dbt included."""

    def build(self, start: str | datetime | None = None, hours: int = 1, options: Iterable[str] = ()) -> Any:
        """Run `dbt build`; raises AssertionError with dbt's messages when a node fails."""
        result = self.invoke(["build", *options], start, hours)
        failed = [f"{r.node.name}: {r.message}" for r in (result.result or []) if r.status in ("error", "fail")]
        assert result.success, failed or result.exception
        return result

    def invoke(self, command: Iterable[str], start: str | datetime | None = None, hours: int = 1) -> Any:
        """Run any dbt command for a window, given as the graph gives it: in the environment."""
        with self.server.database.connect() as connection:
            show_lake(connection, self.lake.root)
        before = len(self.server.wire.statements)
        manifest = fresh_manifest(self.packed_manifest)
        environment = {**self.lake.environment, **self.server.environment, **_window(start, hours)}
        result = run_dbt([*command, "--quiet", *TARGET], environment, self.target, manifest)
        self.statements = self.server.wire.since(before)
        return result

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query on the marts."""
        with (
            redshift_connector.connect(
                host="127.0.0.1",
                port=self.server.wire.port,
                user=USER,
                password=PASSWORD,
                database=DATABASE,
                ssl=False,
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("set search_path to marts")
            cursor.execute(query)
            return [tuple(row) for row in cursor.fetchall()]


def _window(start: str | datetime | None, hours: int) -> dict[str, str]:
    if start is None:
        return {"SOCIALSENT_WINDOW_START": "", "SOCIALSENT_WINDOW_END": ""}
    first = at(f"{start}:00") if isinstance(start, str) else start
    return {
        "SOCIALSENT_WINDOW_START": f"{first:%Y-%m-%d %H:%M:%S}",
        "SOCIALSENT_WINDOW_END": f"{first + timedelta(hours=hours):%Y-%m-%d %H:%M:%S}",
    }
