"""A person is erased from a lake in S3 whose bucket keeps versions: latest and superseded ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from socialsent_assets.domain.events.landing import gzip_lines
from socialsent_assets.erasure.versions import find_version_traces, forget_versions
from socialsent_assets.lake.iceberg.catalog import CatalogConfig
from socialsent_assets.lake.lake import Lake
from tests.erasure.erased_on_s3 import assert_erased_and_others_kept, in_folder, lake_with_versions
from tests.s3_buckets import bucket, s3_server

__all__ = ["bucket", "s3_server"]


@pytest.fixture
def lake(bucket: str, tmp_path: Path) -> Lake:
    return lake_with_versions(bucket, in_folder(tmp_path))


def landed(author: str) -> bytes:
    return gzip_lines([json.dumps({"data": {"author_id": author}}).encode()])


def found(lake: Lake, needle: str = "u-4200") -> list[str]:
    return [str(trace.path).rpartition("/")[2].partition("?")[0] for trace in find_version_traces(lake, [needle])]


def test_superseded_versions_with_a_trace_are_deleted_and_others_stay(lake: Lake) -> None:
    """Prevents a bucket that gives back what was erased, and one that can give back nothing any more."""
    for name, author in (("replaced", "u-4200"), ("replaced", "u-9"), ("gone", "u-4200"), ("other", "u-7")):
        lake.landing.write(f"events/{name}.jsonl.gz", landed(author))
    lake.landing.write("events/other.jsonl.gz", landed("u-8"))
    lake.landing.delete("events/gone.jsonl.gz")
    assert found(lake) == ["gone.jsonl.gz", "replaced.jsonl.gz"]
    assert forget_versions(lake, ["u-4200"]) == 2
    assert found(lake) == []
    assert found(lake, "u-7") == ["other.jsonl.gz"]
    assert lake.landing.read("events/replaced.jsonl.gz") == landed("u-9")


def test_the_latest_version_of_a_tier_is_never_deleted_but_of_a_report_it_is(lake: Lake) -> None:
    """Prevents an erasure that loses rows of others, or keeps a report with the erased person."""
    lake.cleansed.write("posts/data/a.parquet", landed("u-4200"))
    lake.artifacts.write("models/bigram/abc/words.json", b'["u-4200"]')
    lake.artifacts.write("reports/insights.html", b"<td>u-4200</td>")
    assert forget_versions(lake, ["u-4200"]) == 1
    assert found(lake) == ["a.parquet", "words.json"]


def test_the_name_of_an_object_is_searched_too(lake: Lake) -> None:
    """Prevents an id in a key, which a marker of its deletion keeps."""
    lake.artifacts.write("reports/of u-4200 here.txt", b"")
    lake.artifacts.delete("reports/of u-4200 here.txt")
    assert {trace.place for trace in find_version_traces(lake, ["u-4200"])} == {"its name"}
    assert forget_versions(lake, ["u-4200"]) == 2
    assert found(lake) == []


@pytest.mark.aws
@pytest.mark.parametrize("kind", ["sqlite", "glue"])
def test_a_person_leaves_every_version_of_a_lake(bucket: str, tmp_path: Path, kind: str) -> None:
    """Prevents files of expired snapshots and rewritten objects that live on as versions."""
    name = bucket.replace("-", "_")
    catalog = in_folder(tmp_path / "catalog") if kind == "sqlite" else CatalogConfig("glue", "", name, name)
    assert_erased_and_others_kept(lake_with_versions(bucket, catalog))
