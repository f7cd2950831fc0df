"""Files opened for the search: gzip, Parquet, Avro, zip, and the base64 of quarantined records.

Not here: what is looked for (needles.py), databases (traces.py).
"""

from __future__ import annotations

import base64
import contextlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

GZIP, PARQUET, AVRO, ZIP = b"\x1f\x8b", b"PAR1", b"Obj\x01", b"PK\x03\x04"

_RAW = re.compile(rb'"raw"\s*:\s*"([A-Za-z0-9+/=]+)"')
_WHOLLY_BASE64 = r"^(?:[A-Za-z0-9+/]{4}){2,}(?:[A-Za-z0-9+/]{2}(?:==|[A-Za-z0-9+/]=))?$"
_SYNC, _FOOTER, _ROWS = 16, 8, 100_000
_NAMED, _HEAD = 0b11000, 4096  # of a gzip file: the name and the comment that it may carry


@dataclass(frozen=True)
class Part:
    """Bytes of a file.

    Attributes:
        place: what they are, in words; "" for the file as it is.
        content: the bytes.
        is_text: whether they can be read; otherwise they are packed or binary.
        ids: distinct values of the columns of ids, of a table.
    """

    place: str
    content: bytes
    is_text: bool = True
    ids: frozenset[str] = frozenset()


def is_id_column(name: str) -> bool:
    """Whether a column of a table holds ids."""
    return name.endswith("_id")


def parts_of(content: bytes, *, with_ids: bool = False) -> Iterator[Part]:
    """The content as it is, and what it packs; the ids of a table when they are wanted."""
    if content.startswith(GZIP):
        yield Part("", content, is_text=False)
        if content[3] & _NAMED:
            yield Part("", b"\n".join(content[10:_HEAD].split(b"\0", 2)[:2]))
        yield from _with_raws("gzip", _gunzipped(content))
    elif content.startswith(PARQUET):
        yield Part("", content, is_text=False)
        yield Part("", _parquet_footer(content))
        yield _parquet(content, with_ids=with_ids)
    elif content.startswith(AVRO):
        yield Part("", content, is_text=False)
        yield Part("Avro", _avro(content))
    elif content.startswith(ZIP):
        yield Part("", content, is_text=False)
        with contextlib.suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(content)) as packed:
            for name in packed.namelist():
                yield Part(f"{name} in zip", packed.read(name))
    elif b"\0" in content:
        yield Part("", content, is_text=False)
    else:
        yield from _with_raws("", content)


def one_a_line(values: pa.Array) -> bytes:
    """UTF-8 of an Arrow array of texts, one value a line, joined by Arrow without a Python object for each."""
    import pyarrow as pa
    import pyarrow.compute as pc

    pieces = []
    for first in range(0, len(values), _ROWS):  # Arrow joins texts of up to 2 GiB
        texts = pc.cast(values.slice(first, _ROWS), pa.string())
        joined = pc.binary_join(pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), texts), "\n")
        pieces.append(joined[0].as_buffer().to_pybytes())
    return b"\n".join(pieces)


def _with_raws(place: str, content: bytes) -> Iterator[Part]:
    yield Part(place, content)
    raws = b"\n".join(_decoded(raw) for raw in _RAW.findall(content))
    if raws:
        yield Part(f"base64 in {place or 'it'}", raws)


def _gunzipped(content: bytes) -> bytes:
    """Every member; of a damaged one what can be read."""
    pieces, rest = [], content
    while rest:
        member = zlib.decompressobj(31)
        try:
            pieces.append(member.decompress(rest))
        except zlib.error:
            pieces.append(_readable(rest))
            break
        rest = member.unused_data.lstrip(b"\0")
    return b"".join(pieces)


def _readable(damaged: bytes) -> bytes:
    member, pieces = zlib.decompressobj(31), []
    with contextlib.suppress(zlib.error):
        for first in range(0, len(damaged), 256):
            pieces.append(member.decompress(damaged[first : first + 256]))
    return b"".join(pieces)


def _parquet_footer(content: bytes) -> bytes:
    """Metadata, which hold the least and the greatest value of every column as they are."""
    length = int.from_bytes(content[-_FOOTER:-4], "little")
    return content[-_FOOTER - length : -_FOOTER]


def _parquet(content: bytes, *, with_ids: bool) -> Part:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    found: list[bytes] = []
    ids: set[str] = set()
    table = pq.read_table(pa.BufferReader(content))
    for name, column in zip(table.column_names, table.columns, strict=True):
        values = pc.list_flatten(column) if pa.types.is_list(column.type) else column
        if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
            continue
        distinct = pc.unique(values).drop_null()
        found.append(one_a_line(distinct))
        if with_ids and is_id_column(name):
            ids.update(distinct.to_pylist())
        packed = distinct.filter(pc.match_substring_regex(distinct, _WHOLLY_BASE64))
        found += [_decoded(value) for value in pc.cast(packed, pa.binary()).to_pylist()]
    return Part("Parquet", b"\n".join(found), ids=frozenset(ids))


def _avro(content: bytes) -> bytes:
    """Metadata and blocks; each block ends with the marker that ends the file."""
    sync = content[-_SYNC:]
    head, *blocks = content.split(sync)
    pieces = [head]
    for block in blocks:
        data = _after_number(_after_number(block))
        if b"deflate" in head:
            with contextlib.suppress(zlib.error):
                data = zlib.decompress(data, -15)
        pieces.append(data)
    return b"\n".join(pieces)


def _after_number(content: bytes) -> bytes:
    """What follows a number of Avro: bytes with the highest bit set, and one without."""
    for place, byte in enumerate(content):
        if not byte & 0x80:
            return content[place + 1 :]
    return b""


def _decoded(raw: bytes) -> bytes:
    try:
        return base64.b64decode(raw)
    except ValueError:
        return b""
