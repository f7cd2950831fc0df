"""Guess the encoding of a file that does not declare it: UTF-8 if valid, else UTF-16 or Windows-1252, with a notice.

Not here: recoding (file_bytes.py).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

from socialsent_assets.domain.events.errors import UserError

_LOOKED_AT = 256 * 1024 * 1024  # bytes; a file in another encoding shows it long before
_NULS = 0.2
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]+")
FALLBACK = "cp1252"


def checked_encoding(name: str) -> str:
    """A codec's own name for `--encoding`. Raises UserError for one that Python does not have."""
    try:
        info = codecs.lookup(name)
    except LookupError:
        raise UserError(f"--encoding {name} is not known; write utf-8, latin-1, cp1252, utf-16 …") from None
    if not getattr(info, "_is_text_encoding", True):
        raise UserError(f"--encoding {name} is no encoding of text; write utf-8, latin-1, cp1252, utf-16 …")
    return info.name


def guessed_encoding(pieces: Iterable[bytes]) -> str | None:
    """None for UTF-8 or a byte order mark; else the codec that the bytes fit.

    A file of which most characters beyond ASCII are UTF-8 stays UTF-8, so that lines in another encoding are
    quarantined with their bytes instead of turning the rest into other characters.
    """
    good = bad = seen = 0
    rest = b""
    for piece in pieces:
        if not seen and piece.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return None
        if not seen and (found := _utf16(piece)):
            return found
        seen += len(piece)
        if piece.isascii() and not rest:
            if seen > _LOOKED_AT:
                break
            continue
        content, rest = _split_at_ascii(rest + piece)
        for run in _HIGH.findall(content):
            whole = sum(map(len, _MULTIBYTE.findall(run)))
            good += whole
            bad += len(run) - whole
        if seen > _LOOKED_AT:
            break
    return FALLBACK if bad > good else None


def _utf16(head: bytes) -> str | None:
    sample = head[:4096]
    if sample.count(0) < len(sample) * _NULS:
        return None
    return "utf-16-le" if sample[1::2].count(0) >= sample[0::2].count(0) else "utf-16-be"


def _split_at_ascii(content: bytes) -> tuple[bytes, bytes]:
    """Content up to its last ASCII byte, and the rest, which the next piece may complete."""
    for back in range(1, min(4, len(content)) + 1):
        if content[-back] < 0x80:
            return content[: len(content) - back + 1], content[len(content) - back + 1 :]
    return content, b""
