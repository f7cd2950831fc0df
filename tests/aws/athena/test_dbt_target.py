"""The marts as dbt would build them in Athena: the SQL is Athena's, and names the databases of the settings."""

from __future__ import annotations

import re

import pytest
import sqlglot
from sqlglot import exp

from tests.aws.athena.conftest import Compiled

pytestmark = [
    pytest.mark.aws,
]

DATABASES = {"mood_marts", "mood_marts_staging", "mood_cleansed", "mood_analytics"}
# Functions of other engines that sqlglot lets pass as unknown ones, or that mean something else in Trino.
FOREIGN = {"array_to_string", "glob", "json_serialize", "len", "octet_length", "read_parquet", "strftime", "try_cast"}


def test_everything_is_compiled(compiled: Compiled) -> None:
    """Prevents an empty comparison: the other tests look at what is here."""
    marts = {"dim_users", "fct_posts", "fct_comments", "fct_interactions", "lake_hours", "int_event_keys"}
    assert marts <= set(compiled.models)
    assert len(compiled.models) >= 20
    assert len(compiled.tests) >= 20


def test_every_model_and_test_is_one_statement_of_athena(compiled: Compiled) -> None:
    """Prevents SQL that only DuckDB or Redshift reads from being found on the first day on AWS."""
    for name, sql in {**compiled.models, **compiled.tests}.items():
        statements = sqlglot.parse(sql, read="athena")
        assert len(statements) == 1, name
        assert isinstance(statements[0], exp.Query), name
        functions = {found.lower() for found in re.findall(r"\b(\w+)\s*\(", sql)}
        assert not functions & FOREIGN, name


def test_every_table_is_in_a_database_of_the_settings(compiled: Compiled) -> None:
    """Prevents marts of one stage built from the lake of another, or in a database called staging."""
    for name, sql in {**compiled.models, **compiled.tests}.items():
        tree = sqlglot.parse_one(sql, read="athena")
        databases = {table.db for table in tree.find_all(exp.Table)} - {""}
        assert databases <= DATABASES, name
        assert {table.catalog for table in tree.find_all(exp.Table)} <= {"", "awsdatacatalog"}, name


def test_only_the_hours_of_the_window_are_read(compiled: Compiled) -> None:
    """Prevents a build of an hour that scans, and pays for, the history."""
    reads = {name: sql for name, sql in compiled.models.items() if "mood_cleansed" in sql or "mood_analytics" in sql}
    assert reads
    for name, sql in reads.items():
        lake = [
            t
            for t in sqlglot.parse_one(sql, read="athena").find_all(exp.Table)
            if t.db.startswith(("mood_c", "mood_a"))
        ]
        # On the column itself, without a cast: Iceberg then skips files by their statistics.
        assert sql.count("where (event_hour >= cast('2026-11-22 ") == len(lake), name


def test_every_timestamp_that_is_stored_has_the_digits_that_iceberg_needs(compiled: Compiled) -> None:
    """Prevents CREATE TABLE from failing: a plain timestamp has three digits in Athena, and Iceberg takes six."""
    for name in ("stg_posts", "stg_comments", "stg_users", "stg_interactions", "stg_lake_hours", "stg_sentiment"):
        casts = sqlglot.parse_one(compiled.models[name], read="athena").find_all(sqlglot.exp.Alias)
        stored = [e for e in casts if e.alias in ("event_hour", "event_time", "joined_at")]
        assert "event_hour" in {e.alias for e in stored}, name
        assert all("timestamp(6)" in e.sql(dialect="athena").lower() for e in stored), name


def test_no_text_is_cut(compiled: Compiled) -> None:
    """Prevents long posts from losing their end: in Athena a cast to varchar(n) cuts."""
    for name in ("stg_posts", "stg_comments"):
        assert "cast(text as varchar) as text" in compiled.models[name]


def test_a_list_of_strings_becomes_one_text(compiled: Compiled) -> None:
    """Prevents hashtags as JSON text, which is how Redshift hands them over."""
    assert "array_join(hashtags, ' ')" in compiled.models["stg_posts"]
