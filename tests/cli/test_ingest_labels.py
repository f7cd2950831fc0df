"""`socialsent labels import`: only labels by people, validated whole, once."""

import gzip
import json
import os
from pathlib import Path

import pytest

from socialsent_assets.cli.main import exit_code


@pytest.fixture(autouse=True)
def labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder where labels land, in a home of its own."""
    for name in [name for name in os.environ if name.startswith("SOCIALSENT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SOCIALSENT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home" / "lake" / "landing" / "labels"


def landed(folder: Path) -> list[dict[str, str]]:
    (file,) = folder.iterdir()
    return [json.loads(line) for line in gzip.decompress(file.read_bytes()).decode().splitlines()]


def import_file(content: str | bytes, *options: str, name: str = "judged.csv") -> int:
    Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
    return exit_code(["labels", "import", name, *options])


def test_rows_in_are_labels_and_duplicates(labels: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents labels that are lost without a word, and texts with two opinions that no one notices."""
    assert import_file("text,label\ngood,positive\nbad,Negative\ngood,positive\nbad,neutral\n") == 0
    out = capsys.readouterr().out
    assert "rows in 4 = labels 3 (negative 1, neutral 1, positive 1) + duplicates 1\n" in out
    assert "1 texts have two different labels" in out
    assert {"text": "bad", "label": "negative"} in landed(labels)


def test_the_same_file_twice_is_one_import(labels: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a training set in which everything counts twice."""
    for expected in ("written: labels/judged-", "already there: labels/judged-"):
        assert import_file("text_id,label\np-1,neutral\n") == 0
        assert expected in capsys.readouterr().out
    assert landed(labels) == [{"text_id": "p-1", "label": "neutral"}]


def test_json_lines_gzip_and_annotators_are_understood(labels: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a format of the contract that only the other one's tests cover."""
    row = {"text_id": 7, "text": "naïve 😍", "label": "positive", "annotator": "ann", "other": 1}
    packed = gzip.compress(json.dumps(row).encode())
    assert import_file(packed, "--format", "json", name="l.jsonl.gz") == 0
    assert json.loads(capsys.readouterr().out)["classes"] == {"negative": 0, "neutral": 0, "positive": 1}
    assert landed(labels) == [{"text_id": "7", "text": "naïve 😍", "label": "positive", "annotator": "ann"}]


def test_other_label_values_need_a_meaning(labels: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a model trained on classes that someone guessed."""
    content = "text,label\na,0\nb,4\nc,2\n"
    assert import_file(content) == 2
    assert capsys.readouterr().err.endswith("(found: 0, 2, 4). Map them: --map 0=negative,2=neutral,4=positive\n")
    assert not labels.exists()
    assert import_file(content, "--map", "0=negative,2=neutral,4=positive") == 0
    assert [row["label"] for row in landed(labels)] == ["negative", "positive", "neutral"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "needs the columns text,label or text_id,label (found: nothing)"),
        ("text,label\n", "has no labels"),
        ("tweet,label\na,neutral\n", "(found: tweet, label)"),
        ("text,label\na,\n", "line 2 has no label"),
        ('text,label\n"a,neutral\n', "is not CSV"),
        ('{"text": "a", "label": "neutral"}\nnope\n', "line 2 is not a JSON object"),
        ('{"text": "\\ud800", "label": "neutral"}\n', "half of a surrogate pair"),
        (b"text,label\ncaf\xe9,neutral\n", "is not UTF-8"),
        (gzip.compress(b"text,label\na,neutral\n" * 99, mtime=0)[:-9], "cannot be read completely"),
        ("text,label\na,wonderful\n", "(found: wonderful). Map them: --map wonderful=CLASS"),
    ],
)
def test_a_file_that_is_no_set_of_labels_imports_nothing(
    content: str | bytes, words: str, labels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Prevents half a file of labels, or a default where the label is missing."""
    assert import_file(content) == 2
    assert words in capsys.readouterr().err
    assert not labels.exists()


def test_a_missing_file_and_an_unknown_class_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Prevents a traceback for a typing mistake."""
    assert exit_code(["labels", "import", "nowhere.csv"]) == 2
    assert import_file("text,label\na,x\n", "--map", "x=good") == 2
    assert capsys.readouterr().err == (
        "socialsent: nowhere.csv cannot be read (No such file or directory); name a CSV or JSON Lines file\n"
        "socialsent: --map …=good: the classes are negative, neutral, positive\n"
    )
