"""`socialsent lexicon`: words of one's own in, listed, out again, and used by the other commands."""

import json

import pytest

from socialsent_assets.cli.main import exit_code


@pytest.fixture
def run(tmp_path, monkeypatch, capfdbinary):
    monkeypatch.setenv("SOCIALSENT_HOME", str(tmp_path))

    def answer(*arguments, code=0):
        assert exit_code(list(arguments)) == code
        said = capfdbinary.readouterr()
        return (said.err if code else said.out).decode()

    return answer


def test_a_corrected_word_counts_in_every_command(run):
    """Prevents a score on the command line that the lake would not give."""
    assert "1 correction," in run("lexicon", "add", "sick=+2.1")
    assert json.loads(run("score", "that is sick"))["sentiment"] == "positive"
    assert "+2.10 in the lexicon" in run("explain", "that is sick")
    assert "(lexicon: -2.3)" in run("lexicon", "list")
    run("lexicon", "remove", "sick")
    assert json.loads(run("score", "that is sick"))["sentiment"] == "negative"
    assert "no corrections" in run("lexicon", "list")


def test_one_word_that_cannot_be_read_changes_nothing(run):
    """Prevents half a list of corrections."""
    assert "is a phrase" in run("lexicon", "add", "sick=+2.1", "spill the tea=1", code=2)
    assert json.loads(run("lexicon", "list", "--format", "json"))["corrections"] == []
