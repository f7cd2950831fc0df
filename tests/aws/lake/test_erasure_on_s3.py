"""`socialsent erase` at the command line on a lake in S3 whose bucket keeps versions, with marts in DuckDB.

Not here: the modules that it calls, on moto and on another server (tests/erasure/test_versions.py,
tests/aws/witnesses/test_erasure_on_versitygw.py).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from socialsent_assets.aws.s3 import s3_client
from tests.aws.lake.faulty_s3 import Faults
from tests.aws.lake.test_graph_on_s3 import S3Home, s3_server

__all__ = ["s3_server"]

pytestmark = [pytest.mark.aws, pytest.mark.xdist_group("s3_lake"), pytest.mark.timeout(1500)]

FEED = ("simulate", "--events", "200", "--hours", "1", "--seed", "7", "--until", "2026-11-20T12:00Z")


def test_a_person_leaves_a_lake_in_s3_and_its_marts(s3_server: Faults, bucket: str, tmp_path: Path) -> None:
    """Prevents a command that erases what is on this machine and calls a lake in S3 clean."""
    s3_client().put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    home = S3Home(tmp_path / "home", bucket, s3_server.endpoint, settings={"SOCIALSENT_COMPUTE": "process"})
    home.must(*FEED)
    home.must("materialize")
    [row] = home.query("select author_id from fct_posts group by 1 order by count(*) desc, 1 limit 1")
    person = row["author_id"]
    found = home.run("erase", "--verify", person)
    assert (found.returncode, f"s3://{bucket}/landing" in found.stdout) == (1, True)
    answer = home.must("erase", "--user", person)
    assert "superseded versions deleted" in answer
    assert "an event that is sent again returns" in answer
    home.must("erase", "--verify", person)
    assert home.query(f"select * from dim_users where user_id = '{person}'") == []
    tiers = home.status()["tiers"]
    assert tiers["landing"]["erased"] > 0
    for name, tier in tiers.items():
        parts = tier["rows"] + tier["duplicates"] + tier["quarantined"] + tier["erased"]
        assert tier["records"] == parts, name
