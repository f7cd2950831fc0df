"""One PostgreSQL and one parse per session; a fresh lake and empty schemas per test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws.redshift.dbt_on_redshift import TARGET, DbtOnRedshift, Server
from tests.aws.redshift.postgres import postgres
from tests.aws.redshift.wire import wire
from tests.marts.dbt_in_process import Dbt, parse
from tests.marts.lake_folder import LakeFolder


@pytest.fixture(scope="session")
def redshift_server() -> Iterator[Server]:
    with postgres() as database, wire(database.socket) as opened:
        yield Server(database, opened)


@pytest.fixture(scope="session")
def parsed_for_redshift(redshift_server: Server, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("parse-redshift")
    return parse(LakeFolder(folder), folder / "target", TARGET, redshift_server.environment)


@pytest.fixture(scope="session")
def parsed_for_duckdb(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("parse-local")
    return parse(LakeFolder(folder), folder / "target")


@pytest.fixture
def lake(tmp_path: Path) -> LakeFolder:
    return LakeFolder(tmp_path)


@pytest.fixture
def redshift(lake: LakeFolder, redshift_server: Server, parsed_for_redshift: bytes) -> DbtOnRedshift:
    redshift_server.forget_everything()
    return DbtOnRedshift(lake, redshift_server, parsed_for_redshift, lake.root / "target-redshift")


@pytest.fixture
def duckdb(lake: LakeFolder, parsed_for_duckdb: bytes) -> Dbt:
    return Dbt(lake, parsed_for_duckdb, lake.root / "target-local")
