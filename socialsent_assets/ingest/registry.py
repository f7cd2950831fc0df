"""Registry of sources: every module of sources/ that has a `SOURCE`, by name; nothing else lists them.

Not here: what a source is (source.py).
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Sequence

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.ingest import sources
from socialsent_assets.ingest.source import JsonSource, Record, Source, TableSource

CANONICAL = "events"
"""Name for `--as` of events in the contract's own form."""
GENERIC = "table"
"""Name for `--as` of rows or JSON records that no source knows: columns by their names."""


@functools.cache
def all_sources() -> dict[str, Source]:
    """Every source by its name, in the order of the names."""
    found: dict[str, Source] = {}
    for module in pkgutil.iter_modules(sources.__path__):
        for source in importlib.import_module(f"{sources.__name__}.{module.name}").SOURCES:
            found[source.name] = source
    return dict(sorted(found.items()))


def source_named(name: str) -> Source | None:
    """The source of this name; None for events of the contract, and for plain rows. Raises UserError."""
    if name in (CANONICAL, GENERIC):
        return None
    try:
        return all_sources()[name]
    except KeyError:
        known = ", ".join([CANONICAL, GENERIC, *all_sources()])
        raise UserError(f"--as {name} is not known; choose from {known}") from None


def json_source_of(documents: Sequence[Record], *, reads_rows: bool = False) -> JsonSource | None:
    """The source that recognises most of these objects, and at least half of them; None if there is none.

    `reads_rows` looks only at sources of which the objects may be rows of a table.
    """
    best, most = None, 0
    for source in all_sources().values():
        if isinstance(source, JsonSource) and (source.reads_rows or not reads_rows):
            hits = sum(_is_recognised(source, document) for document in documents)
            if hits > most and hits * 2 >= len(documents):
                best, most = source, hits
    return best


def table_source_of(
    header: Sequence[str], first_rows: Sequence[Sequence[str]], *, has_header: bool
) -> TableSource | None:
    """The source of a table with these columns, or of one without a header line; None if there is none."""
    names = {column.strip().lower() for column in header}
    rows = [list(row) for row in first_rows]
    for source in all_sources().values():
        if isinstance(source, TableSource):
            if has_header and source.columns and names >= {column.lower() for column in source.columns}:
                return source
            if source.headerless and rows and source.fits_headerless(rows):
                return source
    return None


def _is_recognised(source: JsonSource, document: Record) -> bool:
    try:
        return source.recognises(document)
    except (TypeError, AttributeError, KeyError, IndexError, ValueError):
        return False
