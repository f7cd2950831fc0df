"""`socialsent follow` as a person types it."""

import json
import os
from pathlib import Path

import pytest

from socialsent_assets.cli.main import exit_code
from socialsent_assets.domain.events.kinds import KINDS


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, in a current folder without .env."""
    for name in [name for name in os.environ if name.startswith("SOCIALSENT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SOCIALSENT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def followed(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert exit_code(["follow", "posts.jsonl", "--minutes", "0.01", "--format", "json"]) == 0
    told: dict[str, object] = json.loads(capsys.readouterr().out)
    return told


def test_a_growing_file_lands_and_the_second_run_goes_on_behind_it(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Prevents a command whose parts work in tests alone, and lines that land twice."""
    with Path("posts.jsonl").open("w") as file:
        file.write(json.dumps(KINDS["post"].example) + "\nnope\n")
    told = followed(capsys)
    assert (told["offered"], told["landed"], told["quarantined"], told["gaps"]) == (2, 1, 1, 0)
    assert len(list((home / "lake" / "landing" / "events").rglob("*.gz"))) == 1
    with Path("posts.jsonl").open("a") as file:
        file.write(json.dumps({**KINDS["post"].example, "event_id": "e-2"}) + "\n")
    told = followed(capsys)
    assert (told["offered"], told["landed"]) == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "nowhere is neither a file nor one of bluesky, mastodon, reddit, hackernews"),
        ([], "name a network to follow: socialsent follow bluesky"),
        (["reddit", "a/b"], "name a subreddit: socialsent follow reddit askscience"),
        (["reddit", "r/trams"], "Reddit requires an application: create one at https://www.reddit.com/prefs/apps"),
        (["mastodon"], "name a server: socialsent follow mastodon mastodon.social"),
        (
            ["posts.csv"],
            "posts.csv is CSV; only JSON Lines of a known source are followed: socialsent ingest posts.csv",
        ),
    ],
)
def test_what_cannot_be_followed_ends_with_2_and_one_line(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Prevents a program that waits without end for a server that does not exist."""
    Path("posts.csv").write_text("created_at,text\n2026-11-20T09:00:00Z,x\n")
    assert exit_code(["follow", *arguments]) == 2
    assert capsys.readouterr().err.startswith(f"socialsent: {words}")
