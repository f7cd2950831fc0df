"""`socialsent score`: one line in, one object out, whatever the bytes and however they arrive."""

import io
import json
import os
import subprocess
import sys

import pytest

from socialsent_assets.cli import ask, text_stream
from socialsent_assets.cli.main import exit_code
from socialsent_assets.domain.language.polarity import score_text

KEYS = ["polarity", "pos", "neu", "neg", "sentiment"]


@pytest.fixture
def command():
    """Starts `socialsent …` as a user would, with pipes on both ends."""
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-c", "from socialsent_assets.cli.main import run; run()", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_text_is_answered_with_exactly_the_contracts_keys(capfdbinary):
    assert exit_code(["score", "VADER is smart, handsome, and funny!"]) == 0
    answer = json.loads(capfdbinary.readouterr().out)
    assert list(answer) == KEYS
    assert answer["polarity"] == 0.8439
    assert answer["sentiment"] == "positive"


def test_the_text_is_scored_as_given_and_cleaned_only_when_asked(capfdbinary):
    raw = "I love it &lt;3 https://example.org/awful"
    exit_code(["score", raw])
    exit_code(["score", "--clean", raw])
    as_given, cleaned = map(json.loads, capfdbinary.readouterr().out.splitlines())
    assert as_given == score_text(raw)._asdict()
    assert cleaned == score_text("I love it <3")._asdict()


def test_every_line_of_stdin_gets_one_object_in_order(command):
    """Empty lines, odd line ends, Unicode line separators, bytes that are no UTF-8, and no final newline."""
    given = ["good", "", "bad \ufffd", "NOT good", "awful\u2028great", "x\x0by", "last 😀"]
    raw = b"good\n\nbad \xff\nNOT good\r\nawful\xe2\x80\xa8great\nx\x0by\nlast " + "😀".encode()
    out, err = command("score", "-").communicate(raw, timeout=60)
    assert [json.loads(line) for line in out.splitlines()] == [score_text(text)._asdict() for text in given]
    assert err == b""


def test_an_empty_stdin_gives_no_object(command):
    process = command("score", "-")
    assert process.communicate(b"", timeout=60) == (b"", b"")
    assert process.returncode == 0


def test_an_answer_comes_before_the_next_line_is_typed(command):
    """Prevents an answer that waits in a buffer until the pipe is full: a service in front would hang."""
    process = command("score", "-")
    for text in ("great", "awful"):
        process.stdin.write(f"{text}\n".encode())
        process.stdin.flush()
        assert json.loads(process.stdout.readline()) == score_text(text)._asdict()


def test_a_reader_that_goes_away_ends_the_command_without_a_traceback(command):
    process = command("score", "-")
    process.stdin.write(b"great\n")
    process.stdin.flush()
    assert process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(b"awful\n" * 200_000, timeout=60)
    assert (err, process.returncode) == (b"", 0)


def test_many_texts_answer_the_same_bytes_as_single_ones(monkeypatch):
    """Prevents a second, faster path with other results, or the same in other JSON."""
    monkeypatch.setattr(ask, "MANY", 300)
    texts = ["VADER is smart, handsome, and funny!", "", "not good", "meh", "😀😡"] * 50
    scorer, alone = ask.Scorer(), [json.dumps(score_text(text)._asdict()) for text in texts]
    assert [scorer(texts), scorer(texts)] == [alone, alone]


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 1000])
def test_lines_are_the_same_however_the_pipe_cuts_them(chunk):
    raw = "é\n\nzwei\r\n\nend".encode()
    found = [text for batch in text_stream.arriving(io.BytesIO(raw), chunk) for text in batch]
    assert found == ["é", "", "zwei", "", "end"]


def test_an_argument_that_is_no_utf8_is_scored_with_replacement_characters():
    assert text_stream.argument_text(os.fsdecode(b"good \xff")) == "good \ufffd"


def test_scoring_starts_without_the_orchestrator_spark_or_plotting():
    """A pipe of texts must not pay seconds for libraries that it never calls."""
    heavy = ["dagster", "pyspark", "pandas", "matplotlib", "duckdb", "jinja2", "numba"]
    code = "import sys, socialsent_assets.cli.ask as a; a.Scorer()(['x'])\n"
    code += f"print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
