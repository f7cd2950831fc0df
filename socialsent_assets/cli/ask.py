"""Commands that ask: score, query, report. They change nothing but the report's own files.

Not here: how stdin becomes lines (text_stream.py), how rows are shown (result_output.py), SQL itself
(warehouse/duckdb/engine.py), what a report holds (insights/).
"""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from socialsent_assets.cli import text_stream
from socialsent_assets.cli.lexicon import corrections_of_the_lake
from socialsent_assets.domain.language.text import clean_text
from socialsent_assets.domain.language.vader.corrections import NO_CORRECTIONS, Corrections

if TYPE_CHECKING:
    from socialsent_assets.settings import Settings

MANY = 20_000
"""Texts from which the compiled scorer, a second of loading, repays it: the plain rules score 60,000 per second."""

FEW = 100  # a batch that a person or a slow pipe hands over: not worth arrays


def register(app: typer.Typer) -> None:
    """Add this module's commands to the application."""
    app.command()(score)
    app.command()(query)
    app.command()(report)


def score(
    text: Annotated[
        str,
        typer.Argument(
            metavar="[TEXT | -]", help="The text; - reads one text per line from stdin.", show_default=False
        ),
    ] = "-",
    clean: Annotated[
        bool, typer.Option("--clean", help="Clean the text as the pipeline does before it is scored.")
    ] = False,
) -> None:
    """Print polarity and sentiment of a text exactly as given, one JSON object per text.

    polarity is VADER's compound score, -1 to 1; pos, neu and neg are shares of the words, 0 to 1; sentiment is
    positive from 0.05, negative up to -0.05, else neutral. The lake's corrections of the lexicon are applied.

    Try:

        socialsent score "VADER is smart, handsome, and funny!"

        socialsent score --clean - < posts.txt
    """
    scorer = Scorer(clean=clean, corrections=corrections_of_the_lake())
    if text != "-":
        text_stream.answer([[text_stream.argument_text(text)]], scorer)
        return
    if sys.stdin.isatty():
        sys.stderr.write("One text per line; Ctrl-D ends.\n")
    text_stream.answer(text_stream.arriving(sys.stdin.buffer), scorer)


class Format(StrEnum):
    """How rows are written."""

    table = "table"
    csv = "csv"
    json = "json"


def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One statement; - reads it from stdin.")],
    form: Annotated[
        Format, typer.Option("--format", help="table shows the first rows; csv and json write all of them.")
    ] = Format.table,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of", metavar="TIME|RUN|SNAPSHOT", help="The lake as it was then (no marts); `history` lists runs."
        ),
    ] = None,
) -> None:
    """Run read-only SQL on the marts (fct_posts, agg_sentiment_daily, …) and the lake (cleansed.posts, …).

    Times are UTC. SHOW ALL TABLES lists the tables, DESCRIBE fct_posts its columns. DuckDB runs the query. On AWS,
    Redshift runs it if it uses only marts and they are on Redshift; otherwise Athena does, which bills the bytes that
    it scans: filter by event_hour. In csv, a text that a spreadsheet would run as a formula gets an apostrophe before
    it, and control characters are replaced; json has the exact text.

    Try:

        socialsent query "select sentiment, count(*) as posts from fct_posts group by 1"

        socialsent query --format csv - < question.sql

        socialsent query --as-of 2026-11-22T09:00 "select count(*) from cleansed.posts"
    """
    from socialsent_assets.settings import Settings

    statement = sys.stdin.buffer.read().decode("utf-8", "replace") if sql == "-" else text_stream.argument_text(sql)
    answer(statement, form, Settings.from_env(), as_of)


def answer(statement: str, form: Format, settings: Settings, as_of: str | None = None) -> None:
    """Write the rows of one statement, from the engine that it needs. Raises UserError with the engine's words.

    With `as_of` DuckDB answers, over the lake's tables as they were at that time, or after that run or snapshot.
    """
    from socialsent_assets.cli import result_output
    from socialsent_assets.lake.lake import Lake
    from socialsent_assets.warehouse.athena.rewrite import names_marts_alone
    from socialsent_assets.warehouse.duckdb.engine import reading
    from socialsent_assets.warehouse.marts import marts_of

    if as_of is not None:
        from socialsent_assets.lake.history import pins_at

        lake = Lake.of(settings)
        with reading(lake, settings.warehouse, pins_at(lake, as_of)) as engine:
            result_output.write(engine.run(statement), form.value)
    elif settings.redshift is not None and names_marts_alone(statement):
        with marts_of(settings) as marts:
            result_output.write(marts.run(statement), form.value)
    elif settings.athena is not None:
        _ask_athena(statement, form, settings)
    else:
        with reading(Lake.of(settings), settings.warehouse) as engine:
            result_output.write(engine.run(statement), form.value)


def _ask_athena(statement: str, form: Format, settings: Settings) -> None:
    from socialsent_assets.cli import result_output
    from socialsent_assets.warehouse.athena.engine import athena_sql

    engine = athena_sql(settings)
    result = engine.run(statement)
    # Beside the rows, never among them.
    sys.stderr.write(f"Athena scanned {engine.scanned_bytes / 1e6:,.1f} MB\n")
    result_output.write(result, form.value)


def report(
    show: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Write the insights report, one HTML page and its pictures as PNG, and print the page's path.

    It uses the current marts: run socialsent materialize first to bring them up to date. Times are UTC.
    """
    from socialsent_assets.insights.report import build_report
    from socialsent_assets.lake.lake import Lake
    from socialsent_assets.settings import Settings
    from socialsent_assets.warehouse.marts import marts_of

    settings = Settings.from_env()
    with marts_of(settings) as sql:
        made = build_report(sql, settings.reports, Lake.of(settings), settings.sentiment)
    typer.echo(made.path)
    if show:
        typer.launch(str(made.path))


class Scorer:
    """Answers batch after batch with one JSON object per text, by whichever path is sooner done."""

    def __init__(self, *, clean: bool = False, corrections: Corrections = NO_CORRECTIONS) -> None:
        self._clean, self._corrections = clean, corrections
        self._seen = 0

    def __call__(self, texts: list[str]) -> list[str]:
        """The objects, without line ends, in the order of the texts."""
        self._seen += len(texts)
        if self._clean:
            texts = [clean_text(text) for text in texts]
        is_bulk = self._seen > MANY and len(texts) > FEW
        return (_in_bulk if is_bulk else _one_by_one)(texts, self._corrections)


def _one_by_one(texts: list[str], corrections: Corrections) -> list[str]:
    from socialsent_assets.domain.language.polarity import score_text

    return [json.dumps(score_text(text, corrections)._asdict()) for text in texts]


def _in_bulk(texts: list[str], corrections: Corrections) -> list[str]:
    from socialsent_assets.domain.language.polarity import score_texts

    scores = score_texts(texts, corrections=corrections)
    columns = (scores.polarity, scores.pos, scores.neu, scores.neg, scores.sentiments())
    # The same text that json.dumps would make of it, in a third of the time: repr of a float is JSON.
    return [
        f'{{"polarity": {polarity!r}, "pos": {pos!r}, "neu": {neu!r}, "neg": {neg!r}, "sentiment": "{sentiment}"}}'
        for polarity, pos, neu, neg, sentiment in zip(*(column.tolist() for column in columns), strict=True)
    ]
