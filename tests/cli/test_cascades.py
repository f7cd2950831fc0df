"""`socialsent train --encoder` and `fine-tune`, as a user types them."""

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

from socialsent_assets.cli import fine_tune
from socialsent_assets.cli.main import exit_code
from socialsent_assets.domain.learning import cascade
from socialsent_assets.domain.learning.encoder.onnx_graph import onnx_file
from socialsent_assets.domain.learning.encoder.weights import invented
from tests import invented_encoder
from tests.cli.test_models import write_labels


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SOCIALSENT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A cascade made by the command itself, once."""
    folder = tmp_path_factory.mktemp("made")
    labels, val = write_labels(folder / "train.csv", 240, 1), write_labels(folder / "val.csv", 90, 2)
    encoder = invented_encoder.folder(folder / "encoder", invented_encoder.encoder())
    options = ["--labels", labels, "--val", val, "--encoder", encoder, "--out", folder / "m", "--jobs", "1"]
    assert exit_code(["train", *map(str, options)]) == 0
    return folder / "m"


def test_a_cascade_answers_and_explains_like_any_model(model, capfd):
    assert exit_code(["predict", "zingy corking day", "--model", str(model)]) == 0
    found = json.loads(capfd.readouterr().out)
    assert found["probabilities"].keys() == {"negative", "neutral", "positive"}
    assert exit_code(["explain", "zingy corking day", "--model", str(model)]) == 0
    assert f"classifier: {found['label']}" in capfd.readouterr().out


def test_a_cascade_is_promoted_by_its_digest(model, tmp_path, capfd):
    """Prevents an encoder that was exchanged after its card was written."""
    model = Path(shutil.copytree(model, tmp_path / "copy"))
    assert exit_code(["models", "promote", str(model), "--force"]) == 0
    assert exit_code(["predict", "zingy corking day"]) == 0
    capfd.readouterr()
    (model / "encoder.onnx").write_bytes((model / "encoder.onnx").read_bytes() + b"\0")
    assert exit_code(["predict", "zingy", "--model", str(model)]) == 2
    assert "encoder.onnx does not match its digest" in capfd.readouterr().err


def test_without_the_extra_the_linear_classifier_answers(model, monkeypatch, caplog):
    monkeypatch.setattr(cascade, "is_installed", lambda: False)
    assert exit_code(["explain", "zingy", "--model", str(model)]) == 0
    assert "its linear classifier answers alone" in caplog.text


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "config.json"])
def test_a_folder_that_is_no_encoder_is_named_before_anything_is_trained(tmp_path, capfd, name):
    labels = write_labels(tmp_path / "train.csv", 200, 5)
    encoder = invented_encoder.folder(tmp_path / "encoder", invented_encoder.encoder())
    (encoder / name).write_bytes(b"<html>not found</html>")
    assert exit_code(["train", "--labels", str(labels), "--encoder", str(encoder), "--out", "m"]) == 2
    assert "encoder" in capfd.readouterr().err


def fine_tune_options(tmp_path, start, tokenizer):
    labels = write_labels(tmp_path / "train.csv", 60, 5)
    (tmp_path / "start.onnx").write_bytes(start)
    (tmp_path / "tokens.json").write_bytes(tokenizer)
    files = {"labels": labels, "val": labels, "start": "start.onnx", "tokenizer": "tokens.json", "out": "e"}
    return ["fine-tune", *(str(part) for name, value in files.items() for part in (f"--{name}", value))]


def test_fine_tuning_names_what_it_cannot_begin_with(tmp_path, capfd):
    whole = fine_tune_options(tmp_path, onnx_file(invented(9, 0)), invented_encoder.tokenizer())
    assert exit_code(whole) == 2
    assert "starting weights hold no BERT encoder" in capfd.readouterr().err


def test_fine_tuning_without_the_extra_names_the_next_step(tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(fine_tune, "_NEEDED", ("jax",))
    assert exit_code(fine_tune_options(tmp_path, b"", b"")) == 2
    assert "uv sync --inexact --extra encoder --extra fine-tuning" in capfd.readouterr().err
