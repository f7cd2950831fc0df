"""A person is erased from a lake that the whole graph built: killed half way, run again, proved, and kept out."""

from __future__ import annotations

from pathlib import Path

import pytest
from homes import PROGRAM, Home

UNTIL = "2026-11-22T12:00:00Z"
FEED = ("simulate", "--events", "400", "--hours", "2", "--seed", "7", "--until", UNTIL)
PARTS = ("records", "rows", "duplicates", "quarantined", "erased")
KILLED = f"""
import os
from socialsent_assets.erasure import tables
tables.forget_history = lambda *_: os._exit(9)
{PROGRAM}
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]  # six processes that load the graph


def closes(home: Home) -> dict[str, dict[str, int]]:
    tiers = home.status()["tiers"]
    for name, tier in tiers.items():
        parts = tier["rows"] + tier["duplicates"] + tier["quarantined"] + tier["erased"]
        assert tier["records"] == parts, name
    return tiers


def test_a_person_is_gone_from_every_tier_and_stays_out(tmp_path: Path) -> None:
    """Prevents an erasure that leaves a snapshot, a key or deleted blocks, and a half that a kill leaves."""
    home = Home(tmp_path / "home")
    home.must(*FEED)
    home.must("materialize")
    home.must("report")
    before = closes(home)
    [row] = home.query("select author_id from fct_posts group by 1 order by count(*) desc limit 1")
    person = row["author_id"]
    assert home.run("erase", "--verify", person).returncode == 1
    assert home.run("erase", "--user", person, program=KILLED).returncode == 9
    assert home.run("erase", "--verify", person).returncode == 1
    home.must("erase")
    home.must("erase", "--verify", person)
    after = closes(home)
    assert after["landing"]["records"] == before["landing"]["records"]
    assert after["landing"]["erased"] > 0
    assert home.query(f"select * from dim_users where user_id = '{person}'") == []
    first = [path for path in (home.path / "feeds").iterdir() if path.is_file()]
    for receipt in first:
        receipt.unlink()  # so that the feed is sent again
    home.must(*FEED)
    home.must("materialize")
    home.must("erase", "--verify", person)
    again = closes(home)["landing"]
    assert {name: again[name] for name in PARTS} == {name: after["landing"][name] for name in PARTS}
