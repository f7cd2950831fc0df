"""Content of messages, within the limits of Amazon SNS."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from socialsent_assets.domain.monitoring.findings import Finding
from socialsent_assets.domain.monitoring.messages import MAX_SMS_LENGTH, MAX_TITLE_LENGTH, sentence, sms, text, title
from socialsent_assets.domain.monitoring.runbook import runbook_steps
from socialsent_assets.domain.tables import TABLES
from socialsent_assets.lake.table_rows import duckdb_type

MARTS = Path(__file__).resolve().parents[3] / "dbt_project" / "models" / "marts"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NUMBERS = {"observed": 0.45, "expected": 0.2, "low": 0.05, "high": 0.38, "cases": 60}
FINDINGS = [
    Finding("sentiment", "tram", "breach", NOW, "2026-11-22-10:00", **NUMBERS, link="/assets/analytics/sentiment"),  # type: ignore[arg-type]
    Finding("quarantine", "while cleansing", "breach", NOW, "2026-11-22-10:00", **NUMBERS, link="/q"),  # type: ignore[arg-type]
    Finding("quarantine", "on arrival", "breach", NOW, "2026-11-22-10:00", **NUMBERS, link="/q"),  # type: ignore[arg-type]
    Finding("volume", "records per hour", "breach", NOW, "2026-11-22-10:00", 1000.0, 200.0, 150.0, 270.0, link="/v"),
    Finding("freshness", "arriving data", "breach", NOW, "2026-11-22-10:00", 5.0, 0.0, 0.0, 3.0, link="/f"),
    Finding("freshness", "building hours", "breach", NOW, "2026-11-22-10:00", 5.0, 0.0, 0.0, 2.0, 4, link="/f"),
    Finding("deletion", "deletions", "breach", NOW, "", 5.0, 0.0, 0.0, 2.0, 7, link="/d"),
    Finding("run", "event hours", "breach", NOW, "2026-11-22-10:00", detail="step score: disk full", link="/runs/1"),
    Finding("check", "analytics/sentiment:drift", "breach", NOW, detail="0.31 (limit 0.2)", link="/c"),
]


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.alert_id)
def test_a_message_says_what_since_when_where_and_what_to_do(finding: Finding) -> None:
    """Prevents "an anomaly was detected"."""
    body = text("open", finding, NOW - timedelta(hours=2), NOW, "https://dagster.example/")
    assert body.startswith(f"OPEN: {sentence(finding)}")
    assert "Since    2026-11-22 10:00 UTC (2 h)" in body
    assert f"Where    https://dagster.example{finding.link}" in body
    assert "What to do\n1. " in body
    assert finding.detail in body


def test_numbers_stand_with_denominator_expectation_and_interval() -> None:
    """Prevents "45 %" of who knows what."""
    said = sentence(FINDINGS[0])
    assert all(number in said for number in ("45.0%", "60 counted", "20.0%", "38.0%", "'tram'"))
    said = sentence(FINDINGS[3])
    assert all(number in said for number in ("1,000 records", "200 expected", "150 to 270"))


def test_the_ready_query_answers_for_the_hour_and_the_topic() -> None:
    """Prevents advice that has to be rewritten before it works; texts of people stay where they are."""
    [command] = [
        step.partition(": ")[2] for step in runbook_steps(replace(FINDINGS[0], subject="o'hare")) if "query" in step
    ]
    program, verb, sql = shlex.split(command)
    assert (program, verb) == ("socialsent", "query")
    assert "topic = 'o''hare'" in sql
    assert "event_time >= timestamp '2026-11-22 10:00:00'" in sql


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.alert_id)
def test_every_ready_query_names_columns_that_exist(finding: Finding) -> None:
    """Prevents a step that answers with "column dt not found" in the middle of an incident."""
    columns = {f"{table.tier}.{table.name}": [(c.name, duckdb_type(c)) for c in table.columns] for table in TABLES}
    for mart in ("fct_posts", "lake_hours"):
        described = yaml.safe_load((MARTS / f"{mart}.yml").read_text(encoding="utf-8"))["models"][0]["columns"]
        columns[mart] = [(column["name"], column["data_type"]) for column in described]
    with duckdb.connect() as database:
        database.execute("create schema cleansed; create schema analytics")
        for table, described in columns.items():
            database.execute(f"create table {table} ({', '.join(f'{name} {kind}' for name, kind in described)})")
        for step in runbook_steps(finding):
            if "socialsent query" in step:
                assert database.sql(shlex.split(step)[-1]).fetchall() == []


@given(st.text(min_size=1, max_size=300), st.sampled_from(["open", "reminder", "recovery"]))
def test_no_name_of_a_topic_breaks_a_subject_an_sms_or_a_shell(topic: str, stage: str) -> None:
    """Prevents a rejection by SNS, and a command line that runs what a stranger wrote as a topic."""
    finding = replace(FINDINGS[0], subject=topic)
    for line, longest in ((title(stage, finding), MAX_TITLE_LENGTH), (sms(stage, finding, NOW), MAX_SMS_LENGTH)):  # type: ignore[arg-type]
        assert line.isascii()
        assert line.isprintable()
        assert 0 < len(line) <= longest
    command = runbook_steps(finding)[0].partition(": ")[2]
    assert len(shlex.split(command)) == 3
    if '"' in command.partition('query "')[2]:
        assert not set(command.partition('query "')[2].rstrip('"')) & set('"$`\\!')


def test_a_recovery_says_how_long_it_was_and_how_it_is() -> None:
    """Prevents a recovery that makes one look up what recovered."""
    body = text("recovery", FINDINGS[0], NOW - timedelta(hours=3), NOW, None, "22.0% of the texts …")
    assert body.startswith("RECOVERED after 3 h.")
    assert "Was      45.0%" in body
    assert "Now      22.0%" in body
    assert "What to do" not in body
