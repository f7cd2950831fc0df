from __future__ import annotations
import pytest
from tests.aws.redshift.dbt_on_redshift import DbtOnRedshift
from tests.marts.lake_folder import LakeFolder, at, event
pytestmark = pytest.mark.aws

def test_first(lake: LakeFolder, redshift: DbtOnRedshift) -> None:
    lake.put([event("post", "e1", at("22T03:05"), post_id="p1", hashtags=["a","b"]), event("user", "e2", at("22T03:06"), user_id="u1")])
    redshift.build()
    assert redshift.rows("select post_id, hashtags from fct_posts") == [("p1", "a b")]
