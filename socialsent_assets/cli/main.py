"""`socialsent`: puts the commands together and turns errors into one line and an exit code.

2: the input has to change (a `UserError`). 1: a run failed. `--debug` shows the traceback.

Not here: what a command does (feed.py, ingest.py, follow.py, graph.py, ask.py, explain.py, lexicon.py,
watch.py, sql_shell.py, models.py, fine_tune.py, alerts.py, dashboard.py, docs_site.py, erase.py, retention.py,
export.py).
"""

from __future__ import annotations

import sys
import traceback
from typing import Annotated

import click
import typer

from socialsent_assets.cli import (
    alerts,
    ask,
    dashboard,
    docs_site,
    erase,
    explain,
    export,
    feed,
    fine_tune,
    follow,
    graph,
    history,
    ingest,
    lexicon,
    models,
    retention,
    sql_shell,
    ui,
    watch,
)
from socialsent_assets.domain.events.errors import UserError

INTERRUPTED = 130

app = typer.Typer(
    name="socialsent",
    help="Turn a stream of social-media events into sentiment: simulate or ingest, materialize, query.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
ASKING = (ask, explain, lexicon, watch, sql_shell, models, fine_tune, alerts, dashboard, docs_site)
for commands in (feed, ingest, follow, graph, history, erase, retention, export, ui, *ASKING):
    commands.register(app)


@app.callback()
def options(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Options before the command."""
    context.obj = {"debug": debug}


def run() -> None:
    """Entry point of the console script; never returns."""
    sys.exit(exit_code(sys.argv[1:]))


def exit_code(arguments: list[str]) -> int:
    """Run one command line: 0 done, 1 failed, 2 the input has to change, 130 interrupted."""
    try:
        result = app(args=arguments, standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except (KeyboardInterrupt, click.Abort):
        return _stopped()
    except UserError as error:
        return _complain(error, 2, arguments)
    except Exception as error:  # noqa: BLE001 - the last place that can turn it into one line
        return _complain(error, 1, arguments)
    if result == INTERRUPTED:  # typer's answer to Ctrl-C inside a command
        return _stopped()
    return result if isinstance(result, int) else 0


def _stopped() -> int:
    sys.stderr.write("socialsent: stopped; nothing is left half written\n")
    return INTERRUPTED


def _complain(error: Exception, code: int, arguments: list[str]) -> int:
    if "--debug" in arguments:
        traceback.print_exception(error)
    text = str(error) or type(error).__name__
    hint = "" if code == 2 or "--debug" in arguments else " (socialsent --debug … shows where)"
    sys.stderr.write(f"socialsent: {text}{hint}\n")
    return code
