"""Events that are older than a setting allows leave every tier by one command, and nothing is left to build."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from homes import Home

OLD = "2026-11-22T12:00:00Z"
KILLED = """
import os
from socialsent_assets.erasure import retention
expire, objects = retention._expire_object, []
def dies(*args, **options):
    objects.append(1)
    return os._exit(9) if len(objects) > 1 else expire(*args, **options)
retention._expire_object = dies
from socialsent_assets.cli.main import run; run()
"""
LONG_AGO = "timestamp '2026-11-22 12:00:00'"
POSTS = f"select count(*) filter (where event_time < {LONG_AGO}) as old, count(*) as n from fct_posts"
KEYS = f"select distinct event_hour, entity_id as id from staging.int_event_keys where event_hour < {LONG_AGO}"
TAKEN = (
    f"select distinct event_hour, subject_id as id from staging.int_deletion_versions where event_hour < {LONG_AGO}"
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]  # seven processes that load the graph


def test_what_is_over_leaves_every_tier_and_nothing_is_stale(tmp_path: Path) -> None:
    """Prevents a lake that keeps what a network's terms do not allow, or that is rebuilt without end."""
    home = Home(tmp_path / "home", settings={"SOCIALSENT_RETENTION": "mock=2"})
    recent = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    for until in (OLD, f"{recent:%Y-%m-%dT%H:00:00Z}"):
        home.must("simulate", "--events", "300", "--hours", "2", "--seed", "7", "--until", until)
    home.must("materialize")
    before = home.status()
    [all_posts] = home.query(POSTS)
    assert all_posts["old"] > 0
    assert "Nothing was changed" in home.must("retention", "--dry-run")
    assert home.run("retention", program=KILLED).returncode == 9
    home.must("retention")
    after = home.status()
    for name, tier in after["tiers"].items():
        assert tier["records"] == tier["rows"] + tier["duplicates"] + tier["quarantined"] + tier["erased"], name
    assert after["tiers"]["landing"]["records"] == before["tiers"]["landing"]["records"]
    assert after["stale_hours"] == []
    assert home.query(POSTS) == [{"old": 0, "n": all_posts["n"] - all_posts["old"]}]
    assert sorted(map(str, home.query(KEYS))) == sorted(map(str, home.query(TAKEN)))
    assert "left landing: none" in home.must("retention")
