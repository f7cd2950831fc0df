"""`socialsent watch`: words that the dashboard counts, compares and filters by.

Not here: where they lie (lake/watched_words.py), how texts are searched for them (dashboard/filters.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from socialsent_assets.cli import text_stream

if TYPE_CHECKING:
    from socialsent_assets.lake.storage.base import Storage

watch = typer.Typer(help="Watched words, which the dashboard counts, compares and filters by.")
Words = Annotated[list[str], typer.Argument(metavar="WORD…", help="Words or quoted phrases; commas divide them too.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.add_typer(watch, name="watch")


@watch.command("add")
def add(words: Words) -> None:
    """Watch words or phrases (whole words, any case). All or nothing: one invalid word rejects all.

    An open dashboard shows them within half a minute.

    Try:

        socialsent watch add tram "night bus"
    """
    from socialsent_assets.lake.watched_words import change_watched

    _say(change_watched(_artifacts(), add=_divided(words)))


@watch.command("remove")
def remove(words: Words) -> None:
    """Stop watching these words.

    Try:

        socialsent watch remove tram
    """
    from socialsent_assets.lake.watched_words import change_watched

    _say(change_watched(_artifacts(), remove=_divided(words)))


@watch.command("list")
def list_words() -> None:
    """List the watched words, one per line."""
    from socialsent_assets.lake.watched_words import read_watched

    words = read_watched(_artifacts())
    typer.echo("\n".join(words) or "no word is watched. Add one: socialsent watch add tram")


def _divided(words: list[str]) -> list[str]:
    parts = [part for word in words for part in text_stream.argument_text(word).split(",")]
    return [part for part in parts if part.strip()]


def _artifacts() -> Storage:
    # The tier alone: the whole lake would import its catalog.
    from socialsent_assets.lake.storage.open import storage_at
    from socialsent_assets.settings import Settings

    return storage_at(Settings.from_env().artifacts)


def _say(words: tuple[str, ...]) -> None:
    typer.echo(f"watched: {', '.join(words)}" if words else "no word is watched")
