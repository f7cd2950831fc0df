"""The kinds of storage that a tier can have. Not here: the server behind S3 (tests/s3_buckets.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from socialsent_assets.lake.storage.base import Storage
from socialsent_assets.lake.storage.open import storage_at
from tests.s3_buckets import bucket, s3_server

__all__ = ["bucket", "s3_server", "tier"]


@pytest.fixture(params=["folder", "s3"])
def tier(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """An empty tier in a folder, then one below a prefix of a bucket: a test that uses it runs for both."""
    if request.param == "folder":
        return storage_at(str(tmp_path / "tier"))
    return storage_at(f"s3://{request.getfixturevalue('bucket')}/some/tier")
