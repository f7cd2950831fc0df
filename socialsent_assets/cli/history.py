"""Commands over the history of the lake: history and undo.

Not here: what a run did and how it is taken back (lake/history.py, lake/undo.py), SQL over an earlier moment
(ask.py).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table as RichTable

from socialsent_assets.cli.ask import Format
from socialsent_assets.cli.build import build, writing
from socialsent_assets.domain.events.layout import EventHour, contiguous_ranges
from socialsent_assets.lake.lake import Lake
from socialsent_assets.settings import Settings

if TYPE_CHECKING:
    from socialsent_assets.lake.history import RunRecord

_SHOWN_ID = 8  # characters of an id that `undo` accepts too


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command()(history)
    app.command()(undo)


def history(
    limit: Annotated[int, typer.Option(help="How many runs, the newest first.")] = 20,
    output: Annotated[Format, typer.Option("--format", help="What to print.")] = Format.table,
) -> None:
    """List the runs that changed the lake: time, hours, rows before and after, snapshots of every table.

    Reaches back as far as snapshots are kept (the job upkeep removes old ones).

    Try:

        socialsent history

        socialsent history --format json

        socialsent query --as-of 2026-11-22T09:00 "select count(*) from cleansed.posts"
    """
    from socialsent_assets.lake.history import runs_of

    records = runs_of(Lake.of(Settings.from_env()))[:limit]
    if output is not Format.table:
        typer.echo(json.dumps([_as_json(record) for record in records], indent=1))
        return
    table = RichTable("run", "ended (UTC)", "did", "hours", "rows changed", box=None)

    def changed(record: RunRecord) -> str:
        changes = {n: c for n, c in record.tables.items() if c.rows_after != c.rows_before}
        return ", ".join(f"{n} {c.rows_before:,} -> {c.rows_after:,}" for n, c in changes.items()) or "none"

    for record in records:
        table.add_row(
            record.run[:_SHOWN_ID], f"{record.ended_at:%Y-%m-%d %H:%M:%S}", record.action, _span(record.hours),
            changed(record),
        )  # fmt: skip
    console = Console()
    console.print(table if records else "Nothing was built yet: run socialsent materialize")


def undo(run: Annotated[str, typer.Argument(metavar="RUN", help="Id of a run, or the beginning of it.")]) -> None:
    """Undo a run: restore tables and marts as they were before it. Landing does not change.

    Later scores of its hours are undone too. A run that scored hours for the first time cannot be undone,
    because marts need scores for every text: undo the run that cleansed them instead.

    The sensor does not rebuild its hours until their landing or the code changes; `socialsent materialize
    --hours` builds them right away. An undo is a run itself, so it can be undone.

    Try:

        socialsent history

        socialsent undo 4f1c2a9b
    """
    from socialsent_assets.lake.undo import undo_run

    settings, console = Settings.from_env(), Console()
    lake = Lake.of(settings)
    with writing(settings):
        hours = undo_run(lake, run)
        console.print(f"Undone: {_ranges(hours)}", soft_wrap=True)
        build(settings, None, None, console)


def _as_json(record: RunRecord) -> dict[str, object]:
    return {
        "run": record.run,
        "action": record.action,
        "ended_at": record.ended_at.isoformat(),
        "hours": [hour.key for hour in record.hours],
        "tables": {
            name: {"snapshot": str(c.last), "rows_before": c.rows_before, "rows_after": c.rows_after}
            for name, c in record.tables.items()
        },
    }


def _span(hours: list[EventHour]) -> str:
    return f"{len(hours)}: {_ranges(hours)}" if hours else ""


def _ranges(hours: list[EventHour]) -> str:
    ranges = contiguous_ranges(hours)
    shown = ", ".join(first.key if first == last else f"{first.key}..{last.key}" for first, last in ranges[:2])
    return f"{shown}{' …' if len(ranges) > 2 else ''}"
