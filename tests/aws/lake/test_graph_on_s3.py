"""The whole graph at the command line on `s3://`, killed in the middle once: the same objects and rows as on disk."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from socialsent_assets.settings import PROJECT_ROOT
from tests.aws.lake.faulty_s3 import Faults, faulty_s3
from tests.end_to_end.homes import Home
from tests.s3_buckets import aws_variables

UNTIL = "2026-11-20T12:00Z"
FEED = ("simulate", "--events", "400", "--hours", "3", "--seed", "7", "--until", UNTIL)
TIERS = ("landing", "cleansed", "analytics", "artifacts")
MARTS = ("dim_users", "fct_posts", "fct_comments", "fct_interactions", "agg_sentiment_hourly", "agg_sentiment_daily",
         "agg_topic_sentiment_daily", "agg_user_engagement", "lake_hours")  # fmt: skip

TABLES = (
    "cleansed.posts",
    "cleansed.comments",
    "cleansed.users",
    "cleansed.interactions",
    "analytics.sentiment",
)

pytestmark = [pytest.mark.aws, pytest.mark.spark, pytest.mark.xdist_group("s3_lake")]


@dataclass(frozen=True)
class S3Home(Home):
    """A home whose lake is in a bucket."""

    bucket: str
    endpoint: str

    @property
    def environment(self) -> dict[str, str]:
        """Of every process that works on this home."""
        lake = {f"SOCIALSENT_LAKE_{tier.upper()}": f"s3://{self.bucket}/{tier}" for tier in TIERS}
        return {**super().environment, **lake, **aws_variables(self.endpoint)}


@pytest.fixture(scope="module")
def s3_server() -> Iterator[Faults]:
    """A server of this module's own: its homes outlive a test."""
    with faulty_s3() as server:
        yield server


@pytest.fixture(scope="module")
def on_disk(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with its lake in folders, built."""
    home = Home(tmp_path_factory.mktemp("on_disk"))
    home.must(*FEED)
    home.must("materialize")
    return home


@pytest.fixture
def in_s3(bucket: str, s3_server: Faults, tmp_path: Path) -> S3Home:
    """A home with its lake in a bucket, and the same feed landed in it."""
    home = S3Home(tmp_path / "home", bucket, s3_server.endpoint)
    home.must(*FEED)
    return home


# `socialsent materialize` that stops within its fourth commit and waits there to be killed.
KILLED = """
import itertools, os, pathlib, time
import socialsent_assets.jobs.publish as job
replace, calls = job.replace_hours, itertools.count(1)
def replace_three(*arguments):
    if next(calls) > 3:
        pathlib.Path(os.environ["SOCIALSENT_HOME"], "reached").touch()
        time.sleep(600)
    return replace(*arguments)
job.replace_hours = replace_three
from socialsent_assets.cli.main import run; run()
"""


@pytest.mark.timeout(900)  # two graphs and ten commands, each a new process
def test_the_graph_on_s3_killed_and_run_again_equals_the_one_on_disk(on_disk: Home, in_s3: S3Home) -> None:
    """Prevents rows that are lost, doubled or different in S3, and a kill after which the lake does not heal."""
    _run_and_kill(in_s3)
    status = in_s3.status()
    assert (len(status["stale_hours"]), status["tiers"]["cleansed"]["rows"]) == (3, 0)

    in_s3.must("materialize")
    for table in TABLES:
        question = ("query", "--format", "json", f"select * from {table} order by all")
        assert in_s3.must(*question) == on_disk.must(*question), table
    for mart in MARTS:
        shown = "* exclude (lake_version)" if mart == "lake_hours" else "*"
        rows = f"select {shown} from {mart} order by all"
        assert in_s3.query(rows) == on_disk.query(rows), mart
    assert _without_clock(in_s3.status()) == _without_clock(on_disk.status())

    said = in_s3.must("query", "select count(*) as n from analytics.sentiment s join fct_posts p using (post_id)")
    assert said == on_disk.must(
        "query", "select count(*) as n from analytics.sentiment s join fct_posts p using (post_id)"
    )
    assert "Nothing is stale" in in_s3.must("materialize")
    assert Path(in_s3.must("report").strip().splitlines()[-1]).is_file()
    refused = in_s3.run("query", f"select * from read_parquet('s3://{in_s3.bucket}/artifacts/*')")
    assert (refused.returncode, "Cannot access" in refused.stderr) == (2, True)


@pytest.mark.parametrize(
    ("variables", "words", "code"),
    [
        ({"SOCIALSENT_LAKE_LANDING": "s3://misspelt"}, "there is no bucket misspelt: create it", 2),
        ({"SOCIALSENT_LAKE_CLEANSED": "s3://"}, "names no bucket: write s3://BUCKET/PREFIX", 2),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "no AWS credentials that can be used", 2),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"}, "cannot be reached", 1),
    ],
)
def test_an_s3_that_cannot_be_used_is_one_line_at_the_command_line(
    bucket: str, s3_server: Faults, tmp_path: Path, variables: dict[str, str], words: str, code: int
) -> None:
    """Prevents a traceback, or a lake that looks empty."""
    home = S3Home(tmp_path / "home", bucket, s3_server.endpoint)
    environment = {**home.environment, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, **variables}
    done = subprocess.run(
        [sys.executable, "-c", "from socialsent_assets.cli.main import run; run()", "status"],
        cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    [line] = done.stderr.strip().splitlines()
    assert words in line


def _run_and_kill(home: S3Home) -> None:
    command = [sys.executable, "-W", "ignore", "-c", KILLED, "materialize"]
    with subprocess.Popen(
        command, cwd=PROJECT_ROOT, env=home.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        deadline = time.monotonic() + 300
        while not (home.path / "reached").exists():
            assert process.poll() is None, home.log()
            assert time.monotonic() < deadline, f"the run never got there: {home.log()}"
            time.sleep(0.05)
        process.kill()


def _without_clock(status: dict[str, Any]) -> dict[str, Any]:
    """A status without the fields that depend on the time of the call."""
    tiers = {
        name: {key: value for key, value in tier.items() if "lag" not in key}
        for name, tier in status["tiers"].items()
    }
    return {**status, "tiers": tiers, "home": None}
