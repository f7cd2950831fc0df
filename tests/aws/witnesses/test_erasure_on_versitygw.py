"""A person is erased from a lake on an S3 server that other people wrote, in a bucket with versions.

moto is asked the same in tests/erasure/test_versions.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.aws.witnesses.test_lake_on_versitygw import address, bucket
from tests.erasure.erased_on_s3 import assert_erased_and_others_kept, in_folder, lake_with_versions

__all__ = ["address", "bucket"]

pytestmark = pytest.mark.aws


def test_a_person_leaves_every_version_of_a_lake(bucket: str, tmp_path: Path) -> None:
    """Prevents versions that are only deleted as moto deletes them."""
    assert_erased_and_others_kept(lake_with_versions(bucket, in_folder(tmp_path / "catalog")))
