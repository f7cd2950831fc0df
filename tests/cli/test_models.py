"""`socialsent train`, `predict`, `next-word` and `models`, as a user types them."""

import csv
import io
import json
import random
import sys

import pytest

from socialsent_assets.cli.main import exit_code
from socialsent_assets.domain.language.bigram import files as bigram_files
from socialsent_assets.domain.language.bigram.model import train as train_bigrams
from socialsent_assets.domain.learning.labels import CLASSES
from socialsent_assets.domain.tables import SENTIMENT
from socialsent_assets.lake.lake import Lake
from socialsent_assets.ml.drift_check import no_drift
from tests.built_lake import build_table
from tests.graph.graph_lake import score_row
from tests.model_lake import AT

# Words that the lexicon does not hold: a model must know more than the lexicon, or it is not promoted.
MOODS = {
    "negative": "blurgh grotty naff yucko",
    "neutral": "station monday report street",
    "positive": "zingy corking belter spiffo",
}
FILLER = ["the", "a", "of", "in", "we", "today", "with", "game", "it", "and", "they", "city", "song", "food"]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SOCIALSENT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def write_labels(path, count, seed):
    rng = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "label"])
        for number in range(count):
            label = rng.choice(CLASSES)
            words = [*rng.choices(MOODS[label].split(), k=2), *rng.choices(FILLER, k=6), f"n{number}s{seed}"]
            rng.shuffle(words)
            rows.writerow([" ".join(words), label])
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model folder made by the command itself, once."""
    folder = tmp_path_factory.mktemp("made")
    labels, val = write_labels(folder / "train.csv", 240, 1), write_labels(folder / "val.csv", 90, 2)
    assert (
        exit_code(["train", "--labels", str(labels), "--val", str(val), "--out", str(folder / "m"), "--jobs", "1"])
        == 0
    )
    return folder / "m"


def stdin(monkeypatch, content):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_training_prints_the_model_beside_its_baselines(tmp_path, capfd):
    labels = write_labels(tmp_path / "train.csv", 200, 5)
    with labels.open("a") as file:
        file.write("the same,positive\nThe SAME!,negative\n")
    assert exit_code(["train", "--labels", str(labels), "--out", "m", "--jobs", "1"]) == 0
    out = capfd.readouterr().out
    for expected in (
        "this model",
        "majority class",
        "lexicon (VADER)",
        "2 with conflicting labels",
        "macro recall",
    ):
        assert expected in out
    assert {p.name for p in (tmp_path / "m").iterdir()} == {
        "card.json",
        "card.md",
        "classifier.json",
        "classifier.npz",
    }


def test_every_line_of_stdin_gets_one_object_in_order(model, monkeypatch, capfdbinary):
    stdin(
        monkeypatch,
        "zingy corking belter\n\nblurgh \xff naff yucko\n".encode("latin-1") + "station monday 木".encode(),
    )
    assert exit_code(["predict", "-", "--model", str(model)]) == 0
    answers = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert [a["label"] for a in answers] == ["positive", "neutral", "negative", "neutral"]
    for answer in answers:
        assert list(answer) == ["label", "probabilities"]
        assert list(answer["probabilities"]) == list(CLASSES)
        assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-5)
        assert answer["label"] == max(answer["probabilities"], key=answer["probabilities"].get)


def test_no_input_gives_no_output(model, monkeypatch, capfdbinary):
    stdin(monkeypatch, b"")
    assert exit_code(["predict", "-", "--model", str(model)]) == 0
    assert capfdbinary.readouterr().out == b""


def test_one_text_from_the_command_line(model, capfdbinary):
    assert exit_code(["predict", "blurgh grotty", "--model", str(model)]) == 0
    assert json.loads(capfdbinary.readouterr().out)["label"] == "negative"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("text,label\na,positive\nb,neutral\nc,negative\n", "too few labelled posts"),
        ("text,label\n" + "".join(f"t{i},positive\n" for i in range(99)), "0 negative"),
        ("text,label\nfine,meh\n", "unknown label 'meh'"),
        ("text,mood\nfine,positive\n", "no column label"),
        ("", "no column"),
    ],
)
def test_bad_labels_end_with_2_and_one_line(tmp_path, capfd, content, complaint):
    path = tmp_path / "bad.csv"
    path.write_text(content)
    assert exit_code(["train", "--labels", str(path), "--out", "m"]) == 2
    error = capfd.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1
    assert not (tmp_path / "m").exists()


def test_missing_files_end_with_2(tmp_path, capfd):
    assert exit_code(["train", "--labels", "none.csv", "--out", "m"]) == 2
    assert "none.csv: cannot be read" in capfd.readouterr().err
    assert exit_code(["predict", "x", "--model", "nowhere"]) == 2
    assert "has no model" in capfd.readouterr().err


def test_a_tampered_model_does_not_answer(model, tmp_path, capfd):
    for path in model.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    target = tmp_path / "classifier.json"
    target.write_bytes(target.read_bytes().replace(b"naff", b"naffy"))
    assert exit_code(["predict", "naff", "--model", str(tmp_path)]) == 2
    assert "classifier.json does not match its digest" in capfd.readouterr().err


def test_a_model_is_promoted_listed_used_and_rolled_back(model, tmp_path, capfd):
    assert exit_code(["predict", "love"]) == 2
    assert "socialsent models promote" in capfd.readouterr().err
    assert exit_code(["models", "promote", str(model)]) == 0
    assert "is the champion now" in capfd.readouterr().out
    assert exit_code(["predict", "zingy belter"]) == 0
    assert json.loads(capfd.readouterr().out)["label"] == "positive"
    other = write_labels(tmp_path / "other.csv", 240, 9)
    assert exit_code(["train", "--labels", str(other), "--out", "second", "--jobs", "1"]) == 0
    assert exit_code(["models", "promote", "second"]) == 0
    capfd.readouterr()
    assert exit_code(["models", "list"]) == 0
    listed = capfd.readouterr().out.splitlines()
    assert len(listed) == 2
    assert sum(line.startswith("*") for line in listed) == 1
    assert exit_code(["models", "rollback"]) == 0
    assert exit_code(["models", "rollback"]) == 2


def test_a_model_within_the_noise_of_a_baseline_is_promoted_only_by_force(tmp_path, capfd):
    rng = random.Random(0)
    rows = [f"{rng.choice(FILLER)} {rng.choice(FILLER)} n{i},{rng.choice(CLASSES)}\n" for i in range(150)]
    (tmp_path / "noise.csv").write_text("text,label\n" + "".join(rows))
    assert exit_code(["train", "--labels", "noise.csv", "--out", "m", "--jobs", "1"]) == 0
    assert exit_code(["models", "promote", "m"]) == 2
    assert "baseline" in capfd.readouterr().err
    assert exit_code(["models", "promote", "m", "--force"]) == 0


def test_next_words_come_with_probabilities_best_first(home, capfd):
    from datetime import UTC, datetime

    from socialsent_assets.domain.learning.candidates import bigram_candidate
    from socialsent_assets.lake.storage.local import FolderStorage
    from socialsent_assets.ml.registry import ModelRegistry

    posts = [text.split() for text in ("i love the sea", "i love the sun", "i love you", "love the sea")]
    made = bigram_candidate(posts, posts, created_at=datetime(2026, 11, 22, tzinfo=UTC), data={}, min_count=1)
    assert exit_code(["next-word", "we love"]) == 2
    assert "no bigram model is in use yet" in capfd.readouterr().err
    registry = ModelRegistry(FolderStorage(home / "lake" / "artifacts"))
    registry.promote("bigram", registry.add(made.files), datetime(2026, 11, 22, tzinfo=UTC))
    assert exit_code(["next-word", "We LOVE", "--top", "2"]) == 0
    answers = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    expected = bigram_files.load(bigram_files.dump(train_bigrams(posts, 1))).top_k("love", 2)
    assert [(a["word"], a["probability"]) for a in answers] == [(w, round(p, 6)) for w, p in expected]
    assert answers[0]["word"] == "the"
    assert exit_code(["next-word", ""]) == 0
    assert json.loads(capfd.readouterr().out.splitlines()[0])["word"] == "i"


def test_counts_on_the_card_add_up(model):
    """Prevents classes that sum to other posts than those that were learned from."""
    data = json.loads((model / "card.json").read_bytes())["data"]
    assert sum(data["training_class_counts"].values()) == data["training_posts"]
    assert sum(data["held_out_class_counts"].values()) == data["held_out_posts"]


def test_a_card_shows_slices_behaviour_and_reliability(model):
    """Prevents a page with one number and nothing of what it hides."""
    page = (model / "card.md").read_text("utf-8")
    assert "invented sentences that leave no doubt; the lexicon passes" in page
    assert "| no lexicon word |" in page
    assert "| sure, in percent | right, in percent | posts |" in page


def test_drift_is_measured_for_a_model_that_train_made(model, home):
    """Prevents a champion of which it is never known whether it still fits."""
    lake = Lake.in_folder(home / "lake")
    assert exit_code(["models", "promote", str(model), "--force"]) == 0
    rows = [
        score_row(n, AT, clean_text="the zingy game in the city", sentiment="neutral", polarity=0.0)
        for n in range(300)
    ]
    build_table(lake, SENTIMENT, AT, rows)
    assert set(no_drift(lake, [AT]).measures) == {"label mix", "polarity", "vocabulary", "texts"}


def test_an_empty_file_of_unlabelled_texts_is_refused(tmp_path, capfd):
    """Prevents a training of minutes that quietly learned from nothing."""
    labels = write_labels(tmp_path / "train.csv", 200, 5)
    (tmp_path / "texts.txt").write_text("\n \n")
    assert (
        exit_code(["train", "--labels", str(labels), "--unlabelled", str(tmp_path / "texts.txt"), "--out", "m"]) == 2
    )
    assert "holds no text" in capfd.readouterr().err
