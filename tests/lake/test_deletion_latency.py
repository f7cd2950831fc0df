"""How long a deletion took is measured from its landing, and a build without new ones leaves the figure alone."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.monitoring.deletions import DeletionLatency
from socialsent_assets.jobs.cleanse import cleanse
from socialsent_assets.jobs.engines.process import ProcessEngine
from socialsent_assets.lake.deletion_latency import last_latency, note_latency
from socialsent_assets.lake.lake import Lake
from tests.conftest import Landing, lake_at
from tests.jobs import events

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = EventHour.from_key(events.HOUR)


def land(lake: Lake, kind: str, at: datetime) -> None:
    data = {"subject_id": "x"} if kind == "deletion" else {"post_id": "p", "author_id": "u", "text": "t"}
    path = Path(lake.landing.uri) / Landing(lake).add(
        events.HOUR, [events.event(kind, data)], origin=f"{kind}-{at:%M%S}"
    )
    os.utime(path, (at.timestamp(), at.timestamp()))


def test_the_slowest_deletion_of_a_build_counts_from_its_landing(tmp_path: Path) -> None:
    """Prevents a latency that looks short because it is counted from the last thing that landed."""
    lake = lake_at(tmp_path)
    land(lake, "post", NOW)
    cleanse(ProcessEngine(), lake, [HOUR])
    assert note_latency(lake, [HOUR], None, NOW) is None
    land(lake, "deletion", NOW + timedelta(seconds=10))
    land(lake, "deletion", NOW + timedelta(seconds=25))
    cleanse(ProcessEngine(), lake, [HOUR])
    wanted = DeletionLatency(2, 50.0, NOW + timedelta(seconds=60))
    assert note_latency(lake, [HOUR], NOW, wanted.applied_at) == wanted
    assert note_latency(lake, [HOUR], wanted.applied_at, NOW + timedelta(hours=1)) is None
    assert last_latency(lake) == wanted
