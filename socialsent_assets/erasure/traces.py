"""The search for traces: every file that is kept on this machine, byte by byte, packed ones opened first.

An id is found where it stands as a whole: letters, digits, `_` and `-` beside it make it another id. In the bytes
of a database, where values stand side by side without anything between them, it is found anywhere, unless a value
that is really there explains it: the tables are read as well, because DuckDB packs texts.

Not here: taking traces out (the modules beside this one).
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import io
import re
import sqlite3
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_BESIDE = re.compile(rb"[A-Za-z0-9_-]")
_BASE64 = re.compile(rb'"raw":"([A-Za-z0-9+/=]+)"')
_ZIPS = (b"PK\x03\x04",)
_GZIP, _PARQUET, _SQLITE = b"\x1f\x8b", b"PAR1", b"SQLite format 3\0"
_FEW, _WINDOW, _HASH_BITS, _CHUNK = 8, 8, 20, 1 << 20
_ROWS = 100_000


@dataclass(frozen=True)
class Trace:
    """Where something was found.

    Attributes:
        needle: what was searched for.
        path: file.
        place: where in it, in words; "" for its bytes as they are.
        count: how often.
    """

    needle: str
    path: Path
    place: str
    count: int

    def __str__(self) -> str:
        return f"{self.path}{f' ({self.place})' if self.place else ''}: {self.count}"


@dataclass
class Found:
    """How often a needle stands somewhere: as a whole, and as a part of something longer."""

    whole: int = 0
    part: int = 0


class Needles:
    """Many texts to look for at once: a few are looked for one by one, many by their first eight bytes."""

    def __init__(self, needles: Iterable[str]) -> None:
        spelled = {needle: needle.encode("utf-8", "surrogatepass") for needle in needles if needle}
        few = len(spelled) <= _FEW
        self._single = {needle: one for needle, one in spelled.items() if few or len(one) < _WINDOW}
        self._by_start: dict[bytes, list[str]] = {}
        for needle, one in spelled.items():
            if needle not in self._single:
                self._by_start.setdefault(one[:_WINDOW], []).append(needle)
        self._spelled = spelled

    def count(self, content: bytes) -> dict[str, Found]:
        """The needles that stand in it, and how often."""
        found: dict[str, Found] = {}
        for needle, place in self._all_places(content):
            one = found.setdefault(needle, Found())
            if _is_whole(content, place, len(self._spelled[needle])):
                one.whole += 1
            else:
                one.part += 1
        return found

    def _all_places(self, content: bytes) -> Iterator[tuple[str, int]]:
        for needle, spelled in self._single.items():
            place = content.find(spelled)
            while place >= 0:
                yield needle, place
                place = content.find(spelled, place + 1)
        if self._by_start:
            yield from self._windows(content)

    def _windows(self, content: bytes) -> Iterator[tuple[str, int]]:
        """Places whose first eight bytes are those of a needle, found by a table of their hashes."""
        import numpy as np

        table = np.zeros(1 << _HASH_BITS, bool)
        starts = np.frombuffer(b"".join(self._by_start), "<u8")
        table[_hashes(starts)] = True
        for first in range(0, len(content) - _WINDOW + 1, _CHUNK):
            count = min(_CHUNK, len(content) - _WINDOW + 1 - first)
            windows = np.ndarray((count,), "<u8", content, offset=first, strides=(1,))
            for place in (np.flatnonzero(table[_hashes(windows)]) + first).tolist():
                for needle in self._by_start.get(content[place : place + _WINDOW], ()):
                    if content.startswith(self._spelled[needle], place):
                        yield needle, place


def _hashes(windows: Any) -> Any:
    import numpy as np

    return (windows * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - _HASH_BITS)


def holds(content: bytes, needle: bytes) -> bool:
    """Whether the needle stands in it as a whole."""
    return next(_places(content, needle), None) is not None


def find_traces(roots: Iterable[Path], needles: Sequence[str]) -> Iterator[Trace]:
    """Every trace below these folders, once each, in the order of the paths."""
    wanted = Needles(needles)
    seen: set[Path] = set()
    for root in roots:
        for path in sorted(root.rglob("*")) if root.is_dir() else ():
            real = path.resolve()
            if real not in seen and path.is_file() and not path.is_symlink():
                seen.add(real)
                yield from _in_file(path, wanted)


def traces_in(path: Path, needles: Sequence[str]) -> list[Trace]:
    """Every trace in one file."""
    return list(_in_file(path, Needles(needles)))


def _in_file(path: Path, wanted: Needles) -> Iterator[Trace]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return  # somebody at work beside us has removed it
    for needle, found in wanted.count(path.name.encode("utf-8", "surrogateescape")).items():
        yield from _told(needle, path, "its name", found.whole)
    if path.name.endswith(".duckdb"):
        yield from _in_database(path, content, wanted, _duckdb_columns(path))
    elif content.startswith(_SQLITE):
        yield from _in_database(path, content, wanted, _sqlite_columns(path))
    else:
        for place, part in _parts(content):
            for needle, found in wanted.count(part).items():
                yield from _told(needle, path, place, found.whole)


def _told(needle: str, path: Path, place: str, count: int) -> Iterator[Trace]:
    if count:
        yield Trace(needle, path, place, count)


def _in_database(
    path: Path, content: bytes, wanted: Needles, columns: Iterable[tuple[str, bytes]]
) -> Iterator[Trace]:
    """Values of its tables, and its bytes, which may hold what no table does any more."""
    explained: set[str] = set()
    for place, values in columns:
        for needle, found in wanted.count(values).items():
            yield from _told(needle, path, place, found.whole)
            if found.part:
                explained.add(needle)
    for needle, found in wanted.count(content).items():
        count = found.whole if needle in explained else found.whole + found.part
        yield from _told(needle, path, "bytes of the file", count)


def _sqlite_columns(path: Path) -> Iterator[tuple[str, bytes]]:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as database:
        for (table,) in database.execute("select name from sqlite_master where type = 'table'").fetchall():
            cursor = database.execute(f'select * from "{table}"')  # noqa: S608 - a name of the catalog itself
            while rows := cursor.fetchmany(_ROWS):
                yield table, _joined(value for row in rows for value in row)


def _duckdb_columns(path: Path) -> Iterator[tuple[str, bytes]]:
    from socialsent_assets.warehouse.duckdb.database import reading

    with reading(path) as connection:
        columns = connection.execute(
            """
            select c.table_schema, c.table_name, c.column_name from information_schema.columns c
            join information_schema.tables t using (table_catalog, table_schema, table_name)
            where t.table_type = 'BASE TABLE' and c.data_type = 'VARCHAR' and c.table_catalog = current_database()
            order by all
            """
        ).fetchall()
        for schema, table, column in columns:
            cursor = connection.execute(f'select distinct "{column}" from "{schema}"."{table}"')  # noqa: S608
            while rows := cursor.fetchmany(_ROWS):
                yield f"{schema}.{table}.{column}", _joined(value for (value,) in rows)


def _joined(values: Iterable[object]) -> bytes:
    texts = (value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value for value in values)
    return b"\n".join(text for text in texts if isinstance(text, bytes))


def _parts(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The content as it is, and what it packs."""
    yield "", content
    if content.startswith(_GZIP):
        unpacked = _gunzipped(content)
        yield "gzip", unpacked
        raws = b"\n".join(base64.b64decode(raw) for raw in _BASE64.findall(unpacked))
        if raws:
            yield "base64 in gzip", raws
    elif content.startswith(_PARQUET):
        yield "Parquet", _parquet_texts(content)
    elif content.startswith(_ZIPS):
        with contextlib.suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(content)) as packed:
            for name in packed.namelist():
                yield f"{name} in zip", packed.read(name)


def _gunzipped(content: bytes) -> bytes:
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return zlib.decompressobj(31).decompress(content[:-8]) if len(content) > 20 else b""


def _parquet_texts(content: bytes) -> bytes:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    found: list[bytes] = []
    for column in pq.read_table(pa.BufferReader(content)).columns:
        values = pc.list_flatten(column) if pa.types.is_list(column.type) else column
        if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
            joined = pc.unique(values).drop_null().to_pylist()
            found.append("\n".join(joined).encode("utf-8", "surrogatepass"))
    whole = b"\n".join(found)
    raws = [base64.b64decode(value) for value in whole.split(b"\n") if _looks_like_base64(value)]
    return b"\n".join([whole, *raws])


def _looks_like_base64(value: bytes) -> bool:
    return len(value) >= 8 and len(value) % 4 == 0 and re.fullmatch(rb"[A-Za-z0-9+/]+={0,2}", value) is not None


def _places(content: bytes, spelled: bytes) -> Iterator[int]:
    """Where it stands as a whole."""
    start = content.find(spelled)
    while start >= 0:
        if _is_whole(content, start, len(spelled)):
            yield start
        start = content.find(spelled, start + 1)


def _is_whole(content: bytes, start: int, length: int) -> bool:
    before, after = content[start - 1 : start] if start else b"", content[start + length : start + length + 1]
    return not (_BESIDE.match(before) or _BESIDE.match(after))
