"""`socialsent ingest` and `socialsent labels import`: the user's own events and labels into the lake.

Not here: reading and landing files (ingest/files.py), the simulated feed (feed.py).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.ingest.csv_columns import DELIMITERS, CsvWishes

labels = typer.Typer(help="Human labels: the truth that models are trained on and measured against.")


class Format(StrEnum):
    """How a summary is printed."""

    TEXT = "text"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="Summary for people or for programs.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("ingest")(ingest)
    app.add_typer(labels, name="labels")


def ingest(
    paths: Annotated[list[Path], typer.Argument(help="Files of events (.jsonl, .csv, .gz), or folders of them.")],
    mapping: Annotated[
        list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN,…", help="CSV: which column is which field.")
    ] = None,
    constants: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="CSV: one value for all rows.")
    ] = None,
    event_type: Annotated[str, typer.Option(help="CSV: kind of every row, without a column event_type.")] = "post",
    source: Annotated[str, typer.Option(help="CSV: slug of the system that the rows come from.")] = "csv",
    delimiter: Annotated[
        str | None, typer.Option(help=f"CSV: one character, or {', '.join(DELIMITERS)}; a comma if not said.")
    ] = None,
    assume_utc: Annotated[bool, typer.Option("--assume-utc", help="CSV: times without an offset are UTC.")] = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Check events from files, land the good ones by hour, quarantine the others. Safe to run twice.

    Try:

        socialsent ingest events.jsonl.gz more/

        socialsent ingest tweets.csv --map event_time=created_at,author_id=user

        socialsent ingest reviews.csv --map event_time=date --set author_id=unknown --assume-utc
    """
    from socialsent_assets.cli.ingest_summary import as_json, summary_lines
    from socialsent_assets.ingest.files import check_headers, find_files, ingest_files
    from socialsent_assets.ingest.landing_writer import LandingZone
    from socialsent_assets.lake.lake import Lake
    from socialsent_assets.settings import Settings

    wishes = CsvWishes(
        columns=_pairs("--map", mapping or [], split=True),
        constants=_pairs("--set", constants or [], split=False),
        event_type=event_type,
        source=source,
        delimiter=_delimiter(delimiter),
        assume_utc=assume_utc,
    )
    files = find_files(paths, prefer_csv=bool(mapping))
    if wishes != CsvWishes() and not any(file.is_csv for file in files):
        raise UserError(f"{files[0].name} is no CSV; --map and its like say what the columns of a CSV are")
    check_headers(files, wishes)
    settings = Settings.from_env()
    zone = LandingZone(Lake.of(settings).landing, settings.start, datetime.now(UTC))
    with _progress_bar(sum(file.size for file in files)) as progress:
        problems = ingest_files(files, wishes, zone, progress)
    names = [file.name for file in files]
    if output is Format.JSON:
        typer.echo(json.dumps(as_json(zone.landed, names, problems), ensure_ascii=False))
    else:
        typer.echo("\n".join(summary_lines(zone.landed, names, settings.start)))
    if problems:
        raise UserError(
            f"{'; '.join(problems)}. What could be read has landed; get the whole file and run this again: "
            "nothing lands twice"
        )


@labels.command("import")
def import_labels(
    path: Annotated[Path, typer.Argument(help="CSV or JSON Lines with text,label or text_id,label.")],
    mapping: Annotated[
        list[str] | None, typer.Option("--map", metavar="VALUE=CLASS,…", help="What other label values mean.")
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Bring human labels (negative, neutral, positive) into the lake. The same file twice is one import.

    Try:

        socialsent labels import judged.csv

        socialsent labels import judged.csv --map 0=negative,2=neutral,4=positive
    """
    from socialsent_assets.ingest.label_file import import_label_file
    from socialsent_assets.lake.lake import Lake
    from socialsent_assets.settings import Settings

    landing = Lake.of(Settings.from_env()).landing
    done = import_label_file(landing, path, _pairs("--map", mapping or [], split=True))
    if output is Format.JSON:
        typer.echo(json.dumps(done.as_json(), ensure_ascii=False))
        return
    per_class = ", ".join(f"{name} {number:,}" for name, number in done.classes.items())
    typer.echo(f"rows in {done.rows:,} = labels {done.labels:,} ({per_class}) + duplicates {done.duplicates:,}")
    if done.conflicts:
        typer.echo(f"{done.conflicts:,} texts have two different labels; no model learns from those")
    typer.echo(f"{'written' if done.is_new else 'already there'}: {done.key}")


def _pairs(option: str, values: list[str], *, split: bool) -> dict[str, str]:
    """`NAME=VALUE` options as a dictionary; `split` allows several in one, separated by commas."""
    pairs: dict[str, str] = {}
    for value in (part for text in values for part in (text.split(",") if split else [text])):
        name, equals, what = value.partition("=")
        if not (name.strip() and equals and what):
            raise UserError(f"{option} {value} says nothing; write {option} NAME=VALUE")
        if name.strip() in pairs:
            raise UserError(f"{option} names {name.strip()} twice; leave one out")
        pairs[name.strip()] = what.strip() if split else what
    return pairs


def _delimiter(text: str | None) -> str | None:
    if text is None:
        return None
    sign = DELIMITERS.get(text, text)
    if len(sign) != 1 or sign in '"\r\n ':
        raise UserError(f"--delimiter {text} is not one character; write {', '.join(DELIMITERS)} or the character")
    return sign


@contextlib.contextmanager
def _progress_bar(total: int) -> Iterator[Callable[[int], None]]:
    """A bar on stderr for as long as the block runs; nothing if nobody watches."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("ingest"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("ingest", total=total)
        yield lambda done: progress.update(task, completed=done)
