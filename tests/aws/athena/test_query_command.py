"""`socialsent query` on AWS, as a user runs it, against moto's Athena, which returns prepared results."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from socialsent_assets.local_aws.server import REGION, EmbeddedAws
from tests.aws.athena.conftest import environment_of

pytestmark = [
    pytest.mark.aws,
]

QUESTION = "select topic, count(*) as posts, max(event_time) as newest from cleansed.posts group by 1"
SETTINGS = {
    "SOCIALSENT_CATALOG": "glue",
    "SOCIALSENT_GLUE_DATABASE_CLEANSED": "mood_cleansed",
    "SOCIALSENT_ATHENA_WORKGROUP": "mood",
}


def column(name: str, kind: str) -> dict[str, Any]:
    return {
        "CatalogName": "hive", "SchemaName": "", "TableName": "", "Name": name, "Label": name, "Type": kind,
        "Precision": 0, "Scale": 0, "Nullable": "UNKNOWN", "CaseSensitive": False,
    }  # fmt: skip


def row(*values: str | None) -> dict[str, Any]:
    return {"Data": [{} if value is None else {"VarCharValue": value} for value in values]}


@pytest.fixture
def answered(aws: EmbeddedAws) -> EmbeddedAws:
    """An account whose next query answers with three topics."""
    httpx.post(f"{aws.endpoint}/moto-api/reset", trust_env=False).raise_for_status()
    aws.client("athena").create_work_group(Name="mood", Configuration={})
    rows = [
        row("topic", "posts", "newest"),
        row("coffee", "12", "2026-11-22 03:59:59.123"),
        row("", "3", "2026-11-22 03:10:00.000"),
        row(None, "2", "2026-11-22 03:20:00.000"),
    ]
    columns = [column("topic", "varchar"), column("posts", "bigint"), column("newest", "timestamp")]
    answer = {"account_id": "123456789012", "region": REGION, "results": [{"rows": rows, "column_info": columns}]}
    told = httpx.post(f"{aws.endpoint}/moto-api/static/athena/query-results", json=answer, trust_env=False)
    told.raise_for_status()
    return aws


def query(aws: EmbeddedAws, home: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("socialsent")), "query", *arguments],
        cwd=home,
        env={**environment_of(aws), "SOCIALSENT_HOME": str(home), **SETTINGS, **settings},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_question_is_answered_by_athena_in_the_same_forms(answered: EmbeddedAws, tmp_path: Path) -> None:
    """Prevents output that differs between one machine and AWS; the cost is printed beside it."""
    done = query(answered, tmp_path, "--format", "json", QUESTION)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        {"topic": "coffee", "posts": 12, "newest": "2026-11-22T03:59:59.123000Z"},
        {"topic": "", "posts": 3, "newest": "2026-11-22T03:10:00Z"},
        {"topic": None, "posts": 2, "newest": "2026-11-22T03:20:00Z"},
    ]
    assert "Athena scanned" in done.stderr
    asked = answered.client("athena")
    (execution,) = asked.list_query_executions(WorkGroup="mood")["QueryExecutionIds"]
    details = asked.get_query_execution(QueryExecutionId=execution)["QueryExecution"]
    assert details["Query"] == QUESTION.replace("cleansed.posts", '"mood_cleansed".posts')
    assert details["QueryExecutionContext"]["Database"] == "socialsent_marts"
    assert details["WorkGroup"] == "mood"


def test_nothing_is_sent_that_writes(answered: EmbeddedAws, tmp_path: Path) -> None:
    """Prevents a typing error from becoming a bill or a loss."""
    done = query(answered, tmp_path, "drop table cleansed.posts")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("socialsent: only reading is allowed here")
    assert answered.client("athena").list_query_executions(WorkGroup="mood")["QueryExecutionIds"] == []


def test_without_credentials_one_line_says_what_to_do(answered: EmbeddedAws, tmp_path: Path) -> None:
    """Prevents a traceback on the first day on AWS."""
    missing = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true"}
    done = query(answered, tmp_path, QUESTION, **missing)
    assert done.returncode == 2
    assert done.stderr.startswith("socialsent: no AWS credentials")
    assert done.stderr.count("\n") == 1
