"""The search for traces: every file that is kept, byte by byte, packed ones opened first.

An id is found where it occurs as a whole (needles.py). In the bytes of a DuckDB file, where values lie side by side
without anything between them, it is found anywhere, unless a value that is really there explains it: the tables are
read as well, because DuckDB packs texts.

Not here: what an id must look like to be found (needles.py), opening packed files (packed.py), taking traces out (the
modules beside this one).
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from socialsent_assets.domain.events.erasure import ids_in
from socialsent_assets.erasure.needles import Wanted
from socialsent_assets.erasure.packed import Part, is_id_column, one_a_line, parts_of

_SQLITE = b"SQLite format 3\0"
_OF_SQLITE = ("-wal", "-journal")
_ROWS = 100_000


@dataclass(frozen=True)
class Trace:
    """Where something was found.

    Attributes:
        needle: what was searched for.
        path: file, or address of an object.
        place: where in it, in words; "" for its bytes as they are.
        count: how often.
    """

    needle: str
    path: Path | str
    place: str
    count: int

    def __str__(self) -> str:
        return f"{self.path}{f' ({self.place})' if self.place else ''}: {self.count}"


def find_traces(
    roots: Iterable[Path],
    needles: Sequence[str],
    *,
    as_ids: Collection[str] = (),
    skips: Callable[[Path], bool] = lambda _: False,
) -> Iterator[Trace]:
    """Every trace below these folders, once each, in the order of the paths; files that `skips` names are not read.

    Needles of `as_ids` are found where they are ids, and not in texts.
    """
    wanted = Wanted.of(needles, as_ids=as_ids)
    seen: set[Path] = set()
    for root in roots:
        for path in sorted(root.rglob("*")) if root.is_dir() else ():
            real = path.resolve()
            if real not in seen and not path.is_symlink() and path.is_file() and not skips(path):
                seen.add(real)
                yield from _in_file(path, wanted)


def traces_in(path: Path, needles: Sequence[str]) -> list[Trace]:
    """Every trace in one file."""
    return list(_in_file(path, Wanted.of(needles)))


def traces_in_content(path: Path | str, content: bytes, wanted: Wanted) -> Iterator[Trace]:
    """Every trace in the content of a file that is no database; `path` is only for the answer."""
    for part in parts_of(content, with_ids=bool(wanted.values)):
        yield from _told(path, part.place, _counts(part, wanted))


def _counts(part: Part, wanted: Wanted) -> Counter[str]:
    needles = wanted.texts if part.is_text else wanted.packed
    counts = Counter({needle: found.whole for needle, found in needles.count(part.content).items()})
    if wanted.values and part.is_text:
        counts.update(value for _, value in ids_in(part.content) if value in wanted.values)
        counts.update(part.ids & wanted.values)
    return counts


def _in_file(path: Path, wanted: Wanted) -> Iterator[Trace]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return  # somebody at work beside us has removed it
    name = path.name.encode("utf-8", "surrogateescape")
    yield from _told(path, "its name", _counts(Part("its name", name), wanted))
    if path.name.endswith(".duckdb"):
        yield from _in_duckdb(path, content, wanted)
    elif content.startswith(_SQLITE) or path.name.endswith(_OF_SQLITE):
        yield from _in_sqlite(path, content, wanted)
    else:
        yield from traces_in_content(path, content, wanted)


def _told(path: Path | str, place: str, counts: Counter[str]) -> Iterator[Trace]:
    for needle, count in counts.items():
        if count:
            yield Trace(needle, path, place, count)


def _in_duckdb(path: Path, content: bytes, wanted: Wanted) -> Iterator[Trace]:
    yield from _in_database(path, _duckdb_columns(path, with_ids=bool(wanted.values)), content, wanted)


def _in_sqlite(path: Path, content: bytes, wanted: Wanted) -> Iterator[Trace]:
    tables = _sqlite_tables(path) if content.startswith(_SQLITE) else ()
    yield from _in_database(path, tables, content, wanted)


def _in_database(path: Path, values: Iterable[Part], content: bytes, wanted: Wanted) -> Iterator[Trace]:
    """Values of its tables, and its bytes, which may hold what no table does any more."""
    explained: set[str] = set()
    for part in values:
        found = (wanted.texts if part.is_text else wanted.packed).count(part.content)
        explained.update(needle for needle, one in found.items() if one.part)
        counts = Counter({needle: one.whole for needle, one in found.items()})
        counts.update(part.ids & wanted.values)
        yield from _told(path, part.place, counts)
    counts = Counter[str]()
    for needle, one in wanted.packed.count(content).items():
        counts[needle] = one.whole if needle in explained else one.whole + one.part
    yield from _told(path, "bytes of the file", counts)


def _sqlite_tables(path: Path) -> Iterator[Part]:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as database:
        for (table,) in database.execute("select name from sqlite_master where type = 'table'").fetchall():
            cursor = database.execute(f'select * from "{table}"')  # noqa: S608 - a name of the catalog itself
            while rows := cursor.fetchmany(_ROWS):
                values = [value for row in rows for value in row]
                yield Part(table, _joined(value for value in values if isinstance(value, str)))
                # Dagster packs snapshots of its jobs, in which three bytes match by chance.
                yield Part(table, _joined(value for value in values if isinstance(value, bytes)), is_text=False)


def _duckdb_columns(path: Path, *, with_ids: bool) -> Iterator[Part]:
    """The distinct values of every column of texts; with the ids of a column of ids, if they are wanted."""
    from socialsent_assets.warehouse.duckdb.database import reading

    with reading(path) as connection:
        columns = connection.execute(
            """
            select c.table_schema, c.table_name, c.column_name, c.data_type from information_schema.columns c
            join information_schema.tables t using (table_catalog, table_schema, table_name)
            where t.table_type = 'BASE TABLE' and c.table_catalog = current_database()
                and c.data_type in ('VARCHAR', 'VARCHAR[]', 'JSON')
            order by all
            """
        ).fetchall()
        for schema, table, column, kind in columns:
            value = f'unnest("{column}")' if kind.endswith("[]") else f'"{column}"'
            found = connection.sql(f'select distinct {value} as v from "{schema}"."{table}"')  # noqa: S608
            for batch in found.to_arrow_reader(_ROWS):
                values = batch.column(0).drop_null()
                ids = frozenset(values.to_pylist()) if with_ids and is_id_column(column) else frozenset[str]()
                yield Part(f"{schema}.{table}.{column}", one_a_line(values), ids=ids)


def _joined(values: Iterable[object]) -> bytes:
    texts = (value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value for value in values)
    return b"\n".join(text for text in texts if isinstance(text, bytes))
