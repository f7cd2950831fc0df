"""Packings in which producers put events into one stream record: KPL aggregates, gzip, several lines.

A packing is opened before the contract looks at what is in it. Standard library only; the Kinesis Producer Library's
format is protobuf with two fields that matter, read here as its wire format.

Source of the format: awslabs/amazon-kinesis-producer, aggregation-format.md.

Not here: the contract itself (event.py), files (ingest/).
"""

from __future__ import annotations

import hashlib
import zlib

from socialsent_assets.domain.events.rejection import RefusalError

MAX_UNPACKED_BYTES = 16 * 1024 * 1024
_KPL_MAGIC = b"\xf3\x89\x9a\xc2"
_MD5_BYTES = 16
_GZIP_MAGIC = b"\x1f\x8b"
_RECORDS_FIELD = 3  # of AggregatedRecord; in it, Record.data has the same number
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_VARINT_BYTES = 10


def payloads(raw: bytes) -> list[bytes]:
    """The events in a record, each still to be checked: one, unless it is an aggregate or holds several lines.

    Raises:
        RefusalError: a packing that is named and cannot be opened.
    """
    if raw.startswith(_KPL_MAGIC):
        return [part for record in _kpl_records(raw) for part in payloads_of_text(_gunzipped(record))]
    return payloads_of_text(_gunzipped(raw))


def payloads_of_text(raw: bytes) -> list[bytes]:
    """Lines of JSON objects as one payload each; anything else, an object over many lines too, as it is."""
    if b"\n" not in raw:
        return [raw]
    lines = [line.strip() for line in raw.split(b"\n")]
    lines = [line for line in lines if line]
    if len(lines) > 1 and lines[0].startswith(b"{") and lines[0].endswith(b"}"):
        return lines
    return [raw]


def _gunzipped(raw: bytes) -> bytes:
    if not raw.startswith(_GZIP_MAGIC):
        return raw
    unpacker = zlib.decompressobj(wbits=31)
    try:
        content = unpacker.decompress(raw, MAX_UNPACKED_BYTES)
    except zlib.error as error:
        raise RefusalError("not_json", f"the record is gzip that is damaged ({error})") from None
    if unpacker.unconsumed_tail:
        raise RefusalError("too_large", f"the record is gzip of more than {MAX_UNPACKED_BYTES:,} bytes")
    if not unpacker.eof:
        raise RefusalError("not_json", "the record is gzip that is cut off")
    return content


def _kpl_records(raw: bytes) -> list[bytes]:
    body, checksum = raw[len(_KPL_MAGIC) : -_MD5_BYTES], raw[-_MD5_BYTES:]
    if hashlib.md5(body, usedforsecurity=False).digest() != checksum:
        raise RefusalError(
            "not_json",
            "a KPL aggregate (Kinesis Producer Library) whose checksum does not match: it is truncated or damaged",
        )
    found = []
    for record in _fields(body, _RECORDS_FIELD):
        found += _fields(record, _RECORDS_FIELD)[:1]
    if not found:
        raise RefusalError("not_an_object", "a KPL aggregate (Kinesis Producer Library) without records")
    return found


def _fields(message: bytes, wanted: int) -> list[bytes]:
    """The values of a field of bytes in a protobuf message."""
    found, place = [], 0
    while place < len(message):
        key, place = _varint(message, place)
        field, wire = key >> 3, key & 7
        if wire == _VARINT:
            _, place = _varint(message, place)
        elif wire in (_FIXED64, _FIXED32):
            place += 8 if wire == _FIXED64 else 4
        elif wire == _BYTES:
            size, place = _varint(message, place)
            if field == wanted:
                found.append(message[place : place + size])
            place += size
        else:
            raise _unreadable()
        if place > len(message):
            raise _unreadable()
    return found


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(_MAX_VARINT_BYTES):
        if place >= len(message):
            break
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return value, place
    raise _unreadable()


def _unreadable() -> RefusalError:
    return RefusalError("not_json", "a KPL aggregate (Kinesis Producer Library) that cannot be read")
