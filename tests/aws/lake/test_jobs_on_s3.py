"""The real jobs, Spark's real S3A and our uploads on a lake in S3: the same rows as in folders, whatever fails."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from socialsent_assets.aws.s3 import StorageError
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.learning.model_card import CLASSIFIER
from socialsent_assets.domain.tables import TABLES
from socialsent_assets.jobs.cleanse import cleanse
from socialsent_assets.jobs.score import score
from socialsent_assets.jobs.spark_errors import SparkRunError
from socialsent_assets.lake.builds import Receipt, read_builds
from socialsent_assets.lake.lake import Lake
from socialsent_assets.ml.registry import ModelRegistry
from tests.aws.lake.faulty_s3 import Faults
from tests.built_lake import rows_of_table
from tests.conftest import Landing, lake_at
from tests.jobs.events import post, random_lines
from tests.model_lake import NOW, candidate, filled

pytestmark = [pytest.mark.aws, pytest.mark.spark, pytest.mark.xdist_group("s3_lake")]

KEYS = ("2026-11-21-23:00", "2026-11-22-00:00", "2026-11-22-09:00")
HOURS = [EventHour.from_key(key) for key in KEYS]
DAMAGED = gzip.compress(b"".join(line.encode() + b"\n" for line in ("not json", "nor this")), mtime=0)[:-9]


def fill(lake: Lake) -> None:
    """Three hours of good and bad lines, and an object that is cut off."""
    landing = Landing(lake)
    for seed, key in enumerate(KEYS):
        lines = random_lines(seed, 60, key)
        for part in range(2):
            landing.add(key, lines[part::2], origin=f"part-{part}")
    landing.put(KEYS[0], "cut-off.jsonl.gz", DAMAGED)


def build(spark: Any, lake: Lake) -> list[Receipt]:
    return [*cleanse(spark, lake, HOURS), *score(spark, lake, HOURS)]


def tables(lake: Lake, tier: str = "") -> Mapping[str, list[dict[str, Any]]]:
    """Every row of every table, by table."""
    return {table.name: rows_of_table(lake, table) for table in TABLES if table.tier.startswith(tier)}


def rows_of(lake: Lake) -> list[dict[str, Any]]:
    """Every row of the cleansed tables, receipts left out."""
    return [row for name, rows in tables(lake, "cleansed").items() if name != "builds" for row in rows]


def without_versions(found: Mapping[str, list[dict[str, Any]]]) -> Mapping[str, list[dict[str, Any]]]:
    """The rows without what names the landing objects' versions, which differ between a disk and S3."""
    versions = {"input_version", "output_version", "lake_version"}
    return {
        name: [{key: value for key, value in row.items() if key not in versions} for row in rows]
        for name, rows in found.items()
    }


@pytest.fixture(scope="session")
def in_folders(spark_on_s3: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, list[Receipt]]:
    """What the same landing gives in folders."""
    lake = lake_at(tmp_path_factory.mktemp("folders"))
    fill(lake)
    return lake, build(spark_on_s3, lake)


def test_a_lake_in_s3_has_the_rows_and_counts_of_one_in_folders(
    spark_on_s3: Any, s3_lake: Lake, in_folders: tuple[Lake, list[Receipt]]
) -> None:
    """Prevents rows that depend on where they are kept; a damaged object is salvaged from S3 as well."""
    fill(s3_lake)
    receipts = build(spark_on_s3, s3_lake)
    lake, wanted = in_folders
    assert without_versions(tables(s3_lake)) == without_versions(tables(lake))
    assert [(r.counts, r.rows) for r in receipts] == [(r.counts, r.rows) for r in wanted]
    assert tables(s3_lake)["quarantine"]
    for tier in (s3_lake.cleansed, s3_lake.analytics):
        assert {info.key.split("/")[1] for info in tier.walk("")} == {"data", "metadata"}  # nothing but tables


def test_a_champion_in_s3_answers_in_the_workers(spark_on_s3: Any, s3_lake: Lake, tmp_path: Path) -> None:
    """Prevents predictions that are missing because workers look for the model on their own disk."""
    model = dict(candidate(filled(lake_at(tmp_path))).files)
    registry = ModelRegistry(s3_lake.artifacts)
    digest = registry.add(model)
    registry.promote(CLASSIFIER, digest, NOW)
    Landing(s3_lake).add(KEYS[0], [post(KEYS[0], text="zingy corking belter"), post(KEYS[0], text="blurgh grotty")])
    *_, scored = build(spark_on_s3, s3_lake)[: len(HOURS) + 1]
    assert scored.measures["model_version"] == digest
    assert scored.measures["rows_by_prediction"] == {"positive": 1, "neutral": 0, "negative": 1}


def test_an_hour_whose_landing_is_gone_is_emptied(spark_on_s3: Any, s3_lake: Lake) -> None:
    """Prevents rows of S3 objects that were deleted on purpose."""
    landing = Landing(s3_lake)
    key = landing.add(KEYS[0], random_lines(1, 20, KEYS[0]))
    build(spark_on_s3, s3_lake)
    assert rows_of(s3_lake)
    landing.remove(key)
    [cleansed, *_] = build(spark_on_s3, s3_lake)
    assert rows_of(s3_lake) == []
    assert cleansed.counts.records == 0


def test_throttling_and_server_errors_are_waited_out(
    spark_on_s3: Any, s3_lake: Lake, faults: Faults, in_folders: tuple[Lake, list[Receipt]]
) -> None:
    """Prevents a run that is lost, or loses rows, because S3 returns SlowDown now and then."""
    fill(s3_lake)
    faults.answer("PUT", 503, "SlowDown", every=7)
    faults.answer("GET", 500, "InternalError", every=9)
    faults.answer("HEAD", 503, "ServiceUnavailable", every=11)
    build(spark_on_s3, s3_lake)
    faults.clear()
    assert faults.failed > 10
    assert without_versions(tables(s3_lake)) == without_versions(tables(in_folders[0]))


@pytest.mark.parametrize(
    ("place", "after"), [("/posts/data/", 0), ("/users/metadata/", 1)], ids=["while writing", "while committing"]
)
def test_credentials_that_expire_in_the_middle_lose_and_double_nothing(
    spark_on_s3: Any,
    s3_lake: Lake,
    faults: Faults,
    in_folders: tuple[Lake, list[Receipt]],
    place: str,
    after: int,
) -> None:
    """Prevents half an hour that is taken for a whole one, and an error without a next step."""
    fill(s3_lake)
    faults.answer("PUT", 400, "ExpiredToken", after=after, path=place)
    with pytest.raises((UserError, SparkRunError, OSError), match=r"expired|ExpiredToken"):
        cleanse(spark_on_s3, s3_lake, HOURS)
    faults.clear()
    assert read_builds(s3_lake).cleanse == {}
    build(spark_on_s3, s3_lake)
    assert without_versions(tables(s3_lake)) == without_versions(tables(in_folders[0]))


def test_a_refused_upload_leaves_what_was_built(spark_on_s3: Any, s3_lake: Lake, faults: Faults) -> None:
    """Prevents a role without a permission from emptying the lake."""
    landing = Landing(s3_lake)
    landing.add(KEYS[0], random_lines(1, 20, KEYS[0]))
    cleanse(spark_on_s3, s3_lake, HOURS[:1])
    before = tables(s3_lake, "cleansed")
    landing.add(KEYS[0], random_lines(2, 20, KEYS[0]))
    faults.answer("PUT", 403, "AccessDenied", path="/data/")
    with pytest.raises((UserError, SparkRunError), match=r"^(Spark: )?S3 refuses s3:PutObject on s3://"):
        cleanse(spark_on_s3, s3_lake, HOURS[:1])
    faults.clear()
    assert tables(s3_lake, "cleansed") == before


def test_an_outage_while_spark_reads_is_one_line(
    spark_on_s3: Any, s3_lake: Lake, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents a hundred lines of Java, and rows of only the objects that could be read."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    Landing(s3_lake).add(KEYS[0], random_lines(1, 20, KEYS[0]))
    faults.answer("GET", 403, "AccessDenied", path=".jsonl.gz")
    with pytest.raises((UserError, SparkRunError, StorageError)) as told:
        cleanse(spark_on_s3, s3_lake, HOURS[:1])
    faults.clear()
    assert "\n" not in str(told.value)
    assert "AccessDenied" in str(told.value) or "refuses" in str(told.value)
    assert rows_of(s3_lake) == []


def test_the_connector_is_of_pysparks_own_hadoop() -> None:
    """Prevents a connector that fails at run time with a missing method, after an upgrade of pyspark."""
    import pyspark

    from socialsent_assets.jobs.spark_s3 import HADOOP

    assert (Path(pyspark.__file__).parent / "jars" / f"hadoop-client-api-{HADOOP}.jar").is_file()
