"""A lake in S3, a Spark session that reads it, and faults on the way there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from socialsent_assets.lake.iceberg.catalog import CatalogConfig
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.open import storage_at
from tests.aws.lake.faulty_s3 import Faults, faulty_s3
from tests.s3_buckets import aws_variables, bucket

__all__ = ["bucket", "faults", "s3_lake", "s3_server", "spark_on_s3"]


@pytest.fixture(scope="session")
def s3_server() -> Iterator[Faults]:
    """The server that `bucket` is on."""
    with faulty_s3() as server:
        yield server


@pytest.fixture
def faults(s3_server: Faults) -> Iterator[Faults]:
    """None at first, and none left at the end."""
    s3_server.clear()
    s3_server.failed = 0
    s3_server.asked.clear()
    yield s3_server
    s3_server.clear()


@pytest.fixture
def s3_lake(bucket: str, tmp_path: Path) -> Lake:
    """An empty lake below prefixes of one bucket, its catalog on this machine."""
    tiers = {tier: storage_at(f"s3://{bucket}/{tier}") for tier in ("landing", "cleansed", "analytics", "artifacts")}
    return Lake(**tiers, catalog=CatalogConfig.in_folder(tmp_path / "catalog"))


@pytest.fixture(scope="session")
def spark_on_s3(s3_server: Faults) -> Iterator[Any]:
    """The one Spark session of this process: class path and environment are fixed once Java has started."""
    from pyspark import SparkContext

    from socialsent_assets.jobs.engines.spark import SparkEngine
    from socialsent_assets.jobs.spark_session import spark_session

    if SparkContext._gateway is not None:
        pytest.fail("Java runs here already, without S3: run these tests alone, or with -m aws")
    before = dict(os.environ)
    os.environ.update(aws_variables(s3_server.endpoint))
    session = spark_session(memory="1g", cores=2, s3=True)
    yield SparkEngine(session)
    session.stop()
    os.environ.clear()
    os.environ.update(before)
