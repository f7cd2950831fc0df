"""`socialsent sql`: statements over lines, errors that do not end the shell, completion."""

import pytest

from socialsent_assets.cli import sql_shell
from socialsent_assets.cli.main import exit_code
from socialsent_assets.domain.events.errors import UserError


def run(lines, fails=()):
    """Statements that a session of these lines ran; an exception among the lines is raised there."""
    waiting, ran = iter([*lines, EOFError()]), []

    def read(_):
        line = next(waiting)
        if isinstance(line, BaseException):
            raise line
        return line

    def answer(statement):
        ran.append(statement)
        if statement in fails:
            raise UserError("no such table")

    sql_shell.loop(read, answer)
    return ran


def test_a_statement_spans_lines_and_ends_with_a_semicolon():
    """Prevents half a statement from being run."""
    assert run(["", "select 1", "  , 2;", "select 3;"]) == ["select 1\n  , 2", "select 3"]


def test_an_error_does_not_end_the_shell(capsys):
    """Prevents a session that a typing error closes."""
    assert run(["bad;", "good;"], fails=["bad"]) == ["bad", "good"]
    assert capsys.readouterr().err == "no such table\n"


def test_ctrl_c_forgets_and_the_end_runs_what_is_left():
    """Prevents a cancelled line from becoming part of the next statement."""
    assert run(["drop everything", KeyboardInterrupt(), "select 1"]) == ["select 1"]


@pytest.mark.parametrize("word", [".exit", "quit", "exit;", "\\q"])
def test_words_that_leave(word):
    """Prevents a shell that one cannot leave."""
    assert run([word, "select 1;"]) == []


def test_tab_completes_names_in_any_case():
    """Prevents completion that offers nothing, or everything."""
    complete = sql_shell.completer(["agg_sentiment_daily", "agg_sentiment_hourly", "fct_posts"])
    assert [complete("AGG", number) for number in range(3)] == ["agg_sentiment_daily", "agg_sentiment_hourly", None]
    assert complete("", 0) is None


def test_statements_from_a_pipe_are_answered_by_the_real_engine(tmp_path, monkeypatch, capfdbinary):
    """Prevents a shell that another engine answers than socialsent query."""
    import io
    import sys

    monkeypatch.setenv("SOCIALSENT_HOME", str(tmp_path))
    monkeypatch.setattr(
        sys, "stdin", io.StringIO("select 40\n + 2 as answer;\nselec;\nselect count(*) from cleansed.posts;")
    )
    assert exit_code(["sql"]) == 0
    out, err = capfdbinary.readouterr()
    assert b"answer" in out
    assert b"42" in out
    assert out.count(b"1 row") == 2
    assert b"Parser Error" in err
