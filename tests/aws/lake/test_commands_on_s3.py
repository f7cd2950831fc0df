"""The commands of a person whose lake is in S3: own posts, labels, graph, models, history and back.

Not here: that the rows are those of a lake in folders (test_graph_on_s3.py).
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.aws.lake.faulty_s3 import Faults
from tests.aws.lake.test_graph_on_s3 import S3Home, s3_server

__all__ = ["s3_server"]

pytestmark = [pytest.mark.aws, pytest.mark.xdist_group("s3_lake"), pytest.mark.timeout(1500)]

WORDS = {"positive": ("apple", "pear"), "negative": ("stone", "brick"), "neutral": ("table", "monday")}


def own_posts(path: Path) -> Path:
    """Thirty posts in two hours, and a line that is none."""
    lines = [
        json.dumps(
            {
                "schema_version": 1,
                "event_id": f"own-{number}",
                "event_type": "post",
                "event_time": f"2026-11-20T1{number % 2}:{number:02}:00Z",
                "source": "own",
                "data": {"post_id": f"p{number}", "author_id": "ann", "text": f"I love train {number}"},
            }
        )
        for number in range(30)
    ]
    path.write_text("\n".join([*lines, "no json"]), encoding="utf-8")
    return path


def labels(path: Path) -> Path:
    """Ninety labelled texts."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "label"])
        for number in range(30):
            rows.writerows([f"{words[number % 2]} train {number}", label] for label, words in WORDS.items())
    return path


def test_every_command_works_on_a_lake_in_s3(s3_server: Faults, bucket: str, tmp_path: Path) -> None:
    """Prevents a command that looks for its lake in a folder, whatever the settings are."""
    home = S3Home(tmp_path / "home", bucket, s3_server.endpoint)
    said = home.must("ingest", str(own_posts(tmp_path / "posts.jsonl")))
    assert "lines in 31 = landed 30 + duplicates 0 + quarantined 1" in said
    assert "no hour changed" in home.must("ingest", str(tmp_path / "posts.jsonl"))
    assert "labels 90" in home.must("labels", "import", str(labels(tmp_path / "labels.csv")))

    home.must("run", "--events", "400", "--hours", "1", "--seed", "7")
    status = home.status()
    assert status["stale_hours"] == []
    assert status["tiers"]["marts"]["rows"] == status["tiers"]["cleansed"]["rows"] > 30

    model = str(tmp_path / "model")
    home.must("train", "--labels", str(tmp_path / "labels.csv"), "--out", model, "--jobs", "1")
    home.must("models", "promote", model)
    assert "sentiment_classifier" in home.must("models", "list")
    assert json.loads(home.must("predict", "apple pear"))["label"] == "positive"

    scored, cleansed = json.loads(home.must("history", "--format", "json"))
    assert ("analytics.sentiment" in scored["tables"], "cleansed.posts" in cleansed["tables"]) == (True, True)
    first = home.run("undo", scored["run"])
    assert (first.returncode, "for the first time" in first.stderr) == (2, True)

    home.must("materialize", "--hours", "2026-11-20-10:00..2026-11-20-11:00")
    home.must("undo", json.loads(home.must("history", "--format", "json"))[0]["run"])
    rows = {name: tier["rows"] for name, tier in home.status()["tiers"].items()}
    assert rows == {name: tier["rows"] for name, tier in status["tiers"].items()}
