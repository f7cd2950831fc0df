"""`socialsent watch`: words in, listed, out again."""

import pytest

from socialsent_assets.cli.main import exit_code
from socialsent_assets.lake.storage.open import storage_at
from socialsent_assets.lake.watched_words import KEY


@pytest.fixture
def run(tmp_path, monkeypatch, capfdbinary):
    monkeypatch.setenv("SOCIALSENT_HOME", str(tmp_path))

    def answer(*arguments, code=0):
        assert exit_code(["watch", *arguments]) == code
        said = capfdbinary.readouterr()
        return (said.err if code else said.out).decode()

    return answer


def test_words_are_kept_in_one_form_and_once(run):
    """Prevents a word that is watched twice, or that no text can match because of its case or its sign."""
    assert "watched: tram, night bus" in run("add", "#Tram,  Night   BUS ", "tram")
    assert run("list") == "tram\nnight bus\n"
    run("remove", "TRAM")
    assert run("list") == "night bus\n"
    run("remove", "night bus")
    assert "no word is watched" in run("list")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["add", "tram", "?!"], "no letter or digit"),
        (["add", "x" * 101], "longer than 100"),
        (["add", ",".join(f"word{number}" for number in range(21))], "21 watched words are too many"),
        (["remove", "bus"], "not watched: bus"),
    ],
)
def test_one_word_that_cannot_be_watched_changes_nothing(run, words, says):
    """Prevents half a list, and a list without an end: each word is searched for in every text."""
    assert says in run(*words, code=2)
    assert "no word is watched" in run("list")


def test_a_damaged_list_says_what_to_do(run, tmp_path):
    """Prevents a traceback, and a list that is silently empty."""
    storage_at(str(tmp_path / "lake" / "artifacts")).write(KEY, b'{"format": 1}')
    assert "socialsent watch add" in run("list", code=2)
