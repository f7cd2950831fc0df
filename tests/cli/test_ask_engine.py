"""Engine of `socialsent query`, by the settings and by the tables of the statement."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from socialsent_assets.cli.main import exit_code
from socialsent_assets.warehouse.engine import QueryResult

ATHENA = {"SOCIALSENT_CATALOG": "glue", "SOCIALSENT_ATHENA_WORKGROUP": "mood"}
REDSHIFT = {"SOCIALSENT_DBT_TARGET": "redshift", "SOCIALSENT_REDSHIFT_HOST": "wg.1.eu.redshift-serverless.example"}
OF_MARTS, OF_LAKE = "select 1 as n from fct_posts", "select 1 as n from cleansed.posts"


class Engine:
    """Answers one row: its name."""

    scanned_bytes = 12_000_000

    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, sql: str) -> QueryResult:
        return QueryResult(("engine",), ("varchar",), iter([(self.name,)]))


@pytest.mark.parametrize(
    ("settings", "question", "engine"),
    [
        ({}, OF_MARTS, "duckdb"),
        ({}, OF_LAKE, "duckdb"),
        (ATHENA, OF_MARTS, "athena"),
        (ATHENA, OF_LAKE, "athena"),
        (REDSHIFT, OF_MARTS, "redshift"),
        (REDSHIFT, OF_LAKE, "duckdb"),
        (REDSHIFT | ATHENA, OF_MARTS, "redshift"),
        (REDSHIFT | ATHENA, OF_LAKE, "athena"),
    ],
)
def test_the_engine_that_has_the_tables_is_asked(
    settings: dict[str, str],
    question: str,
    engine: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Prevents queries on Athena for marts in Redshift, and costs on one machine."""

    @contextlib.contextmanager
    def opened(*_: object) -> Iterator[Engine]:
        yield Engine("redshift" if "SOCIALSENT_REDSHIFT_HOST" in settings else "?")

    @contextlib.contextmanager
    def here(*_: object) -> Iterator[Engine]:
        yield Engine("duckdb")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOCIALSENT_HOME", str(tmp_path))
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("socialsent_assets.warehouse.marts.marts_of", opened)
    monkeypatch.setattr("socialsent_assets.warehouse.duckdb.engine.reading", here)
    monkeypatch.setattr("socialsent_assets.warehouse.athena.engine.athena_sql", lambda _: Engine("athena"))
    assert exit_code(["query", "--format", "csv", question]) == 0
    out, err = capfd.readouterr()
    assert out == f"engine\n{engine}\n"
    assert ("Athena scanned 12.0 MB" in err) == (engine == "athena")
