"""`socialsent follow`: a public network, or a growing file, into the lake until Ctrl-C.

Not here: the loop (ingest/live/follower.py), the networks (ingest/live/), the simulated feed (feed.py).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from socialsent_assets.cli.feed import stopped_by_signal
from socialsent_assets.cli.ingest import Format, FormatOption
from socialsent_assets.domain.events.errors import UserError

if TYPE_CHECKING:
    from socialsent_assets.ingest.live.connection import Connection
    from socialsent_assets.ingest.live.follower import Followed, Sink
    from socialsent_assets.ingest.source import JsonSource
    from socialsent_assets.settings import Settings

_SHOWN = 60
_NETWORKS = ("bluesky", "mastodon", "reddit", "hackernews")


def register(app: typer.Typer) -> None:
    """Add this module's command to the application."""
    app.command("follow")(follow)


def follow(
    what: Annotated[
        str,
        typer.Argument(
            help="bluesky, mastodon, reddit, hackernews, or a file that grows; else SOCIALSENT_FOLLOW.",
            metavar="SOURCE",
        ),
    ] = "",
    place: Annotated[str, typer.Argument(help="mastodon: the server's name; reddit: the subreddit's.")] = "",
    match: Annotated[str, typer.Option(metavar="WORD,…", help="Keep texts that contain one of these words.")] = "",
    lang: Annotated[str, typer.Option(metavar="LANG,…", help="Keep texts in these languages.")] = "",
    minutes: Annotated[float, typer.Option(help="Stop after this many minutes; 0 for never.")] = 0,
    server: Annotated[str, typer.Option(metavar="URL", help="Another server of the network.")] = "",
    stream: Annotated[str, typer.Option(metavar="NAME", help="Send to this Kinesis stream, not into the lake.")] = "",
    output: FormatOption = Format.TEXT,
) -> None:
    """Follow a public network into the lake. Resumes where it stopped; Ctrl-C finishes the current batch and exits.

    Try:

        socialsent follow bluesky --match tram,train --lang en --minutes 10

        socialsent follow mastodon mastodon.social

        socialsent follow reddit askscience

        socialsent follow posts.jsonl
    """
    from socialsent_assets.ingest.live.checkpoint import Checkpoint, write_gap
    from socialsent_assets.ingest.live.follower import Follower, Wanted, summary_json
    from socialsent_assets.lake.lake import Lake
    from socialsent_assets.settings import Settings

    settings = Settings.from_env()
    if not what:
        if settings.follow is None:
            raise UserError("name a network to follow: socialsent follow bluesky, or SOCIALSENT_FOLLOW=bluesky")
        what, place = settings.follow.network, settings.follow.place
        match, lang = match or settings.follow.match, lang or settings.follow.lang
        server = server or settings.follow.server
    connection = _connection(what, place, server)
    lake = Lake.of(settings)
    landing = lake.landing
    checkpoint = Checkpoint(lake.artifacts, connection.key)
    say = _Printer(output, checkpoint.read())
    with stopped_by_signal() as stop, _sink(settings, stream) as sink:
        follower = Follower(
            connection=connection,
            sink=sink,
            checkpoint=checkpoint,
            wanted=Wanted(_words(match), _words(lang)),
            clock=lambda: datetime.now(UTC),
            wait=stop.wait,
            on_gap=lambda gap: write_gap(landing, gap),
            progress=say,
        )
        done = follower.run(datetime.now(UTC) + timedelta(minutes=minutes) if minutes else None)
    if output is Format.JSON:
        typer.echo(summary_json(done))
        return
    typer.echo(f"stopped: {_line(done)}")
    for gap in done.gaps:
        typer.echo(f"gap after {_short(gap.after)}: {gap.reason}")
    typer.echo("next: socialsent materialize")


def _connection(what: str, place: str, server: str) -> Connection:
    from socialsent_assets.ingest.live import hackernews, jetstream, mastodon
    from socialsent_assets.ingest.live.tail import Tail

    if what == "bluesky":
        return jetstream.Jetstream(server or jetstream.SERVER)
    if what == "hackernews":
        return hackernews.HackerNews(server or hackernews.SERVER)
    if what == "mastodon":
        if not (place or server):
            raise UserError("name a server: socialsent follow mastodon mastodon.social")
        return mastodon.MastodonStream(server or place, _secret("SOCIALSENT_MASTODON_TOKEN"))
    if what == "reddit":
        return _subreddit(place, server)
    path = Path(what)
    if not path.is_file():
        raise UserError(f"{what} is neither a file nor one of {', '.join(_NETWORKS)}")
    return Tail(path, _file_source(path))


def _subreddit(place: str, server: str) -> Connection:
    from socialsent_assets.ingest.live.reddit import SERVER, TOKENS, Credentials, Subreddit

    name = place.removeprefix("/").removeprefix("r/").strip("/")
    if not re.fullmatch(r"\w{2,21}", name, re.ASCII):
        raise UserError("name a subreddit: socialsent follow reddit askscience")
    known = Credentials(_secret("SOCIALSENT_REDDIT_CLIENT_ID"), _secret("SOCIALSENT_REDDIT_CLIENT_SECRET"))
    if not (known.client_id and known.secret):
        raise UserError(
            "Reddit requires an application: create one at https://www.reddit.com/prefs/apps (script) and set "
            "SOCIALSENT_REDDIT_CLIENT_ID and SOCIALSENT_REDDIT_CLIENT_SECRET"
        )
    # A server that is named is asked for tokens too: no secret goes to another one.
    return Subreddit(name, known, server or SERVER, f"{server}/api/v1/access_token" if server else TOKENS)


def _secret(name: str) -> str:
    """A token of a network, from the environment or .env; no setting, so that no page or log can show it."""
    from socialsent_assets.settings import read_dotenv

    return os.environ.get(name) or read_dotenv(Path(".env")).get(name, "")


def _file_source(path: Path) -> JsonSource | None:
    from socialsent_assets.ingest.files import find_files
    from socialsent_assets.ingest.options import Options
    from socialsent_assets.ingest.plan import plan_file

    (file,) = find_files([path])
    plan = plan_file(file, Options())
    if plan.form in ("events", "empty"):
        return None
    if plan.form != "json" or plan.source is None:
        raise UserError(
            f"{path} is {plan.title}; only JSON Lines of a known source are followed: socialsent ingest {path}"
        )
    return plan.source


@contextmanager
def _sink(settings: Settings, stream: str) -> Iterator[Sink]:
    from socialsent_assets.local_aws.live_sink import EmbeddedSink, StreamSink

    if stream:
        import boto3

        yield StreamSink(stream, boto3.client("kinesis"))
        return
    with EmbeddedSink(settings.landing, settings.start) as sink:
        yield sink


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip().lower() for word in text.split(",") if word.strip())


class _Printer:
    """Prints a line every few seconds, if people watch."""

    def __init__(self, output: Format, cursor: str) -> None:
        self._output, self._said_at = output, datetime.min.replace(tzinfo=UTC)
        self._began, self._offered = datetime.now(UTC), 0
        if output is Format.TEXT:
            typer.echo(
                f"going on after {_short(cursor)}; Ctrl-C stops" if cursor else "following from now on; Ctrl-C stops"
            )

    def __call__(self, done: Followed) -> None:
        """One batch more."""
        now = datetime.now(UTC)
        if self._output is Format.JSON or now - self._said_at < timedelta(seconds=5):
            return
        seconds = max((now - max(self._said_at, self._began)).total_seconds(), 0.001)
        lag = "" if done.newest is None else f", lag {max((now - done.newest).total_seconds(), 0):,.0f} s"
        rate = (done.offered - self._offered) / seconds
        typer.echo(f"{now:%H:%M:%SZ}  {_line(done)}; {rate:,.0f} records/s{lag}")
        self._said_at, self._offered = now, done.offered


def _line(done: Followed) -> str:
    counts = done.counts
    gaps = f", {_times(len(done.gaps), 'gap')}" if done.gaps else ""
    again = f", connected again {_times(done.reconnects, 'time')}" if done.reconnects else ""
    made = f"landed {counts.accepted:,} + duplicates {counts.duplicates:,} + quarantined {counts.quarantined:,}"
    made += f" + erased {counts.erased:,}" if counts.erased else ""
    return f"records {done.offered:,} ({done.filtered:,} filtered); events {counts.records:,} = {made}{gaps}{again}"


def _short(cursor: str) -> str:
    return cursor if len(cursor) <= _SHOWN else f"{cursor[:_SHOWN]}…"


def _times(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
