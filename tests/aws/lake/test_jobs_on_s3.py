"""The real jobs, Spark's real S3A and our uploads on a lake in S3: the same bytes as in folders, whatever fails."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from socialsent_assets.lake.commit import STAGING
from socialsent_assets.lake.receipts import Receipt, read_receipt

from socialsent_assets.aws.s3 import StorageError
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.learning.model_card import CLASSIFIER
from socialsent_assets.jobs.cleanse import cleanse
from socialsent_assets.jobs.score import score
from socialsent_assets.jobs.spark_errors import SparkRunError
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.base import Storage, walk
from socialsent_assets.ml.registry import ModelRegistry
from tests.aws.lake.faulty_s3 import Faults
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


def objects(tier: Storage) -> dict[str, bytes]:
    """Every Parquet object of a tier, by key."""
    return {info.key: tier.read(info.key) for info in walk(tier, "") if info.key.endswith(".parquet")}


def both(lake: Lake) -> Mapping[str, dict[str, bytes]]:
    return {"cleansed": objects(lake.cleansed), "analytics": objects(lake.analytics)}


@pytest.fixture(scope="session")
def in_folders(spark_on_s3: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, list[Receipt]]:
    """What the same landing gives in folders."""
    lake = lake_at(tmp_path_factory.mktemp("folders"))
    fill(lake)
    return lake, build(spark_on_s3, lake)


def test_a_lake_in_s3_has_the_bytes_and_counts_of_one_in_folders(
    spark_on_s3: Any, s3_lake: Lake, in_folders: tuple[Lake, list[Receipt]]
) -> None:
    """Prevents rows that depend on where they are kept; a damaged object is salvaged from S3 as well."""
    fill(s3_lake)
    receipts = build(spark_on_s3, s3_lake)
    lake, wanted = in_folders
    assert both(s3_lake) == both(lake)
    assert [(r.counts, r.outputs, r.rows) for r in receipts] == [(r.counts, r.outputs, r.rows) for r in wanted]
    assert any("dt=" in key and "quarantine" in key for key in objects(s3_lake.cleansed))
    assert s3_lake.cleansed.folders(STAGING) == s3_lake.analytics.folders(STAGING) == []


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
    """Prevents rows of S3 objects that somebody deleted on purpose."""
    landing = Landing(s3_lake)
    key = landing.add(KEYS[0], random_lines(1, 20, KEYS[0]))
    build(spark_on_s3, s3_lake)
    assert objects(s3_lake.cleansed)
    landing.remove(key)
    [cleansed, *_] = build(spark_on_s3, s3_lake)
    assert objects(s3_lake.cleansed) == {}
    assert cleansed.counts.records == 0


def test_throttling_and_server_errors_are_waited_out(
    spark_on_s3: Any, s3_lake: Lake, faults: Faults, in_folders: tuple[Lake, list[Receipt]]
) -> None:
    """Prevents a run that is lost, or loses rows, because S3 asks to slow down now and then."""
    fill(s3_lake)
    faults.answer("PUT", 503, "SlowDown", every=7)
    faults.answer("GET", 500, "InternalError", every=9)
    faults.answer("HEAD", 503, "ServiceUnavailable", every=11)
    build(spark_on_s3, s3_lake)
    faults.clear()
    assert faults.failed > 10
    assert both(s3_lake) == both(in_folders[0])


@pytest.mark.parametrize(
    ("place", "after"), [("/_staging/", 4), ("/cleansed/posts/", 1)], ids=["while staging", "while promoting"]
)
def test_credentials_that_expire_in_the_middle_lose_and_double_nothing(
    spark_on_s3: Any,
    s3_lake: Lake,
    faults: Faults,
    in_folders: tuple[Lake, list[Receipt]],
    place: str,
    after: int,
) -> None:
    """Prevents half an hour that is taken for a whole one, and an error that does not say what to do."""
    fill(s3_lake)
    faults.answer("PUT", 400, "ExpiredToken", after=after, path=place)
    with pytest.raises((UserError, SparkRunError), match=r"^(Spark: )?the AWS credentials have expired.*renew them"):
        cleanse(spark_on_s3, s3_lake, HOURS)
    finished = [hour for hour in HOURS if read_receipt(s3_lake.cleansed, "cleanse", hour)]
    assert len(finished) < len(HOURS)
    faults.clear()
    build(spark_on_s3, s3_lake)
    assert both(s3_lake) == both(in_folders[0])


def test_a_refused_promotion_leaves_what_stood(spark_on_s3: Any, s3_lake: Lake, faults: Faults) -> None:
    """Prevents a role without a permission from emptying the lake."""
    landing = Landing(s3_lake)
    landing.add(KEYS[0], random_lines(1, 20, KEYS[0]))
    cleanse(spark_on_s3, s3_lake, HOURS[:1])
    before = objects(s3_lake.cleansed)
    landing.add(KEYS[0], random_lines(2, 20, KEYS[0]))
    faults.answer("PUT", 403, "AccessDenied", path="/part-0.parquet")
    with pytest.raises((UserError, SparkRunError), match=r"^(Spark: )?S3 refuses s3:PutObject on s3://"):
        cleanse(spark_on_s3, s3_lake, HOURS[:1])
    faults.clear()
    assert objects(s3_lake.cleansed) == before


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
    assert objects(s3_lake.cleansed) == {}


def test_spark_refuses_an_object_that_changes_under_it(spark_on_s3: Any, s3_lake: Lake) -> None:
    """Prevents rows of a new object found by the footer of the old one, in Spark as in DuckDB."""
    from py4j.protocol import Py4JJavaError

    s3_lake.cleansed.write("x", b"1" * 3_000_000)
    java = spark_on_s3._jvm
    path = java.org.apache.hadoop.fs.Path(s3_lake.cleansed.path("x"))
    stream = path.getFileSystem(spark_on_s3._jsc.hadoopConfiguration()).open(path)
    stream.seek(2_900_000)
    assert stream.read() == ord("1")
    s3_lake.cleansed.write("x", b"2" * 3_000_000)
    stream.seek(10)
    with pytest.raises(Py4JJavaError, match="RemoteFileChangedException"):
        stream.read()
    stream.close()


def test_the_connector_is_of_pysparks_own_hadoop() -> None:
    """Prevents a connector that fails at run time with a missing method, after an upgrade of pyspark."""
    import pyspark

    from socialsent_assets.jobs.spark_s3 import HADOOP

    assert (Path(pyspark.__file__).parent / "jars" / f"hadoop-client-api-{HADOOP}.jar").is_file()
