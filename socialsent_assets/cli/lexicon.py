"""`socialsent lexicon`: words of one's own trade, which correct the lexicon that scores this lake.

Not here: what a correction is (domain/language/vader/corrections.py), where they lie (lake/lexicon_corrections.py).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from socialsent_assets.cli import text_stream

if TYPE_CHECKING:
    from socialsent_assets.domain.language.vader.corrections import Corrections
    from socialsent_assets.lake.storage.base import Storage

lexicon = typer.Typer(help="Corrections of the lexicon: words and emoji with another meaning in your data.")


class Format(StrEnum):
    """How a list is written."""

    TEXT = "text"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.add_typer(lexicon, name="lexicon")


@lexicon.command("add")
def add(
    corrections: Annotated[
        list[str], typer.Argument(metavar="WORD=VALENCE…", help="-4 (worst) to +4 (best); 0 makes a word neutral.")
    ],
) -> None:
    """Set the valence of words and emoji. All or nothing: one invalid correction rejects all.

    This makes all existing scores stale; the next materialize computes them again.

    Try:

        socialsent lexicon add sick=+2.1 🔥=2.5 crude=0
    """
    from socialsent_assets.domain.language.vader.corrections import parse_correction
    from socialsent_assets.lake.lexicon_corrections import change_corrections

    put = dict(parse_correction(text_stream.argument_text(written)) for written in corrections)
    _say(change_corrections(_artifacts(), datetime.now(UTC).replace(microsecond=0), put=put))


@lexicon.command("remove")
def remove(
    words: Annotated[list[str], typer.Argument(metavar="WORD…", help="As lexicon list shows them.")],
) -> None:
    """Restore the lexicon's own valence of these words.

    Try:

        socialsent lexicon remove sick
    """
    from socialsent_assets.lake.lexicon_corrections import change_corrections

    named = {text_stream.argument_text(word).lower() for word in words}
    _say(change_corrections(_artifacts(), datetime.now(UTC).replace(microsecond=0), remove=named))


@lexicon.command("list")
def list_corrections(
    form: Annotated[
        Format, typer.Option("--format", help="text, or json with the history of changes.")
    ] = Format.TEXT,
) -> None:
    """List the corrections beside the lexicon's own valences, and the resulting scorer version."""
    from socialsent_assets.domain.language.polarity import scorer_version
    from socialsent_assets.domain.language.vader.lexicon import valences
    from socialsent_assets.lake.lexicon_corrections import corrections_history, read_corrections

    artifacts = _artifacts()
    found = read_corrections(artifacts)
    rows = [{"word": word, "valence": valence, "lexicon": valences().get(word)} for word, valence in found.words]
    if form is Format.JSON:
        shown = {
            "scorer_version": scorer_version(found),
            "corrections": rows,
            "history": corrections_history(artifacts),
        }
        typer.echo(json.dumps(shown, ensure_ascii=False))
        return
    for row in rows:
        own = "not in it" if row["lexicon"] is None else f"{row['lexicon']:+.1f}"
        typer.echo(f"{row['word']:20} {row['valence']:+.1f}   (lexicon: {own})")
    if not rows:
        typer.echo("no corrections. Add one: socialsent lexicon add sick=+2.1")
    typer.echo(f"scorer {scorer_version(found)}")


def corrections_of_the_lake() -> Corrections:
    """The corrections of the lake that the settings name. Raises UserError for ones that cannot be used."""
    from socialsent_assets.lake.lexicon_corrections import read_corrections

    return read_corrections(_artifacts())


def _artifacts() -> Storage:
    # The tier alone: the whole lake would import its catalog, which a command that scores a text does not need.
    from socialsent_assets.lake.storage.open import storage_at
    from socialsent_assets.settings import Settings

    return storage_at(Settings.from_env().artifacts)


def _say(found: Corrections) -> None:
    from socialsent_assets.domain.language.polarity import scorer_version

    typer.echo(
        f"{len(found.words):,} correction{'' if len(found.words) == 1 else 's'}, scorer {scorer_version(found)}. "
        "Texts scored by another one are stale: socialsent materialize"
    )
