"""`socialsent simulate`: a mock network's feed into the lake, planned or following the clock.

Not here: how it gets there (local_aws/feed.py), the user's own events (ingest.py).
"""

from __future__ import annotations

import contextlib
import json
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from socialsent_assets.cli.ingest import Format, FormatOption
from socialsent_assets.domain.events.errors import UserError

if TYPE_CHECKING:
    from socialsent_assets.local_aws.feed import FeedPlan, FeedResult
    from socialsent_assets.local_aws.feed_receipts import Feed
    from socialsent_assets.settings import Settings

_MINUTE = timedelta(minutes=1)


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command("simulate")(simulate)


def simulate(
    events: Annotated[int, typer.Option(help="Records to send, bad ones included.")] = 20_000,
    hours: Annotated[int, typer.Option(help="Length of the feed.")] = 24,
    seed: Annotated[int, typer.Option(help="The same seed and --until give the same bytes.")] = 7,
    until: Annotated[
        str | None, typer.Option(metavar="ISO", help="End of the feed (UTC). Default: the last full hour.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Send a new feed, even if an equal one is in the lake.")
    ] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Send each minute's records until Ctrl-C.")] = False,
    every: Annotated[float, typer.Option(help="--follow: seconds between two checks of the clock.")] = 60,
    per_minute: Annotated[int, typer.Option(help="--follow: records a minute.")] = 60,
    output: FormatOption = Format.TEXT,
) -> None:
    """Simulate a social network: mock server, Kinesis stream, consumer, landing. Safe to repeat.

    Try:

        socialsent simulate

        socialsent simulate --events 200000 --hours 72 --seed 11

        socialsent simulate --events 5000 --hours 6 --until 2026-11-22T09:00Z

        socialsent simulate --follow --per-minute 120
    """
    from socialsent_assets.settings import Settings

    settings = Settings.from_env()
    if follow:
        if until or fresh:
            raise UserError("--follow goes with the clock; leave out --until and --fresh")
        _follow(settings, seed, every, per_minute, output)
        return
    from socialsent_assets.local_aws.feed_receipts import FeedWish, bring_feed

    wish = FeedWish(events, hours, seed, _time(until) if until else None, fresh)
    with _progress_bar(events) as progress:
        feed = bring_feed(wish, settings, datetime.now(UTC), progress)
    if output is Format.JSON:
        typer.echo(json.dumps(feed.as_json()))
    else:
        typer.echo("\n".join(_summary(feed)))


def _summary(feed: Feed) -> Iterator[str]:
    plan, counts = feed.plan, feed.counts
    if feed.was_there:
        yield "nothing to do: this feed is already in the lake (--fresh sends a new one that ends now)"
    yield f"feed of {plan.hours:,} hours until {plan.until:%Y-%m-%dT%H:%MZ}, seed {plan.seed}"
    yield (
        f"sent {counts.records:,} = landed {counts.accepted:,} + duplicates {counts.duplicates:,} "
        f"+ quarantined {counts.quarantined:,}{f' + erased {counts.erased:,}' if counts.erased else ''}"
    )
    yield f"{feed.objects:,} objects in landing; {feed.labels:,} texts have an annotator's label"
    yield "next: socialsent materialize"


def _follow(settings: Settings, seed: int, every: float, per_minute: int, output: Format) -> None:
    from lambdas.mock_server.handler import FeedSettings
    from socialsent_assets.local_aws.feed import follow

    if not 1 <= every <= 3600:
        raise UserError(f"--every {every:g}: write seconds, from 1 to 3600")
    if not 1 <= per_minute <= 100_000:
        raise UserError(f"--per-minute {per_minute}: write a number from 1 to 100,000")
    now = datetime.now(UTC)
    # It begins with the minute that is just over, so that the first records come immediately.
    feed = FeedSettings(stream="", events_per_tick=per_minute, seed=seed, start=now - _MINUTE)
    with stopped_by_signal() as stop:
        typer.echo(f"following the clock with {per_minute:,} records a minute; Ctrl-C stops")
        result = follow(
            feed,
            settings.landing,
            settings.start,
            every=timedelta(seconds=every),
            wait=stop.wait,
            progress=lambda minute, so_far: _say(minute, so_far, output),
        )
    typer.echo(f"stopped: {_sum(result)}")


def _say(minute: datetime, result: FeedResult, output: Format) -> None:
    if output is Format.JSON:
        counts = result.counts
        typer.echo(json.dumps({"minute": minute.isoformat(), "sent": result.sent, "landed": counts.accepted}))
    else:
        typer.echo(f"{minute:%H:%MZ}  {_sum(result)}")


def _sum(result: FeedResult) -> str:
    counts = result.counts
    return (
        f"sent {result.sent:,} = landed {counts.accepted:,} + duplicates {counts.duplicates:,} "
        f"+ quarantined {counts.quarantined:,}{f' + erased {counts.erased:,}' if counts.erased else ''}"
    )


@contextlib.contextmanager
def stopped_by_signal() -> Iterator[threading.Event]:
    """An event that Ctrl-C or SIGTERM sets, so that the minute under way is finished first."""
    stop = threading.Event()
    before = {name: signal.signal(name, lambda *_: stop.set()) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"--until {text} is not a time; write it like 2026-11-22T09:00Z") from None
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise UserError(f"--until {text} is outside the calendar; write it like 2026-11-22T09:00Z") from None


@contextlib.contextmanager
def _progress_bar(total: int) -> Iterator[Callable[[FeedPlan, FeedResult], None]]:
    """A bar on stderr for as long as the block runs; nothing if no one watches."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("simulate"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("simulate", total=total)
        yield lambda _plan, result: progress.update(task, completed=result.sent)
