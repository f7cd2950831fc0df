"""Two concurrent `socialsent materialize` on one home, while a reader looks at its marts."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from homes import Home

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800), pytest.mark.xdist_group("whole_graph")]

ROUNDS = 1
HOURS = (9, 10, 11)
FIRST, SECOND = "2026-11-20T09..2026-11-20T10", "2026-11-20T10..2026-11-20T11"  # both build the hour in the middle


def lines(round_: int) -> str:
    """Ten posts an hour."""
    return "".join(
        json.dumps(
            {
                "schema_version": 1,
                "event_id": f"{round_}-{hour}-{number}",
                "event_type": "post",
                "event_time": f"2026-11-20T{hour:02}:{number:02}:00Z",
                "source": "test",
                "data": {"post_id": f"{round_}-{hour}-{number}", "author_id": "ann", "text": "what a wonderful day"},
            }
        )
        + "\n"
        for hour in HOURS
        for number in range(10)
    )


def posts_by_hour(home: Home) -> tuple[list[int], list[int]]:
    """Posts of each hour in the marts, and as the same build counted them."""
    rows = home.query(
        """
        select (select count(*) from fct_posts where event_hour = hours.event_hour) as posts, hours.accepted
        from lake_hours as hours
        order by hours.event_hour
        """
    )
    return [row["posts"] for row in rows], [row["accepted"] for row in rows]


def test_two_builds_share_a_home(tmp_path: Path) -> None:
    """Prevents builds that refuse or wait out each other, an hour lost between them, and marts of half a build."""
    home = Home(tmp_path / "home")
    file = tmp_path / "posts.jsonl"
    for round_ in range(ROUNDS):
        file.write_text(lines(round_), encoding="utf-8")
        home.must("ingest", str(file))
        with ThreadPoolExecutor(2) as processes:
            builds = [processes.submit(home.must, "materialize", "--hours", hours) for hours in (FIRST, SECOND)]
            while not all(build.done() for build in builds):
                if (home.path / "warehouse.duckdb").is_file():
                    found, counted = posts_by_hour(home)
                    assert found == counted
            for build in builds:
                build.result()
        assert posts_by_hour(home) == ([10 * (round_ + 1)] * 3,) * 2
        assert home.status()["stale_hours"] == []
