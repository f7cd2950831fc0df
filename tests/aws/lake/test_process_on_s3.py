"""The process engine on a lake in S3: the same rows as in folders, and no more of them fetched than needed.

Not here: Spark and faults on the way (test_jobs_on_s3.py), the command line (test_graph_on_s3.py).
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.layout import EventHour, hours_between
from socialsent_assets.domain.tables import CLEANSED_EVENTS, POSTS, QUARANTINE, SENTIMENT
from socialsent_assets.jobs.cleanse import cleanse
from socialsent_assets.jobs.engines.process import ProcessEngine
from socialsent_assets.jobs.score import score
from socialsent_assets.lake.builds import Receipt
from socialsent_assets.lake.iceberg.scan import files_of
from socialsent_assets.lake.lake import Lake
from tests.aws.lake.faulty_s3 import Faults
from tests.built_lake import keep_receipts, rows_of_table, write_hours, write_table
from tests.conftest import Landing, lake_at
from tests.jobs.events import random_lines

pytestmark = pytest.mark.aws

KEY = "2026-11-22-09:00"


def test_texts_in_s3_are_scored_as_in_folders(s3_lake: Lake, tmp_path: Path) -> None:
    """Prevents scoring that fails on S3: an answer cannot be read from its end, where Parquet begins."""
    in_folders = lake_at(tmp_path / "folders")
    for lake in (s3_lake, in_folders):
        Landing(lake).add(KEY, random_lines(1, 60, KEY), origin="same")
        for job in (cleanse, score):
            job(ProcessEngine(), lake, [EventHour.from_key(KEY)])
    for table in (*CLEANSED_EVENTS, QUARANTINE, SENTIMENT):
        assert rows_of_table(s3_lake, table) == rows_of_table(in_folders, table), table.name
    assert rows_of_table(s3_lake, SENTIMENT)


def random_posts(hour: EventHour, count: int) -> list[dict[str, object]]:
    """Texts that do not compress."""
    made = random.Random(hour.key)
    return [
        {
            "event_id": f"{hour.key} {number}",
            "event_time": hour.start,
            "post_id": f"{hour.key} {number}",
            "author_id": "ann",
            "clean_text": made.randbytes(200).hex(),
            "deleted": False,
        }
        for number in range(count)
    ]


def cleansed(hour: EventHour, posts: int) -> Receipt:
    return Receipt("cleanse", hour, "in", "out", "1", Counts(posts, posts, 0, 0), {POSTS.name: posts})


def test_an_hour_of_a_large_file_is_fetched_alone(
    s3_lake: Lake, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents a rebuild of one hour that fetches the texts of a month."""
    monkeypatch.setattr("socialsent_assets.lake.iceberg.data_files.ROWS_PER_GROUP", 500)
    monkeypatch.setattr("socialsent_assets.jobs.engines.process.WHOLE_BYTES", 1024)
    hours = list(hours_between(EventHour.from_key(KEY), EventHour.from_key("2026-11-22-16:00")))
    write_hours(s3_lake, POSTS, {hour: random_posts(hour, 500) for hour in hours})
    keep_receipts(s3_lake, [cleansed(hour, 500) for hour in hours])
    [file] = files_of(s3_lake.table(POSTS))
    faults.asked.clear()

    score(ProcessEngine(), s3_lake, [hours[3]])

    scored = [row["text_id"] for row in rows_of_table(s3_lake, SENTIMENT)]
    assert sorted(scored) == sorted(str(row["post_id"]) for row in random_posts(hours[3], 500))
    ranges = [of.removeprefix("bytes=").split("-") for _, path, of in faults.asked if file.path.endswith(path)]
    assert 1 <= len(ranges) <= 3
    assert sum(int(last) - int(first) + 1 for first, last in ranges) < file.size / 2


def test_each_group_of_hours_fetches_its_own_files(
    s3_lake: Lake, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents a backfill whose requests grow with the square of its hours."""
    monkeypatch.setattr("socialsent_assets.jobs.score.GROUP_ROWS", 1)
    hours = list(hours_between(EventHour.from_key(KEY), EventHour.from_key("2026-11-22-12:00")))
    for hour in hours:
        write_table(s3_lake, POSTS, hour, random_posts(hour, 1))
    keep_receipts(s3_lake, [cleansed(hour, 1) for hour in hours])
    files = {file.path for file in files_of(s3_lake.table(POSTS))}
    faults.asked.clear()

    score(ProcessEngine(), s3_lake, hours)

    fetched = Counter(path for method, path, _ in faults.asked if method == "GET" and "/posts/data/" in path)
    assert {f"s3:/{path}": count for path, count in fetched.items()} == dict.fromkeys(files, 1)
