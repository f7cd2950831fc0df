"""`socialsent sql`: questions in SQL, one after the other, with completion and a history.

Every statement opens the warehouse for itself, so a shell that is left open keeps no build waiting.

Not here: how a statement is answered (ask.py), how rows are shown (result_table.py).
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import typer

from socialsent_assets.domain.events.errors import UserError

PROMPT, MORE = "socialsent> ", "        ..> "
HISTORY_LINES = 2000
ENDS = frozenset({"exit", "quit", ".exit", ".quit", "\\q"})
HELP = frozenset({"help", ".help", "?", "\\?"})
HINTS = """\
End a statement with ; and Enter. Tab completes names. Try:
  show all tables;
  describe fct_posts;
  select topic, mean_polarity from agg_topic_sentiment_daily order by 2;
.exit or Ctrl-D leaves, Ctrl-C forgets what was typed."""
_WORDS = ["select", "from", "where", "group by", "order by", "having", "limit", "join", "left join", "count(*)"]
_WORDS += ["distinct", "between", "describe", "summarize", "show all tables"]


def register(app: typer.Typer) -> None:
    """Add this module's command to the application."""
    app.command(name="sql")(sql)


def sql() -> None:
    """Open an interactive shell for read-only SQL on marts and lake: Tab completes, arrow keys recall, Ctrl-D exits.

    Statements may span lines and end with a semicolon. Times are UTC. Results are as in socialsent query.

    Try:

        socialsent sql

        echo "select count(*) from fct_posts;" | socialsent sql
    """
    from socialsent_assets.cli.ask import Format, answer
    from socialsent_assets.settings import Settings

    settings = Settings.from_env()

    def run(statement: str) -> None:
        answer(statement, Format.table, settings)

    if sys.stdin.isatty():
        typer.echo("Read-only SQL over marts and lake; .help shows help, Ctrl-D exits.")
        with _line_editing(settings.home / "sql_history", _names(settings.warehouse)):
            loop(input, run)
    else:
        lines = iter(sys.stdin)
        loop(lambda _: _next(lines), run)


def loop(read: Callable[[str], str], run: Callable[[str], None]) -> None:
    """Read lines until a statement ends and run it; until the end of the input. An error is one line.

    `read` gets the prompt, and raises EOFError at the end, KeyboardInterrupt to forget what was typed.
    """
    typed: list[str] = []
    while True:
        try:
            line = read(MORE if typed else PROMPT)
        except KeyboardInterrupt:
            typed.clear()
            typer.echo()
            continue
        except EOFError:
            if "".join(typed).strip():
                _run("\n".join(typed), run)
            return
        word = line.strip().lower().rstrip(";")
        if not typed and word in ENDS:
            return
        if not typed and word in HELP:
            typer.echo(HINTS)
            continue
        if not typed and not word:
            continue
        typed.append(line)
        if line.rstrip().endswith(";"):
            _run("\n".join(typed), run)
            typed.clear()


def _run(statement: str, run: Callable[[str], None]) -> None:
    try:
        run(statement.strip().rstrip(";"))
    except (UserError, RuntimeError) as error:
        typer.echo(f"{error}", err=True)
    except KeyboardInterrupt:
        typer.echo("stopped", err=True)


def _next(lines: Iterable[str]) -> str:
    for line in lines:
        return line.rstrip("\n")
    raise EOFError


def _names(warehouse: Path) -> list[str]:
    """Names that Tab completes: marts and their columns as they are now, tables of the lake, words of SQL."""
    from socialsent_assets.domain.tables import TABLES
    from socialsent_assets.warehouse.duckdb.database import reading

    names = {*_WORDS}
    for table in TABLES:
        names |= {f"{table.tier}.{table.name}", *(column.name for column in table.columns)}
    # Completion is a comfort: a missing or busy warehouse must not keep the shell from starting.
    with contextlib.suppress(OSError, RuntimeError), reading(warehouse, 0.5) as connection:
        question = "select table_name, column_name from information_schema.columns where table_schema = 'main'"
        names |= {name for row in connection.execute(question).fetchall() for name in row}
    return sorted(names)


@contextlib.contextmanager
def _line_editing(history: Path, names: list[str]) -> Iterator[None]:
    """Arrows, completion, and a history that only its owner can read; plain lines where Python has no readline."""
    try:
        import readline
    except ImportError:
        yield
        return
    readline.set_completer_delims(" \t\n,()=<>;")
    readline.set_completer(completer(names))
    readline.parse_and_bind("bind ^I rl_complete" if "libedit" in (readline.__doc__ or "") else "tab: complete")
    readline.set_history_length(HISTORY_LINES)
    with contextlib.suppress(OSError):
        readline.read_history_file(history)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            history.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(history, os.O_CREAT | os.O_WRONLY, 0o600))
            readline.write_history_file(history)


def completer(names: list[str]) -> Callable[[str, int], str | None]:
    """Completer for readline: the n-th name that begins so, in any case."""

    def complete(text: str, number: int) -> str | None:
        found = [name for name in names if name.lower().startswith(text.lower())] if text else []
        return found[number] if number < len(found) else None

    return complete
