"""What `materialize` and `run` share: which hours to build, the one-writer lock, the report at the end.

Not here: options and words of the commands (graph.py), one run (graph_run.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from socialsent_assets.cli.dagster_home import chatter_to, prepare_dagster_home
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.layout import EventHour, parse_hour_range
from socialsent_assets.lake.exclusive import BusyError, exclusive
from socialsent_assets.lake.freshness import known_hours, stale_hours
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.ranges import rebuild_ranges
from socialsent_assets.lake.warehouse import versions_held
from socialsent_assets.settings import Settings

LOG = "logs/materialize.log"
_NAMED = 3


@contextlib.contextmanager
def only_one_writer(settings: Settings) -> Iterator[None]:
    """Only one `run` or `materialize` per home.

    Raises:
        BusyError: another one is alive; the message names its process.
    """
    try:
        with exclusive(settings.home / "locks" / "materialize.lock"):
            yield
    except BusyError as error:
        raise BusyError(
            f"another run or materialize works on {settings.home} ({error}); wait for it to end"
        ) from None


def build(settings: Settings, hours: str | None, select: str | None, console: Console) -> bool:
    """Bring stale hours, or exactly `hours`, up to date; False if there was nothing to do.

    Raises:
        UserError: `hours` or `select` cannot be used.
        RunFailedError: a step or a blocking check failed.
    """
    lake = Lake.of(settings)
    wanted = _asked(lake, settings, hours) if hours else sorted(_stale(lake, settings, console))
    if not wanted:
        return False
    from socialsent_assets.cli.graph_run import RunFailedError, run_ranges

    prepare_dagster_home(settings)
    ranges = rebuild_ranges(lake, wanted)
    console.print(
        f"Building {len(wanted)} hours in {len(ranges)} run{'s' if len(ranges) > 1 else ''}: {_words(wanted)}"
    )
    log = settings.home / LOG
    width = console.width
    try:
        with chatter_to(log) as terminal:
            shown = Console(file=terminal, width=width, force_terminal=console.is_terminal or None)
            run_ranges(ranges, select, shown)
    except RunFailedError as error:
        raise RunFailedError(f"{error} (full log: {log})") from error
    return True


def write_report(settings: Settings, console: Console) -> Path:
    """Materialize reports/insights; returns the page. Raises RunFailedError."""
    from socialsent_assets.cli.graph_run import run_report

    prepare_dagster_home(settings)
    with chatter_to(settings.home / "logs" / "report.log") as terminal:
        run_report(Console(file=terminal, width=console.width, force_terminal=console.is_terminal or None))
    return report_page(settings)


def report_page(settings: Settings) -> Path:
    """Where the insights report stands."""
    return settings.reports / "insights.html"


def report_is_current(settings: Settings) -> bool:
    """Whether the report is newer than the marts."""
    page = report_page(settings)
    if not page.is_file() or not settings.warehouse.is_file():
        return False
    return page.stat().st_mtime >= settings.warehouse.stat().st_mtime


def _stale(lake: Lake, settings: Settings, console: Console) -> list[EventHour]:
    known = known_hours(lake)
    if not known:
        raise UserError("nothing has landed yet; run `socialsent simulate` or `socialsent ingest PATH` first")
    stale = list(stale_hours(lake, known, versions_held(settings.warehouse)))
    if not stale:
        console.print(f"Nothing is stale: all {len(known)} hours are up to date, from landing to the marts.")
    return stale


def _asked(lake: Lake, settings: Settings, hours: str) -> list[EventHour]:
    first, last = parse_hour_range(hours)
    wanted = [hour for hour in known_hours(lake) if first <= hour <= last]
    if not wanted:
        raise UserError(f"nothing has landed in {hours}; `socialsent status` shows what has")
    early = [hour for hour in wanted if hour.start < settings.start]
    if early:
        raise UserError(
            f"{early[0]} lies before SOCIALSENT_START; set it to {early[0].start:%Y-%m-%dT%H:%MZ} or earlier"
        )
    return wanted


def _words(hours: list[EventHour]) -> str:
    if len(hours) <= _NAMED:
        return ", ".join(hour.key for hour in hours)
    return f"{hours[0]} … {hours[-1]}"
