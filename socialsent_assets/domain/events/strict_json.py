"""JSON as the contract allows it: UTF-8, no NaN, numbers that fit, bounded nesting; and arrays cut into elements.

Of two equal keys in one object the last one wins, as everywhere in Python.

Not here: what an object has to hold (event.py, kinds/).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from socialsent_assets.domain.events.rejection import RefusalError, shown

MAX_DEPTH = 64
_INT64_DIGITS = 20  # a sign and 19 digits; checked first, because int() rejects more than 4,300 digits in its own way
_MARK = re.compile(rb'\\.|["\[\]{},]', re.DOTALL)
_BLANK = b" \t\r\n"


def read(raw: bytes) -> object:
    """The JSON value in `raw`.

    Raises:
        RefusalError: not_utf8, not_json (NaN, Infinity and nesting deeper than 64 levels included), or
            invalid_field for a number that fits neither 64 bits nor a double.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RefusalError("not_utf8", f"byte {error.start} is not UTF-8: {error.reason}") from None
    # Counting is a hundred times faster than looking, and an ordinary event has a handful of brackets.
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _deeper_than_allowed(raw):
        raise RefusalError("not_json", f"nested deeper than {MAX_DEPTH} levels")
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise RefusalError("not_json", f"{error.msg.removesuffix(' starting at')} at character {error.pos}") from None


def elements(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The elements of one JSON array that arrives in pieces, each as its own bytes, not yet checked.

    An element with a mistake in it does not take its neighbours along, as long as its quotes and brackets
    pair up; an array that is cut off yields what there is. What follows the closing bracket comes last, as
    one piece. Memory: one element and one chunk.
    """
    pending, scanned, depth, quoted = b"", 0, 0, False
    stream = iter(chunks)
    for chunk in stream:
        pending += chunk
        begin, last = 0, scanned
        for mark in _MARK.finditer(pending, scanned):
            sign, last = mark.group(), mark.end()
            if sign == b'"':
                quoted = not quoted
            elif quoted:
                continue
            elif sign in b"[{":
                depth += 1
                begin = last if depth == 1 else begin
            elif sign in b"]}":
                depth -= 1
            if depth == 0 or (depth == 1 and sign == b","):
                yield pending[begin : mark.start()].strip(_BLANK)
                begin = last
            if depth == 0:
                yield from _remainder(pending[last:], stream)
                return
        pending = pending[begin:]
        # A backslash at the very end waits for the character that it escapes.
        cut_escape = pending.endswith(b"\\") and last - begin < len(pending)
        scanned = len(pending) - cut_escape
    if pending.strip(_BLANK) not in (b"", b"["):
        yield pending.strip(_BLANK)


def _remainder(first: bytes, stream: Iterator[bytes]) -> Iterator[bytes]:
    rest = b"".join([first, *stream]).strip(_BLANK)
    if rest:
        yield rest


def _deeper_than_allowed(raw: bytes) -> bool:
    depth, quoted = 0, False
    for mark in _MARK.finditer(raw):
        sign = mark.group()
        if sign == b'"':
            quoted = not quoted
        elif not quoted and sign in (b"[", b"{"):
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif not quoted and sign in (b"]", b"}"):
            depth -= 1
    return False


def _integer(digits: str) -> int:
    if len(digits) <= _INT64_DIGITS and -(2**63) <= (number := int(digits)) < 2**63:
        return number
    raise RefusalError("invalid_field", f"the number {shown(digits)} does not fit 64 bits")


def _real(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise RefusalError("invalid_field", f"the number {shown(digits)} is beyond the range of a double")
    return number


def _constant(name: str) -> object:
    raise RefusalError("not_json", f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_real, parse_constant=_constant)
