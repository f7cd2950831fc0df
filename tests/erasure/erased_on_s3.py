"""A lake in S3 with versions, built, and a person erased from it by the modules that the command calls.

Not here: the servers (tests/s3_buckets.py, tests/aws/witnesses/servers.py), marts, which are in a file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from socialsent_assets.aws.s3 import s3_client
from socialsent_assets.domain.events.erasure import ErasedIds
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import CLEANSED_EVENTS, SENTIMENT
from socialsent_assets.erasure.landing import erase_landing, with_own_texts
from socialsent_assets.erasure.request import ErasureRequest
from socialsent_assets.erasure.tables import forget_history
from socialsent_assets.erasure.versions import find_version_traces, forget_versions
from socialsent_assets.jobs.cleanse import cleanse
from socialsent_assets.jobs.engines.process import ProcessEngine
from socialsent_assets.jobs.score import score
from socialsent_assets.lake.iceberg.catalog import CatalogConfig
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.open import storage_at
from tests.built_lake import rows_of_table
from tests.conftest import Landing
from tests.jobs import events

TIERS = ("landing", "cleansed", "analytics", "artifacts")
PERSON = "u-4200"
HOURS = ("2026-11-22-09:00", "2026-11-22-10:00")
TABLES = (*CLEANSED_EVENTS, SENTIMENT)


def lake_with_versions(bucket: str, catalog: CatalogConfig) -> Lake:
    """An empty lake below prefixes of a bucket that keeps versions from now on."""
    s3_client().put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    tiers = {tier: storage_at(f"s3://{bucket}/{tier}") for tier in TIERS}
    return Lake(**tiers, catalog=catalog)


def build(lake: Lake) -> None:
    """Cleanse and score twice, so that objects, files and snapshots have predecessors."""
    for number, hour in enumerate(HOURS):
        for author in (PERSON, f"{PERSON}1", "u-9"):
            sent: list[dict[str, Any]] = [
                events.post(hour, post_id=f"p-{author}-{number}", author_id=author, text=f"good words of {number}"),
                events.comment(hour, comment_id=f"c-{author}-{number}", post_id=f"p-u-9-{number}", author_id=author),
                events.user(hour, user_id=author, user_name="ann"),
            ]
            Landing(lake).add(hour, sent, origin=f"of-{author}-{number}")
        _build_hours(lake)
    lake.artifacts.write("reports/insights.html", f"<td>{PERSON}</td>".encode())
    lake.artifacts.write("reports/insights.html", b"<td>renewed</td>")


def erase(lake: Lake) -> int:
    """Erase the person from the tiers; versions deleted."""
    request = with_own_texts(lake.landing, ErasureRequest(ErasedIds(users=frozenset((PERSON,)))))
    erase_landing(lake.landing, request)
    _build_hours(lake)
    forget_history(lake, request.needles())
    return forget_versions(lake, request.needles())


def assert_erased_and_others_kept(lake: Lake) -> None:
    """Build, erase, and compare: no version with a trace, and every row of the others as it was."""
    build(lake)
    before = {table.name: rows_of_table(lake, table) for table in TABLES}
    traced = {str(trace.path).split("/")[3] for trace in find_version_traces(lake, [PERSON])}
    assert traced == set(TIERS)
    assert erase(lake) > 0
    request = with_own_texts(lake.landing, ErasureRequest(ErasedIds(users=frozenset((PERSON,)))))
    texts = [f"{kind}-{PERSON}-{number}" for kind in "pc" for number in range(len(HOURS))]
    assert [str(trace) for trace in find_version_traces(lake, [PERSON, *texts])] == []
    assert request.ids.texts == frozenset()
    for table in TABLES:
        kept = [row for row in before[table.name] if PERSON not in (row.get("author_id"), row.get("user_id"))]
        assert [_named(row) for row in rows_of_table(lake, table)] == [_named(row) for row in kept], table.name
    plant = lake.cleansed.path("posts/data/planted.jsonl")
    lake.cleansed.write("posts/data/planted.jsonl", f'{{"author_id":"{PERSON}"}}'.encode())
    lake.cleansed.delete("posts/data/planted.jsonl")
    assert [str(trace.path).partition("?")[0] for trace in find_version_traces(lake, [PERSON])] == [plant]


def in_folder(path: Path) -> CatalogConfig:
    """A catalog beside the test."""
    path.mkdir(parents=True, exist_ok=True)
    return CatalogConfig.in_folder(path)


def _build_hours(lake: Lake) -> None:
    for job in (cleanse, score):
        job(ProcessEngine(), lake, [EventHour.from_key(hour) for hour in HOURS])


def _named(row: dict[str, Any]) -> tuple[str, str]:
    return str(row.get("event_id") or row.get("text_id")), str(row.get("text") or row.get("clean_text"))
