"""`socialsent labels suggest`: a queue that goes out as a file and comes back as labels."""

import csv
import io

import pytest

from socialsent_assets.cli.main import exit_code
from socialsent_assets.lake.lake import Lake
from tests.model_lake import invented, label_of, put_labels, put_posts


@pytest.fixture
def lake(tmp_path, monkeypatch):
    monkeypatch.setenv("SOCIALSENT_HOME", str(tmp_path))
    made = Lake.in_folder(tmp_path / "lake")
    rows = invented(60)
    rows[0]["text"] = rows[0]["clean_text"] = "=HYPERLINK(1) blurgh"
    rows[1]["text"] = rows[1]["clean_text"] = "ゆっくり休みたい"
    put_posts(made, rows)
    put_labels(made, map(label_of, rows[40:]))
    return made


def test_the_queue_is_labelled_and_imported(lake, tmp_path, capfd):
    """Prevents a file that has to be rebuilt before it can come back, and texts that are suggested twice."""
    assert exit_code(["labels", "suggest", "--count", "100"]) == 0
    rows = list(csv.DictReader(io.StringIO(capfd.readouterr().out)))
    assert len(rows) == 39  # neither the labelled nor the one that no reader here knows
    assert {row["label"] for row in rows} == {""}
    assert not any(row["text"].startswith("=") for row in rows)
    path = tmp_path / "judged.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows({**row, "label": "neutral"} for row in rows)
    assert exit_code(["labels", "import", str(path)]) == 0
    assert exit_code(["labels", "suggest"]) == 2
    assert "left to label" in capfd.readouterr().err
