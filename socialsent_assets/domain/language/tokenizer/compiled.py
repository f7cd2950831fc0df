"""The token grammar of text.py, compiled: a column of UTF-8 texts in, a number for each raw token out.

A token's number is its place in a `Store`, a hash table that grows with the feed's vocabulary, so that whatever is
to be known of a token is worked out once by plain Python and looked up from then on. Rows that the tables do not
cover (characters beyond `CODE_POINTS`, lower case of several characters, broken UTF-8, very long texts) are left
over for text.py. Same alternatives in the same order as `text._TOKEN_OR_SIGN`: read there first.

Imports numba. Not here: how tables are filled (tables.py), what becomes of a token (memo.py).
"""

from __future__ import annotations

import numpy as np

from socialsent_assets.domain.language.compiling import borrowing, compiled

__all__ = ["CODE_POINTS", "FULL", "LONGEST_ROW", "copy_parts", "number_tokens", "read_tokens"]

# The constants below are compiled in, and numba notices a change of this file alone: they must stay in it.

# Kinds of character, as bits.
WORD, STOP, SPACE, PICTURE, TAIL, REGION, MOUTH, NOSE, EYES, BRACKET = (1 << bit for bit in range(10))
UPPER, LOWER, LETTER = 1 << 10, 1 << 11, 1 << 12  # for readers of the text's surface

CODE_POINTS = 0x20000
"""Characters from here on (rare ideographs, tags) are left over."""

LONGEST_ROW = 1 << 16
"""Bytes; a longer text is left over."""

SLOT_BITS = 19
"""2**19 slots, twice the tokens that a store may hold."""

LONGEST_PROBE = 128
"""Slots looked at before a store counts as full: bounds the cost of tokens that were made to collide."""

HASH_FACTOR = 0x9E3779B97F4A7C15
"""2**64 / golden ratio, the multiplier of Fibonacci hashing (Knuth, TAOCP 3, 6.4)."""

# What reading a row can end with, when it is no number of tokens.
LEFT_OVER, FULL = -1, -2

_APOSTROPHE, _AT, _HASH, _LESS, _MORE, _SLASH, _THREE, _JOINER = 39, 64, 35, 60, 62, 47, 51, 0x200D


@compiled
def read_tokens(data, offsets, first, kinds, forms, with_signs, store, ids, ends, left_over):  # type: ignore[no-untyped-def]
    """Reads rows from `first` on, until the last or until the store is full.

    `data[offsets[i]:offsets[i + 1]]` are the texts, UTF-8; `kinds` and `forms` the tables of characters
    (tables.py); `with_signs` makes a token of a character that belongs to none; `store` gives tokens
    their numbers. Written are `ids` (int32, room for one per byte), from 0 on; for each row where its numbers
    end in `ids`, to `ends`; and True to `left_over` for rows that are not covered, which have no numbers.

    Returns the row that was not read because the store is full, or the number of rows.
    """
    longest = np.int64(0)
    for row in range(first, len(ends)):
        longest = max(longest, offsets[row + 1] - offsets[row])
    room = min(longest, LONGEST_ROW) + 1  # type: ignore[operator]
    points = np.empty(room, np.int32)
    kind_of = np.empty(room, np.uint16)
    at = 0
    for row in range(first, len(ends)):
        start, end = offsets[row], offsets[row + 1]
        found = _read_row(data, start, end, kinds, forms, with_signs, store, ids[at:], points, kind_of)
        if found == FULL:
            return row
        left_over[row] = found == LEFT_OVER
        at += max(found, 0)
        ends[row] = at
    return len(ends)


@borrowing
def _read_row(data, start, end, kinds, forms, with_signs, store, ids, points, kind_of):  # type: ignore[no-untyped-def]
    length = _decode_row(data, start, end, kinds, forms, points, kind_of)
    if length < 0:
        return LEFT_OVER
    found = i = 0
    while i < length:
        j = _token_end(i, points, kind_of)
        if j == i:  # no token starts here
            is_sign = with_signs and not kind_of[i] & SPACE
            i += 1
            if not is_sign:
                continue
            number = _number_of(points, i - 1, i, store)
        else:
            number = _number_of(points, i, j, store)
            i = j
        if number < 0:
            return FULL
        ids[found] = number
        found += 1
    return found


@borrowing
def _decode_row(data, start, end, kinds, forms, points, kind_of):  # type: ignore[no-untyped-def]
    """Code points of a row in the form that tokens have, and their kinds, with a stop after the last. -> length."""
    if end - start > LONGEST_ROW:
        return LEFT_OVER
    length, i = 0, start
    while i < end:
        code_point, width = np.int64(data[i]), 1
        if code_point > 127:
            code_point, width = _decode(data, i, end)
            if width == 0 or code_point >= CODE_POINTS:
                return LEFT_OVER
        form = forms[code_point]
        if form < 0:
            return LEFT_OVER
        points[length] = form
        kind_of[length] = kinds[form]
        i += width
        length += 1
    points[length] = 32
    kind_of[length] = SPACE | STOP
    return length


@borrowing
def _decode(data, i, end):  # type: ignore[no-untyped-def]
    """Code point at byte i and its width in bytes; width 0 for a character cut short or out of order."""
    lead = np.int64(data[i])
    width = 2 if 0xC2 <= lead < 0xE0 else 3 if 0xE0 <= lead < 0xF0 else 4 if 0xF0 <= lead < 0xF5 else 0
    if width == 0 or i + width > end:
        return 0, 0
    code_point = lead & (0x7F >> width)
    for k in range(i + 1, i + width):
        if data[k] & 0xC0 != 0x80:
            return 0, 0
        code_point = code_point << 6 | np.int64(data[k] & 0x3F)
    return code_point, width


# ------------------------------------------------------------------------------------------------- grammar


@borrowing
def _token_end(i, points, kind_of):  # type: ignore[no-untyped-def]
    """Where the token that starts at i ends; i when none starts there."""
    if kind_of[i] & WORD:
        return _word_end(i + 1, points, kind_of)
    if points[i] == _AT and kind_of[i + 1] & WORD:
        i += 1
        while kind_of[i] & WORD:
            i += 1
        return i
    if points[i] == _HASH and kind_of[i + 1] & WORD:
        return _run_end(i + 2, kind_of)
    if kind_of[i] & REGION and kind_of[i + 1] & REGION:
        return i + 2
    if kind_of[i] & PICTURE:
        return _picture_end(i + 1, points, kind_of)
    if i == 0 or not kind_of[i - 1] & WORD:
        return _emoticon_end(i, points, kind_of)
    return i


@borrowing
def _word_end(i, points, kind_of):  # type: ignore[no-untyped-def]
    i = _run_end(i, kind_of)
    while points[i] == _APOSTROPHE and kind_of[i + 1] & WORD:
        i = _run_end(i + 2, kind_of)
    return i


@borrowing
def _run_end(i, kind_of):  # type: ignore[no-untyped-def]
    while not kind_of[i] & STOP:
        i += 1
    return i


@borrowing
def _picture_end(i, points, kind_of):  # type: ignore[no-untyped-def]
    while True:
        while kind_of[i] & TAIL:
            i += 1
        if points[i] != _JOINER or not kind_of[i + 1] & PICTURE:
            return i
        i += 2


@borrowing
def _emoticon_end(i, points, kind_of):  # type: ignore[no-untyped-def]
    """The three forms of `text._EMOTICON`; no word may follow. i when there is none."""
    eyes = i + (points[i] == _LESS or points[i] == _MORE)
    if kind_of[eyes] & EYES:
        mouth = eyes + 1
        if kind_of[mouth] & NOSE:
            end = _mouth_end(mouth + 1, kind_of)
            if end > 0:
                return end
        end = _mouth_end(mouth, kind_of)
        if end > 0:
            return end
    if kind_of[i] & BRACKET:
        j = i
        while j < i + 9 and kind_of[j] & BRACKET:
            j += 1
        if kind_of[j] & NOSE and kind_of[j + 1] & EYES and not kind_of[j + 2] & WORD:
            return j + 2
        if kind_of[j] & EYES and not kind_of[j + 1] & WORD:
            return j + 1
    if points[i] == _LESS:
        j = i + 1 + (points[i + 1] == _SLASH)
        if points[j] == _THREE and not kind_of[j + 1] & WORD:
            return j + 1
    return i


@borrowing
def _mouth_end(i, kind_of):  # type: ignore[no-untyped-def]
    """End of the longest mouth of one to nine characters that no word follows; 0 when there is none."""
    end = i
    while end < i + 9 and kind_of[end] & MOUTH:
        end += 1
    while end > i and kind_of[end] & WORD:
        end -= 1
    return end if end > i else 0


# --------------------------------------------------------------------------------------------------- store


@borrowing
def number_tokens(points, starts, store, ids):  # type: ignore[no-untyped-def]
    """Numbers of the tokens points[starts[k]:starts[k + 1]], new or known; FULL when the store has no room."""
    for k in range(len(ids)):
        ids[k] = _number_of(points, starts[k], starts[k + 1], store)


@borrowing
def _number_of(points, start, end, store):  # type: ignore[no-untyped-def]
    """Number of the token points[start:end], new or known; FULL when the store has no room for it."""
    hashed = np.uint64(0)
    for k in range(start, end):
        hashed = (hashed ^ np.uint64(points[k])) * np.uint64(HASH_FACTOR)
    slot = np.int64(hashed >> np.uint64(64 - SLOT_BITS))
    for _ in range(LONGEST_PROBE):
        number = store.slots[slot]
        if number < 0:
            return _add(points, start, end, hashed, slot, store)
        if store.hashes[number] == hashed and _is_key(points, start, end, number, store):
            return np.int64(number)
        slot = (slot + 1) & ((1 << SLOT_BITS) - 1)
    return np.int64(FULL)


@borrowing
def _add(points, start, end, hashed, slot, store):  # type: ignore[no-untyped-def]
    number, key = store.sizes[0], store.sizes[1]
    if number + 1 >= len(store.key_starts) or key + end - start > len(store.keys):
        return np.int64(FULL)
    for k in range(start, end):
        store.keys[key + k - start] = points[k]
    store.slots[slot] = number
    store.hashes[number] = hashed
    store.key_starts[number + 1] = store.sizes[1] = key + end - start
    store.sizes[0] = number + 1
    return np.int64(number)


@borrowing
def _is_key(points, start, end, number, store):  # type: ignore[no-untyped-def]
    key = store.key_starts[number]
    if store.key_starts[number + 1] - key != end - start:
        return False
    for k in range(end - start):  # noqa: SIM110 - numba compiles no generator
        if store.keys[key + k] != points[start + k]:
            return False
    return True


@compiled
def copy_parts(source, starts, offsets, target):  # type: ignore[no-untyped-def]
    """Writes `source` from starts[k] on to target[offsets[k]:offsets[k + 1]], for each k."""
    for k in range(len(starts)):
        shift = starts[k] - offsets[k]
        for i in range(offsets[k], offsets[k + 1]):
            target[i] = source[i + shift]
