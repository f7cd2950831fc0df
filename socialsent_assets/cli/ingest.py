"""`socialsent ingest` and `socialsent labels import`: the user's own events and labels into the lake.

Not here: recognising, reading and landing files (ingest/), the simulated feed (feed.py).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from socialsent_assets.domain.events.errors import UserError

if TYPE_CHECKING:
    from socialsent_assets.ingest.times import TimeReading
    from socialsent_assets.lake.storage.base import Storage

labels = typer.Typer(help="Human labels, with which models are trained and evaluated.")


class Format(StrEnum):
    """How a summary is printed."""

    TEXT = "text"
    JSON = "json"


class Dates(StrEnum):
    """What comes first in dates such as 02/03/2024."""

    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


FormatOption = Annotated[Format, typer.Option("--format", help="Summary for people or for programs.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("ingest")(ingest)
    app.add_typer(labels, name="labels")


def ingest(
    paths: Annotated[list[str], typer.Argument(help="Files, folders, zips, globs, or - for stdin.", metavar="FILE…")],
    source_name: Annotated[
        str, typer.Option("--as", metavar="NAME", help="Format of the files. Default: detected. See docs/sources.md.")
    ] = "",
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="FIELD=COLUMN,…", help="Column (or nested name: user.id) of a field."),
    ] = None,
    constants: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="One value for all rows.")
    ] = None,
    columns: Annotated[
        str, typer.Option("--columns", metavar="NAME,…", help="Names of the columns of a file without a header line.")
    ] = "",
    timezone: Annotated[
        str,
        typer.Option(
            "--timezone", metavar="ZONE", help="Zone of times without an offset: UTC, +02:00, Europe/Paris."
        ),
    ] = "",
    assume_utc: Annotated[bool, typer.Option("--assume-utc", help="The same as --timezone UTC.")] = False,
    dates: Annotated[Dates | None, typer.Option("--dates", help="Order of dates such as 02/03/2024.")] = None,
    label: Annotated[str, typer.Option("--label", metavar="COLUMN", help="Column of human labels.")] = "",
    event_type: Annotated[
        str, typer.Option(help="Event type of every row, if there is no column event_type.")
    ] = "post",
    source: Annotated[str, typer.Option(help="Slug of the system that the events come from.")] = "",
    delimiter: Annotated[str, typer.Option(help="CSV: one character, comma, semicolon, tab or pipe.")] = "",
    encoding: Annotated[str, typer.Option(help="latin-1, utf-16 … Default: detected.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check everything, and write nothing.")] = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Ingest your own files into landing: detect the format, check each record, quarantine bad ones. Safe to repeat.

    Try:

        socialsent ingest tweets.jsonl.gz reddit_comments.zst more/

        socialsent ingest reviews.xlsx --dry-run

        socialsent ingest posts.csv --map text=body,author_id=who --timezone Europe/Paris

        socialsent ingest dump.json --map event_time=meta.created,author_id=user.id
    """
    from socialsent_assets.cli.ingest_summary import as_json, plan_lines, summary_lines
    from socialsent_assets.domain.events.start import HISTORY_START
    from socialsent_assets.ingest.encodings import checked_encoding
    from socialsent_assets.ingest.files import find_files
    from socialsent_assets.ingest.land_files import land_files
    from socialsent_assets.ingest.landing_writer import LandingZone
    from socialsent_assets.ingest.options import Options
    from socialsent_assets.ingest.plan import plan_file
    from socialsent_assets.ingest.registry import source_named
    from socialsent_assets.lake.erasure_ledger import consulted_ledger, ledger_folder, read_ledger
    from socialsent_assets.lake.lake import Lake
    from socialsent_assets.lake.storage.dry_run import DryRunStorage
    from socialsent_assets.settings import Settings

    if source_name:
        source_named(source_name)
    options = Options(
        source_name=source_name,
        columns=_pairs("--map", mapping or [], split=True, may_be_empty=True),
        constants=_pairs("--set", constants or [], split=False),
        event_type=event_type,
        source=source,
        header=tuple(name.strip() for name in columns.split(",")) if columns else (),
        label=label,
        delimiter=_delimiter(delimiter),
        encoding=checked_encoding(encoding) if encoding else "",
        times=_times(timezone, dates, assume_utc=assume_utc),
    )
    plans = [plan_file(file, options) for file in find_files([Path(path) for path in paths])]
    if output is Format.TEXT:
        _print(line for plan in plans for line in plan_lines(plan, source))
    settings = Settings.from_env()
    landing, ledger = Lake.of(settings).landing, ledger_folder(settings.landing)
    with (
        contextlib.nullcontext(read_ledger(ledger)) if dry_run else consulted_ledger(ledger) as erased,
        _progress_bar(sum(plan.file.size for plan in plans)) as progress,
    ):
        zone = LandingZone(
            cast("Storage", DryRunStorage(landing)) if dry_run else landing,
            min(HISTORY_START, settings.start),
            datetime.now(UTC),
            erased,
        )
        problems = land_files(plans, zone, source, progress)
    if output is Format.JSON:
        typer.echo(json.dumps(as_json(zone.landed, plans, problems), ensure_ascii=False))
    else:
        _print(summary_lines(zone.landed, plans, is_dry_run=dry_run))
    if problems:
        raise UserError(
            f"{'; '.join(problems)}. What could be read has landed; get the whole file and run this again: "
            "nothing lands twice"
        )


class QueueFormat(StrEnum):
    """How texts to label are written."""

    CSV = "csv"
    JSONL = "jsonl"


@labels.command("suggest")
def suggest(
    count: Annotated[int, typer.Option("--count", help="How many texts.", min=1, max=5000)] = 50,
    form: Annotated[
        QueueFormat, typer.Option("--format", help="csv, or one JSON object per line.")
    ] = QueueFormat.CSV,
    seed: Annotated[int, typer.Option(help="Seed of the choice among equal texts.")] = 0,
) -> None:
    """Print the texts that are most worth a label: diverse ones about which the champion is least certain.

    Fill in the empty label column (negative, neutral, positive), delete the rows that you skip, and import the file
    with labels import. Predictions are not shown, because annotators tend to agree with them.

    Try:

        socialsent labels suggest --count 100 > to_label.csv
    """
    import csv
    import sys

    from socialsent_assets.lake.lake import Lake
    from socialsent_assets.ml.label_queue import suggest_labels
    from socialsent_assets.settings import Settings

    found = suggest_labels(Lake.of(Settings.from_env()), count, seed)
    if form is QueueFormat.JSONL:
        for each in found:
            typer.echo(json.dumps({**each._asdict(), "label": ""}, ensure_ascii=False))
        return
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(("text_id", "text", "label"))
    # A space keeps a spreadsheet from running a text as a formula, and cleaning takes it away again.
    rows.writerows((each.text_id, f" {each.text}" if each.text[0] in "=+-@" else each.text, "") for each in found)


@labels.command("import")
def import_labels(
    path: Annotated[Path, typer.Argument(help="CSV or JSON Lines with text,label or text_id,label.")],
    mapping: Annotated[
        list[str] | None, typer.Option("--map", metavar="VALUE=CLASS,…", help="Meaning of other label values.")
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Import human labels (negative, neutral, positive). Importing the same file twice has no effect.

    Try:

        socialsent labels import labels.csv

        socialsent labels import labels.csv --map 0=negative,2=neutral,4=positive
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
        typer.echo(f"{done.conflicts:,} texts have two different labels; models are not trained on those")
    typer.echo(f"{'written' if done.is_new else 'already there'}: {done.key}")


def _print(lines: Iterator[str]) -> None:
    text = "\n".join(lines)
    if text:
        typer.echo(text)


def _pairs(option: str, values: list[str], *, split: bool, may_be_empty: bool = False) -> dict[str, str]:
    """`NAME=VALUE` options as a dictionary; `split` allows several in one, separated by commas."""
    pairs: dict[str, str] = {}
    for value in (part for text in values for part in (text.split(",") if split else [text])):
        name, equals, what = value.partition("=")
        if not (name.strip() and equals and (what or may_be_empty)):
            raise UserError(f"{option} {value} is not valid; write {option} NAME=VALUE")
        if name.strip() in pairs:
            raise UserError(f"{option} names {name.strip()} twice; leave one out")
        pairs[name.strip()] = what.strip() if split else what
    return pairs


def _delimiter(text: str) -> str:
    from socialsent_assets.ingest.options import DELIMITERS

    if not text:
        return ""
    sign = DELIMITERS.get(text, text)
    if len(sign) != 1 or sign in '"\r\n ':
        raise UserError(f"--delimiter {text} is not one character; write {', '.join(DELIMITERS)} or the character")
    return sign


def _times(timezone: str, dates: Dates | None, *, assume_utc: bool) -> TimeReading:
    from socialsent_assets.ingest.times import TimeReading, zone_of

    if assume_utc and timezone and timezone.upper() != "UTC":
        raise UserError(f"--assume-utc and --timezone {timezone} contradict each other; leave one out")
    zone = UTC if assume_utc else zone_of(timezone) if timezone else None
    return TimeReading(zone, None if dates is None else dates.value)


@contextlib.contextmanager
def _progress_bar(total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr while the block runs; none if stderr is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("ingest"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("ingest", total=total)
        yield lambda done: progress.update(task, completed=done)
