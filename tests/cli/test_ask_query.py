"""`socialsent query`: rows for people and for programs, and errors with the next step."""

import csv
import io
import json
import os
import subprocess
import sys

import pytest

from socialsent_assets.cli.main import exit_code


@pytest.fixture
def query(tmp_path, monkeypatch, capfdbinary):
    monkeypatch.setenv("SOCIALSENT_HOME", str(tmp_path / "home"))

    def ask(*arguments):
        code = exit_code(["query", *arguments])
        out, err = capfdbinary.readouterr()
        return code, out.decode(), err.decode()

    return ask


def test_json_is_one_array_with_times_in_utc_and_no_value_that_json_lacks(query):
    """Prevents NaN, which most parsers reject, and times whose zone has to be guessed."""
    code, out, _ = query(
        "--format",
        "json",
        "select timestamp '2026-11-22 03:00:00' t, date '2026-11-22' d, 'nan'::double n, 1.5 x, null e, ['é'] l, 1 x",
    )
    assert code == 0
    assert json.loads(out) == [
        {"t": "2026-11-22T03:00:00Z", "d": "2026-11-22", "n": None, "x": 1.5, "e": None, "l": ["é"], "x_2": 1}
    ]


def test_json_of_no_row_is_an_empty_array(query):
    assert json.loads(query("--format", "json", "from cleansed.posts")[1]) == []


def test_csv_quotes_what_needs_it_and_leaves_null_empty(query):
    _, out, _ = query(
        "--format", "csv", "select 'a,\"b\"' || chr(10) || 'c' as text, null as nothing, [1, 2] as list"
    )
    assert list(csv.reader(io.StringIO(out))) == [["text", "nothing", "list"], ['a,"b"\nc', "", "[1, 2]"]]


def test_csv_cells_run_in_no_spreadsheet_and_no_terminal(query):
    """Prevents a post that becomes a formula, or drives the terminal, when an export is opened."""
    _, out, _ = query(
        "--format", "csv", "select '=cmd|A0' a, '+1' b, '-1' c, '@x' d, chr(27) || '[2J' e, -1.5 f, 'a=b' g"
    )
    assert list(csv.reader(io.StringIO(out)))[1] == ["'=cmd|A0", "'+1", "'-1", "'@x", "\ufffd[2J", "-1.5", "a=b"]


def test_the_table_says_aloud_that_it_stopped(query):
    """Prevents fifty rows that are taken for all of them."""
    _, out, _ = query("select 'row ' || range as n from range(51)")
    assert out.count("row ") == 50
    assert "first 50 rows of more" in out
    assert query("select 1")[1].endswith("1 row\n")


def test_csv_and_json_hold_every_row(query):
    assert query("--format", "csv", "from range(20001)")[1].count("\n") == 20002
    assert len(json.loads(query("--format", "json", "from range(20001)")[1])) == 20001


def test_a_post_cannot_drive_the_terminal_or_the_tables_markup(query):
    """Prevents escape sequences in a post from being executed by the reader's terminal."""
    _, out, _ = query("select chr(27) || '[31m [bold]x[/bold] [/nope]' || chr(10) || 'y' as text")
    assert "\x1b" not in out
    assert "[bold]x[/bold] [/nope] y" in out


def test_a_broken_statement_is_one_line_and_exit_code_2(query):
    code, out, err = query("selec 1")
    assert (code, out) == (2, "")
    assert err == 'socialsent: Parser Error: syntax error at or near "selec"\n'


def test_a_mart_that_is_not_built_yet_names_the_next_command(query):
    code, _, err = query("from fct_posts")
    assert code == 2
    assert "socialsent materialize" in err


def test_the_statement_can_come_from_stdin_and_the_reader_can_leave(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", "from socialsent_assets.cli.main import run; run()", "query", "--format", "csv", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "SOCIALSENT_HOME": str(tmp_path)},
    )
    try:
        process.stdin.write(b"from range(3000000)")
        process.stdin.close()
        assert process.stdout.readline() == b"range\n"
        process.stdout.close()
        assert process.wait(60) == 0
        assert process.stderr.read() == b""
    finally:
        process.kill()
        process.wait()
