"""`socialsent explain`: reasons to read, and the same as JSON, whatever the text."""

import json
from datetime import UTC, datetime

import pytest

from socialsent_assets.cli.explain import LINES
from socialsent_assets.cli.main import exit_code
from socialsent_assets.domain.language.polarity import score_text
from socialsent_assets.domain.learning.model_card import CLASSIFIER
from socialsent_assets.lake.lake import Lake
from socialsent_assets.ml.registry import ModelRegistry
from tests.model_lake import candidate, filled


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SOCIALSENT_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def explained(home, capfdbinary):
    def run(*arguments):
        assert exit_code(["explain", *arguments]) == 0
        return capfdbinary.readouterr().out.decode()

    return run


def test_reasons_can_be_read_before_there_is_a_model(explained):
    """Prevents a command that needs a lake to explain a word."""
    shown = explained("the tram is NOT bad at all")
    assert "positive, polarity +0.4310" in shown
    assert '-2.50 in the lexicon, +4.35 negation by "not"' in shown
    assert "none is in use yet" in shown


def test_the_champions_reasons_stand_beside_the_lexicons(home, explained):
    """Prevents an explanation of the reader that is not shown."""
    lake = filled(Lake.in_folder(home / "lake"), 200)
    registry = ModelRegistry(lake.artifacts)
    registry.promote(CLASSIFIER, registry.add(candidate(lake).files), datetime(2026, 11, 22, tzinfo=UTC))
    shown = explained("a corking tram, zingy belter")
    assert "classifier: positive" in shown
    assert "corking" in shown
    assert "intercept" in shown


def test_the_lines_of_a_long_text_add_up_too(explained):
    """Prevents equal words that are shown as reasons and counted among the others once more."""
    lines = [line.split() for line in explained("good bad good " * 20 + "love").splitlines()]
    shown = [float(line[0]) for line in lines if line and line[0][0] in "+-"]
    assert len(shown) == LINES + 1
    assert sum(shown) == pytest.approx(score_text("good bad good " * 20 + "love").polarity, abs=1e-3)


@pytest.mark.parametrize(
    "text", ["", "😀" * 300, "\u202egood\u202c morning", "\x00", "ゆっくり休みたい", "good " * 3000], ids=range(6)
)
def test_any_text_gets_an_object_whose_parts_add_up(explained, text):
    """Prevents a traceback, or reasons that do not sum, for texts that people do write."""
    found = json.loads(explained("--format", "json", text.replace("\x00", "") or " "))
    if found["lexicon"] is None:
        assert found["unscored"] == "ja"
        return
    parts = [found["lexicon"]["others"], found["lexicon"]["emphasis"], *found["lexicon"]["words"]]
    assert sum(part["adds"] for part in parts) == pytest.approx(found["lexicon"]["polarity"], abs=1e-4)


def test_a_folder_without_a_model_is_named(home, capfd):
    """Prevents a traceback for a mistyped path."""
    assert exit_code(["explain", "good", "--model", str(home)]) == 2
    assert "has no model" in capfd.readouterr().err
