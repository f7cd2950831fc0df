"""The process engine on a lake in S3: the same rows as in folders.

Not here: Spark and faults on the way (test_jobs_on_s3.py), the command line (test_graph_on_s3.py).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import CLEANSED_EVENTS, QUARANTINE, SENTIMENT
from socialsent_assets.jobs.cleanse import cleanse
from socialsent_assets.jobs.engines.process import ProcessEngine
from socialsent_assets.jobs.score import score
from socialsent_assets.lake.lake import Lake
from tests.built_lake import rows_of_table
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
