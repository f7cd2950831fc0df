"""The lake on an S3 server that other people wrote, in a bucket with versions.

moto checks no signature, keeps no version apart unless asked, and answers what its authors knew of S3.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from socialsent_assets.aws.s3 import ReplacedError, get, s3_client
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.layout import EventHour, hours_between
from socialsent_assets.domain.tables import CLEANSED_EVENTS, QUARANTINE, SENTIMENT
from socialsent_assets.jobs.cleanse import cleanse
from socialsent_assets.jobs.engines.process import ProcessEngine
from socialsent_assets.jobs.score import score
from socialsent_assets.lake.iceberg.catalog import CatalogConfig
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.base import Storage
from socialsent_assets.lake.storage.open import storage_at
from socialsent_assets.lake.upkeep import FEWEST_FILES, ORPHANS_KEPT_FOR, keep_up
from tests.aws.witnesses.servers import S3_KEY, S3_SECRET, s3
from tests.built_lake import rows_of_table
from tests.conftest import Landing, lake_at
from tests.jobs.events import random_lines
from tests.s3_buckets import aws_variables

pytestmark = pytest.mark.aws

FIRST = EventHour.from_key("2026-11-22-09:00")
HOURS = list(hours_between(FIRST, EventHour(FIRST.start + timedelta(hours=FEWEST_FILES - 1))))
TABLES = (*CLEANSED_EVENTS, QUARANTINE, SENTIMENT)
BUCKET = "lake-with-versions"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with s3(tmp_path_factory.mktemp("versitygw")) as found:
        yield found


@pytest.fixture
def bucket(address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket that keeps versions; this process' clients reach it by their environment alone."""
    own = {"AWS_ACCESS_KEY_ID": S3_KEY, "AWS_SECRET_ACCESS_KEY": S3_SECRET}
    for name, value in {**aws_variables(address), **own}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    if BUCKET not in [one["Name"] for one in s3_client().list_buckets()["Buckets"]]:
        s3_client().create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        s3_client().put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return BUCKET


@pytest.fixture
def tier(bucket: str) -> Storage:
    return storage_at(f"s3://{bucket}/storage")


def test_a_lake_is_built_and_kept_up_as_in_folders(bucket: str, tmp_path: Path) -> None:
    """Prevents a lake that only works on the server it was tried on, and files that only seem to be removed."""
    tiers = {name: storage_at(f"s3://{bucket}/{name}") for name in ("landing", "cleansed", "analytics", "artifacts")}
    on_server = Lake(**tiers, catalog=CatalogConfig.in_folder(tmp_path / "catalog"))
    in_folders = lake_at(tmp_path / "folders")
    for lake in (on_server, in_folders):
        for seed, hour in enumerate(HOURS):
            Landing(lake).add(hour.key, random_lines(seed, 40, hour.key), origin="same")
            for job in (cleanse, score):
                job(ProcessEngine(), lake, [hour])
    rows = {table.name: rows_of_table(in_folders, table) for table in TABLES}
    assert {table.name: rows_of_table(on_server, table) for table in TABLES} == rows

    later = datetime.now(UTC) + ORPHANS_KEPT_FOR + timedelta(hours=1)
    done = {one.table: one for one in keep_up(on_server, later, timedelta())}
    assert done["cleansed.posts"].files_before == len(HOURS)
    assert done["cleansed.posts"].files_after == 1
    assert done["cleansed.posts"].orphans_removed > 0
    data = [info for info in on_server.cleansed.walk("posts") if info.key.endswith(".parquet")]
    assert len(data) == 1
    assert {table.name: rows_of_table(on_server, table) for table in TABLES} == rows


def test_a_storage_keeps_its_promises(tier: Storage) -> None:
    """Prevents a listing, a range or an answer that only moto gives so."""
    assert tier.write("a/b/one", b"0123456789") is True
    assert tier.write("a/b/one", b"0123456789") is False
    first = tier.list("a/b")[0].version
    assert tier.write("a/b/one", b"9876543210") is True
    assert [info.key for info in tier.list("a/b")] == ["a/b/one"]
    assert tier.list("a/b")[0].version != first
    assert (tier.folders("a"), [info.key for info in tier.walk("a")]) == (["b"], ["a/b/one"])
    with tier.open_at("a/b/one", 10) as opened:
        opened.seek(-3, 2)
        assert opened.read() == b"210"
    tier.remove("a")
    assert tier.list("a/b") == []
    with pytest.raises(FileNotFoundError):
        tier.read("a/b/one")


def test_a_condition_on_a_version_is_kept(bucket: str, tier: Storage) -> None:
    """Prevents a reader that takes halves of two objects for one."""
    tier.write("pinned", b"old")
    tag = s3_client().head_object(Bucket=bucket, Key="storage/pinned")["ETag"]
    assert get(bucket, "storage/pinned", IfMatch=tag) == b"old"
    tier.write("pinned", b"new")
    with pytest.raises(ReplacedError):
        get(bucket, "storage/pinned", IfMatch=tag)


@pytest.mark.parametrize(
    ("variable", "value", "uri", "words"),
    [
        ("AWS_SECRET_ACCESS_KEY", "another", f"s3://{BUCKET}/x", "does not know these AWS credentials"),
        ("AWS_REGION", "eu-central-1", "s3://misspelt/x", "there is no bucket misspelt"),
    ],
)
def test_what_the_server_rejects_is_one_line(
    bucket: str, variable: str, value: str, uri: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents advice that fits moto's words for an error alone."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(UserError, match=words):
        storage_at(uri).read("key")
