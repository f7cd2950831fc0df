"""`socialsent export`: a mart as a file for others, as it is or pseudonymised.

Not here: what is done to each column (warehouse/pseudonymised.py), ad-hoc SQL (ask.py).
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

KEY = "SOCIALSENT_PSEUDONYM_KEY"
_FORMATS = (".parquet", ".csv", ".jsonl")


def register(app: typer.Typer) -> None:
    """Add this module's command to the application."""
    app.command()(export)


def export(
    mart: Annotated[str, typer.Argument(help="A mart: fct_posts, fct_comments, dim_users, agg_sentiment_daily, …")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Output file: .parquet, .csv or .jsonl.")],
    pseudonymise: Annotated[
        bool,
        typer.Option("--pseudonymise", help="Replace ids, names and mentions by keyed BLAKE2b; omit places."),
    ] = False,
    key_file: Annotated[
        Path | None,
        typer.Option("--key-file", metavar="FILE", help=f"The key, 16 bytes or more. Default: {KEY}."),
    ] = None,
) -> None:
    """Export a mart to a file.

    With --pseudonymise a person has the same pseudonym in every mart and every export with that key, and
    a guess can be tested only with the key. Texts and times are kept: anyone who knows a text can find its author. So
    keep the key separate from the files, and share the files only with people who may read the texts.

    Try:

        openssl rand -hex 32 > pseudonyms.key

        socialsent export fct_posts --out posts.parquet --pseudonymise --key-file pseudonyms.key

        socialsent export dim_users --out users.csv --pseudonymise --key-file pseudonyms.key

        socialsent export agg_sentiment_daily --out days.jsonl
    """
    from socialsent_assets.warehouse.pseudonymised import mart_batches

    settings = Settings.from_env()
    if settings.dbt_target != "local":
        raise UserError("export reads marts in DuckDB; on Redshift use UNLOAD, on Athena the tables of its database")
    if out.suffix not in _FORMATS:
        raise UserError(f"--out {out} does not end with any of {', '.join(_FORMATS)}")
    if key_file is not None and not pseudonymise:
        raise UserError("--key-file is for --pseudonymise: add it, or leave the key out")
    key = _key(key_file) if pseudonymise else None
    rows = 0
    with _whole(out) as unfinished:
        rows = _write(unfinished, out.suffix, mart_batches(settings.warehouse, mart, key))
    how = "ids, names and mentions are pseudonyms" if pseudonymise else "as it is: ids and names are in it"
    Console().print(f"{out}: {rows:,} rows of {mart}, {how}", highlight=False, soft_wrap=True)


def _key(file: Path | None) -> bytes:
    from socialsent_assets.domain.language.pseudonyms import key_of
    from socialsent_assets.settings import read_dotenv

    if file is not None:
        try:
            return key_of(file.read_bytes())
        except OSError as error:
            raise UserError(f"--key-file {file} cannot be read: {error.strerror}") from None
    secret = os.environ.get(KEY) or read_dotenv(Path(".env")).get(KEY, "")
    if not secret:
        raise UserError(f"--pseudonymise needs a key: --key-file FILE, or {KEY}; `openssl rand -hex 32` creates one")
    return key_of(secret.encode())


@contextlib.contextmanager
def _whole(out: Path) -> Iterator[Path]:
    """A file to write, which takes the place of `out` when it is complete; gone if it never is."""
    try:
        handle, name = tempfile.mkstemp(prefix=".exporting-", suffix=out.suffix, dir=out.absolute().parent)
    except OSError as error:
        raise UserError(f"--out {out} cannot be written: {error.strerror}") from None
    os.close(handle)
    unfinished = Path(name)
    try:
        yield unfinished
        unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)


def _write(file: Path, suffix: str, batches: Iterator[pa.RecordBatch]) -> int:
    first = next(batches, None)
    if first is None:
        return 0
    everything = itertools.chain([first], batches)
    if suffix == ".parquet":
        return _parquet(file, first.schema, everything)
    return _lines(file, suffix, first.schema.names, everything)


def _parquet(file: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> int:
    import pyarrow.parquet as pq

    rows = 0
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


def _lines(file: Path, suffix: str, names: list[str], batches: Iterator[pa.RecordBatch]) -> int:
    from socialsent_assets.cli.result_output import plain
    from socialsent_assets.dashboard.csv_rows import csv_lines

    rows = 0

    def values() -> Iterator[list[Any]]:
        nonlocal rows
        for batch in batches:
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                rows += 1
                yield [plain(value) for value in row]

    with file.open("w", encoding="utf-8", newline="") as written:
        if suffix == ".csv":
            written.writelines(csv_lines(itertools.chain([names], values())))
        else:
            for row in values():
                written.write(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n")
    return rows
