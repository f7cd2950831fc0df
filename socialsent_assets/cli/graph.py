"""`socialsent materialize`, `socialsent status`, `socialsent run`: the graph from the command line.

Nothing of Dagster or Spark is imported until there is something to build, so that a no-op returns quickly.

Not here: how a run is made (graph_run.py), how the status is shown (status_table.py).
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from socialsent_assets.cli.build import build, report_is_current, report_page, write_report, writing
from socialsent_assets.cli.status_table import as_json, deletion_line, model_lines, status_table
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.lake.lake import Lake
from socialsent_assets.settings import Settings
from socialsent_assets.warehouse.status import lake_status

Hours = Annotated[
    str | None,
    typer.Option(metavar="FROM..TO", help="Rebuild these event hours (UTC), stale or not; hours, or whole days."),
]
Select = Annotated[
    str | None,
    typer.Option(metavar="ASSETS", help="Only these assets: cleansed/posts, group:marts, +marts/fct_posts."),
]


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command(name="materialize")(materialize)
    app.command(name="status")(status)
    app.command(name="run")(run)


def materialize(hours: Hours = None, select: Select = None) -> None:
    """Bring the graph up to date: cleanse, score, build the marts, run all checks.

    Without --hours it builds the event hours whose landing, code or results changed. Safe to repeat and to interrupt.
    Trains models if there is no champion yet; --select group:models trains new candidates, --hours re-scores hours.

    Try:

        socialsent materialize

        socialsent materialize --hours 2026-11-22T03..2026-11-22T09

        socialsent materialize --hours 2026-11-22 --select cleansed/posts

        socialsent materialize --select group:models
    """
    settings = Settings.from_env()
    console = Console()
    with writing(settings, alone=False):
        built = build(settings, hours, select, console)
    if built:
        console.print(status_table(lake_status(Lake.of(settings), settings), datetime.now(UTC)))
        console.print("Next: [bold]socialsent report[/bold], or [bold]make ui[/bold] to see the graph.")


def status(
    output: Annotated[str, typer.Option("--format", metavar="table|json", help="What to print.")] = "table",
) -> None:
    """Show per tier: hours, rows, duplicates, quarantined records, newest event and lag; also stale hours and models.

    Try:

        socialsent status

        socialsent status --format json
    """
    from socialsent_assets.ml.summary import model_summaries

    if output not in ("table", "json"):
        raise UserError(f"--format {output} is not known; write table or json")
    settings = Settings.from_env()
    now = datetime.now(UTC)
    lake = Lake.of(settings)
    found, models = lake_status(lake, settings), model_summaries(lake)
    if output == "json":
        typer.echo(json.dumps(as_json(found, models, now), indent=1))
        return
    console = Console()
    console.print(status_table(found, now))
    if found.damaged:
        console.print(f"Data files of {found.damaged} hours are missing or damaged; materialize builds them again.")
    if found.stale:
        console.print(f"{len(found.stale)} hours are stale: run [bold]socialsent materialize[/bold]")
    elif not found.tiers["landing"].hours:
        console.print(
            "Nothing has landed yet: run [bold]socialsent simulate[/bold] or [bold]socialsent ingest[/bold]"
        )
    if line := deletion_line(found):
        console.print(line, highlight=False, soft_wrap=True)
    for line in model_lines(models) or ["No models yet."]:
        console.print(line, highlight=False, soft_wrap=True)


def run(
    events: Annotated[int, typer.Option(help="How many events to simulate.")] = 20_000,
    hours: Annotated[int, typer.Option(help="Over how many hours.")] = 24,
    seed: Annotated[int, typer.Option(help="The same seed and end give the same feed.")] = 7,
) -> None:
    """Simulate a feed, build the whole graph, write the report: what `make run` does.

    A second run with the same numbers finds everything done and reports it.

    Try:

        socialsent run

        socialsent run --events 200000 --hours 24 --seed 7
    """
    from socialsent_assets.cli import feed
    from socialsent_assets.cli.memory import PeakMemory

    settings = Settings.from_env()
    console = Console()
    started = time.monotonic()
    with writing(settings), PeakMemory() as memory:
        feed.simulate(events=events, hours=hours, seed=seed)
        built = build(settings, None, None, console)
        if built or not report_is_current(settings):
            write_report(settings, console)
    console.print(status_table(lake_status(Lake.of(settings), settings), datetime.now(UTC)))
    done = "Done" if built else "Nothing to do: everything was up to date"
    console.print(f"{done}. {time.monotonic() - started:.0f} s, peak memory {memory.peak_gb:.2f} GB.")
    console.print(f"Report: [bold]{report_page(settings)}[/bold]")
    console.print(
        "The marts as a live page: [bold]make dashboard[/bold]; Dagster with a live feed: [bold]make ui[/bold]"
    )
