"""Shared by `materialize` and `run`: hours to build and their order, the one-writer lock, the report.

Not here: options and words of the commands (graph.py), one run (graph_run.py), first champions (first_champions.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from socialsent_assets.cli.dagster_home import chatter_to, prepare_dagster_home
from socialsent_assets.cli.first_champions import (
    AFTER_MODELS,
    BEFORE_MODELS,
    MODELS,
    introduce,
    kinds_named,
    kinds_without_champion,
    names_models,
)
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.layout import EventHour, parse_hour_range
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.staleness import known_hours, stale_hours
from socialsent_assets.lake.storage.file_lock import BusyError, exclusive, shared
from socialsent_assets.lake.undo import held_hours, release_holds
from socialsent_assets.settings import Settings
from socialsent_assets.warehouse.marts import versions_of

LOG = "logs/materialize.log"
_NAMED = 3


@contextlib.contextmanager
def writing(settings: Settings, *, alone: bool = True) -> Iterator[None]:
    """Keep other commands from writing this home; not `alone`, only those that must be.

    Builds share a home, because they publish to the lake and build the marts in turns. A simulated feed, an undo
    and an erasure must be alone.

    Raises:
        BusyError: another command is alive; the message names its process.
        UserError: the home cannot be written.
    """
    try:
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context((exclusive if alone else shared)(settings.home / "locks" / "materialize.lock"))
            except OSError as error:
                raise UserError(
                    f"{settings.home} cannot be written ({error.strerror or error}): make it writable, or "
                    "name another folder with SOCIALSENT_HOME"
                ) from error
            yield
    except BusyError as error:
        raise BusyError(f"another command is using {settings.home} ({error}); wait for it to end") from None


def build(settings: Settings, hours: str | None, select: str | None, console: Console) -> bool:
    """Bring stale hours, or exactly `hours`, up to date; False if there was nothing to do.

    As long as a kind of model has no champion, models are trained between cleansing and scoring, and the first
    ones that pass their gate are promoted. `select` may name models: those are trained, whatever is stale.

    Raises:
        UserError: `hours` or `select` cannot be used.
        RunFailedError: a step or a blocking check failed.
    """
    lake = Lake.of(settings)
    if select is not None and names_models(select):
        _train(settings, lake, select, console)
        return True
    wanted = _asked(lake, hours) if hours else sorted(_stale(lake, settings, console))
    if hours:
        release_holds(lake, wanted)
    if not wanted:
        return False
    console.print(f"Building {len(wanted)} hour{'s' if len(wanted) > 1 else ''}: {_words(wanted)}")
    with _running(settings, console) as shown:
        _build_hours(lake, _reachable(wanted, shown), select, shown)
    return True


def _build_hours(lake: Lake, wanted: list[EventHour], select: str | None, console: Console) -> None:
    from socialsent_assets.cli.graph_run import RunFailedError, run_hours, run_training

    if select is None and (kinds := kinds_without_champion(lake)):
        cleansed, reason = run_hours(wanted, BEFORE_MODELS, console)
        if cleansed:
            run_training(MODELS, console)
            introduce(lake, kinds, datetime.now(UTC), console)
            built, later = run_hours(cleansed, AFTER_MODELS, console)
            reason = reason or later
        else:
            built = []
    else:
        built, reason = run_hours(wanted, select, console)
    if reason:
        others = f"; {len(built)} other hours were built" if built else ""
        raise RunFailedError(f"{reason}{others}")


def _reachable(hours: list[EventHour], console: Console) -> list[EventHour]:
    """Those of `hours` for which the graph has a day; prints a hint for the others. Raises UserError if none is."""
    from socialsent_assets.cli.graph_run import load_graph

    load_graph(console)
    from socialsent_assets.defs.partitions import FIRST_DAY, is_before_partitions

    early = [hour for hour in hours if is_before_partitions(hour)]
    if not early:
        return hours
    advice = (
        f"{len(early)} hours lie before {FIRST_DAY}: set SOCIALSENT_START to {early[0].start:%Y-%m-%d} or earlier"
    )
    if len(early) == len(hours):
        raise UserError(advice)
    console.print(f"  [yellow]![/yellow] {advice}", soft_wrap=True)
    return [hour for hour in hours if not is_before_partitions(hour)]


def _train(settings: Settings, lake: Lake, select: str, console: Console) -> None:
    from socialsent_assets.cli.graph_run import run_training

    with _running(settings, console) as shown:
        run_training(select, shown)
        introduce(lake, kinds_named(select), datetime.now(UTC), shown)


@contextlib.contextmanager
def _running(settings: Settings, console: Console) -> Iterator[Console]:
    """Dagster is ready; chatter goes to the log and progress to the terminal. A failure names the log."""
    from socialsent_assets.cli.graph_run import RunFailedError

    prepare_dagster_home(settings)
    log = settings.home / LOG
    width = console.width
    try:
        with chatter_to(log) as terminal:
            yield Console(file=terminal, width=width, force_terminal=console.is_terminal or None)
    except RunFailedError as error:
        raise RunFailedError(f"{error} (full log: {log})") from error


def write_report(settings: Settings, console: Console) -> Path:
    """Materialize reports/insights; returns the page. Raises RunFailedError."""
    from socialsent_assets.cli.graph_run import run_report

    prepare_dagster_home(settings)
    with chatter_to(settings.home / "logs" / "report.log") as terminal:
        run_report(Console(file=terminal, width=console.width, force_terminal=console.is_terminal or None))
    return report_page(settings)


def report_page(settings: Settings) -> Path:
    """Path of the insights report."""
    return settings.reports / "insights.html"


def report_is_current(settings: Settings) -> bool:
    """Whether the report is newer than the marts; False if no file records when they were built."""
    page = report_page(settings)
    if not page.is_file() or not settings.warehouse.is_file():
        return False
    return page.stat().st_mtime >= settings.warehouse.stat().st_mtime


def _stale(lake: Lake, settings: Settings, console: Console) -> list[EventHour]:
    known = known_hours(lake)
    if not known:
        raise UserError("nothing has landed yet; run `socialsent simulate` or `socialsent ingest PATH` first")
    stale = list(stale_hours(lake, known, versions_of(settings)))
    if not stale:
        undone = held_hours(lake, known)
        current = len(known) - len(undone)
        console.print(f"Nothing is stale: all {current} hours are up to date, from landing to the marts.")
        if undone:
            console.print(
                f"Not built again after `socialsent undo`: {_words(sorted(undone))}; --hours builds it anyway.",
                soft_wrap=True,
            )
    return stale


def _asked(lake: Lake, hours: str) -> list[EventHour]:
    first, last = parse_hour_range(hours)
    wanted = [hour for hour in known_hours(lake) if first <= hour <= last]
    if not wanted:
        raise UserError(f"nothing has landed in {hours}; `socialsent status` shows what has")
    return wanted


def _words(hours: list[EventHour]) -> str:
    if len(hours) <= _NAMED:
        return ", ".join(hour.key for hour in hours)
    return f"{hours[0]} … {hours[-1]}"
