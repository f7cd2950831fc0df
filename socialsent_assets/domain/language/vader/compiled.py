"""The rules of reference.py, compiled: a column of UTF-8 texts in, an array of scores out.

Works on the bytes of an Arrow string column; a text never becomes a Python object. White space, capitals
and emoji of every script are read from tables made by this interpreter. What is left over (row marked in the
second result) is scored by vader_rules: a KELVIN SIGN, the one foreign character whose lower case is ASCII;
broken UTF-8; and hundreds of lexicon words around a "but". Same steps in the same order as there: read there first.

Importing this module imports numba (about a second). Not here: Arrow, languages, thresholds
(domain/language/polarity.py), how the tables are filled (tables.py).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from socialsent_assets.domain.language.compiling import borrowing, compiled
from socialsent_assets.domain.language.vader.lexicon import CAPITALS, NEGATION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from socialsent_assets.domain.language.vader.tables import Tables

# The constants below are compiled in, and numba notices a change of this file alone: they must stay in it.

# Kinds of character, as bits.
WHITE_SPACE, PUNCTUATION, UPPER_CASE, LOWER_CASE, FOREIGN, EMOJI, KELVIN, APOSTROPHE = 1, 2, 4, 8, 16, 32, 64, 128

CODE_POINTS = 0x20000
"""Characters from here on (rare ideographs, tags) are neither white space nor emoji nor of any case."""

PADDING = 3
"""Padding of unknown words before and after a text: the reach of the rules."""

HASH_FACTOR = 0x9E3779B97F4A7C15
"""2**64 / golden ratio, the multiplier of Fibonacci hashing (Knuth, TAOCP 3, 6.4)."""

BUCKET_BITS = 15
"""2**15 buckets for some 7,600 words: most other words meet an empty one."""

NO, OR, NOR, NEVER, SO, THIS, WITHOUT, DOUBT, LEAST, AT, VERY, BUT, KIND, OF = range(1, 15)
"""Names of the words that a rule mentions; other words of phrases come after them, all the rest are 0."""

TOKEN = np.dtype([("word", np.int32), ("capitals", np.bool_), ("negates", np.bool_)])

# What reading a text can end with.
_READ, _HAS_EMOJI, _LEFT_OVER = 0, 1, 2
# Above this many lexicon words, looking up equal sentiments around a "but" one by one is too slow.
_BUT_LIMIT = 256


def score_rows(
    data: NDArray[np.uint8], offsets: NDArray[np.int64], tables: Tables
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Scores of the texts `data[offsets[i]:offsets[i + 1]]`, UTF-8.

    Returns float64 (n, 4) of polarity, pos, neu, neg, and bool (n,): rows left over, whose scores are not set.
    """
    scores = np.zeros((len(offsets) - 1, 4))
    left_over = np.zeros(len(offsets) - 1, np.bool_)
    _score_rows(data, offsets, tables, scores, left_over)
    return scores, left_over


@compiled
def _score_rows(data, offsets, tables, scores, left_over):  # type: ignore[no-untyped-def]
    longest = np.int64(0)
    for row in range(len(scores)):
        longest = max(longest, offsets[row + 1] - offsets[row])
    tokens, hits, sentiments = _scratch(longest)
    for row in range(len(scores)):
        start, end = offsets[row], offsets[row + 1]
        state = _score_text(data, start, end, tables, tokens, hits, sentiments, scores, row)
        if state == _HAS_EMOJI:
            described = _describe_emoji(data, start, end, tables)
            start, end = np.int64(0), np.int64(len(described))
            if end > longest:
                longest = 2 * end
                tokens, hits, sentiments = _scratch(longest)
            state = _score_text(described, start, end, tables, tokens, hits, sentiments, scores, row)
        left_over[row] = state != _READ


@compiled
def _scratch(length):  # type: ignore[no-untyped-def]
    """Room for the tokens of a text of `length` bytes: a token and its white space take two."""
    room = length // 2 + 1 + 2 * PADDING
    return np.zeros(room, TOKEN), np.zeros(room, np.int64), np.zeros(room)


@borrowing
def _score_text(data, start, end, tables, tokens, hits, sentiments, scores, row):  # type: ignore[no-untyped-def]
    """Scores data[start:end] into scores[row]. -> state."""
    state, count, found, shouted, but, emphasis = _read_tokens(data, start, end, tables, tokens, hits)
    if state != _READ or count == 0:
        return state
    if found == 0:
        scores[row, 2] = 1.0
        return state
    if but > 0 and found > _BUT_LIMIT:
        return _LEFT_OVER
    shouting = shouted < count and shouted > 0
    kept = before_but = 0
    for k in range(found):
        valence = _valence(hits[k], shouting, tables, tokens)
        if valence != 0.0:
            sentiments[kept] = valence
            kept += 1
            before_but += hits[k] < but
    if but > 0:
        _weigh_around_but(sentiments, kept, before_but)
    _combine(sentiments, kept, count - kept, emphasis, scores, row)
    return state


# ----------------------------------------------------------------------------------- from bytes to tokens


@borrowing
def _read_tokens(data, start, end, tables, tokens, hits):  # type: ignore[no-untyped-def]
    """Splits data[start:end] and looks its words up.

    Returns state, number of tokens, of those in the lexicon, of those in capitals, where the first "but" is
    (0: nowhere), emphasis. Token i lies at PADDING + i, with unknown words before the first and after the
    last, so that the rules may look three back and two on from anywhere; hits are tokens in the lexicon.
    """
    kinds, words = tables.kinds, tables.words
    at = PADDING
    found = shouted = but = exclamations = questions = 0
    i = start
    while i < end:
        token_start, token_end, first, last, seen = i, end, end, i, 0
        hashed = hashed_to_last = np.uint64(0)
        while i < end:  # to the white space after the token
            byte = data[i]
            kind = kinds[byte]  # of a byte above 127 only that it is no ASCII letter
            if not kind & (WHITE_SPACE | PUNCTUATION | FOREIGN):
                hashed = hashed_to_last = _hash(hashed, _lower(byte, kind))
                first = min(first, i)
                i += 1
                last = i
                seen |= kind
                continue
            width = 1
            if byte > 127:
                code_point, width = _decode(data, i, end)
                kind = kinds[code_point] if code_point < CODE_POINTS else np.uint8(FOREIGN)
                if width == 0 or kind & KELVIN:
                    return _LEFT_OVER, 0, 0, 0, 0, 0.0
                if kind & EMOJI:
                    return _HAS_EMOJI, 0, 0, 0, 0, 0.0
            if kind & WHITE_SPACE:
                token_end = i
                i += width
                break
            if kind & PUNCTUATION:
                exclamations += byte == 33
                questions += byte == 63
                if first < end:
                    hashed = _hash(hashed, byte)
            i += width
            seen |= kind
        if token_end == token_start:
            continue
        number = 0
        if not seen & FOREIGN:
            if seen & PUNCTUATION and last - first <= 2:
                # Two letters or fewer keep their punctuation: that may be an emoticon.
                first, last, hashed_to_last = token_start, token_end, np.uint64(0)
                for k in range(first, last):
                    hashed_to_last = _hash(hashed_to_last, _lower(data[k], kinds[data[k]]))
            number = _look_up(data, first, last, hashed_to_last, tables)
        token = tokens[at]
        token.word = number
        token.capitals = seen & (UPPER_CASE | LOWER_CASE) == UPPER_CASE
        token.negates = seen & APOSTROPHE != 0 and _has_nt(data, token_start, token_end)
        shouted += token.capitals
        if number > 0:
            token.negates |= words[number].negates
            if words[number].is_scored:
                hits[found] = at
                found += 1
            if words[number].name == BUT and but == 0:
                but = at
        at += 1
    for i in range(at, at + PADDING):
        tokens[i].word = 0
    return _READ, at - PADDING, found, shouted, but, _emphasis(exclamations, questions)


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


@borrowing
def _look_up(data, first, last, hashed, tables):  # type: ignore[no-untyped-def]
    """Number of the ASCII word data[first:last], whatever its case; 0 when no rule knows it."""
    bucket = np.int64(hashed >> np.uint64(64 - BUCKET_BITS))
    if not tables.filled[bucket >> 3] >> (bucket & 7) & 1:  # most words end here, within the nearest cache
        return np.int64(0)
    for word in range(tables.buckets[bucket], tables.buckets[bucket + 1]):
        if tables.words[word].hash == hashed and _is_key(data, first, last, tables, word):
            return np.int64(word)
    return np.int64(0)


@borrowing
def _hash(hashed, byte):  # type: ignore[no-untyped-def]
    return (hashed ^ np.uint64(byte)) * np.uint64(HASH_FACTOR)


@borrowing
def _is_key(data, first, last, tables, word):  # type: ignore[no-untyped-def]
    start = tables.words[word].key_start
    if tables.words[word].key_length != last - first:
        return False
    for k in range(last - first):
        if _lower(data[first + k], tables.kinds[data[first + k]]) != tables.key_text[start + k]:
            return False
    return True


@borrowing
def _lower(byte, kind):  # type: ignore[no-untyped-def]
    return byte | (kind & UPPER_CASE) << 3  # in ASCII, capitals lack the bit of value 32


@borrowing
def _has_nt(data, first, last):  # type: ignore[no-untyped-def]
    for i in range(first + 1, last - 1):
        if data[i] == 39 and data[i - 1] | 32 == 110 and data[i + 1] | 32 == 116:  # ' between n or N and t or T
            return True
    return False


@borrowing
def _emphasis(exclamations, questions):  # type: ignore[no-untyped-def]
    emphasis = min(exclamations, 4) * 0.292
    if questions > 1:
        emphasis += questions * 0.18 if questions <= 3 else 0.96
    return emphasis


@compiled
def _describe_emoji(data, start, end, tables):  # type: ignore[no-untyped-def]
    """A copy of data[start:end] with a space and its description for each emoji.

    The reference leaves the space out where there is one; that changes no token. Broken UTF-8 stays as it is.
    """
    described = np.empty(0, np.uint8)
    length = 0
    for writing in (False, True):  # first measure, then write
        if writing:
            described = np.empty(length, np.uint8)
        i, length = start, 0
        while i < end:
            code_point, width = (np.int64(data[i]), 1) if data[i] < 128 else _decode(data, i, end)
            width = max(width, 1)
            piece = data[i : i + width]
            if code_point < CODE_POINTS and tables.kinds[code_point] & EMOJI:
                emoji = tables.emoji_of_code_point[code_point]
                piece = tables.emoji_text[tables.emoji_start[emoji] : tables.emoji_start[emoji + 1]]
            if writing:
                for k in range(len(piece)):
                    described[length + k] = piece[k]
            length += len(piece)
            i += width
    return described


# ------------------------------------------------------------------------------- from tokens to the scores


@borrowing
def _valence(i, shouting, tables, tokens):  # type: ignore[no-untyped-def]
    """vader_rules.valence_in_context, step by step; i counts from PADDING."""
    words = tables.words
    word, after = words[tokens[i].word], words[tokens[i + 1].word]
    before1, before2, before3 = words[tokens[i - 1].word], words[tokens[i - 2].word], words[tokens[i - 3].word]
    w3, w2, w1, w0, a1 = before3.name, before2.name, before1.name, word.name, after.name
    valence = 0.0 if w0 == NO and after.is_scored else word.valence
    if w1 == NO or w2 == NO or (w3 == NO and w1 in (OR, NOR)):
        valence = word.valence * NEGATION
    if shouting and tokens[i].capitals:
        valence += CAPITALS if valence > 0 else -CAPITALS
    so_or_this = w1 in (SO, THIS)

    if not before1.is_scored:
        valence += _boost(before1.boost, valence, shouting and tokens[i - 1].capitals)
        if tokens[i - 1].negates:
            valence *= NEGATION
    if not before2.is_scored:
        valence += _boost(before2.boost, valence, shouting and tokens[i - 2].capitals) * 0.95
        if w2 == NEVER and so_or_this:
            valence *= 1.25
        elif tokens[i - 2].negates and not (w2 == WITHOUT and w1 == DOUBT):
            valence *= NEGATION
    if i >= 2 * PADDING and not before3.is_scored:
        valence += _boost(before3.boost, valence, shouting and tokens[i - 3].capitals) * 0.9
        if so_or_this or (w3 == NEVER and w2 in (SO, THIS)):
            valence *= 1.25
        elif tokens[i - 3].negates and not (w3 == WITHOUT and DOUBT in (w1, w2)):
            valence *= NEGATION
        if w0 or w1 or w2:
            valence = _idiom(valence, w3, w2, w1, w0, a1, words[tokens[i + 2].word].name, tables)

    if w1 == LEAST and w2 not in (AT, VERY):
        valence *= NEGATION
    return 0.0 if w0 == KIND and a1 == OF else valence


@borrowing
def _boost(boost, valence, shouted):  # type: ignore[no-untyped-def]
    if boost == 0.0:
        return 0.0
    if valence < 0:
        boost = -boost
    if shouted:
        boost += CAPITALS if valence > 0 else -CAPITALS
    return boost


@borrowing
def _idiom(valence, w3, w2, w1, w0, a1, a2, tables):  # type: ignore[no-untyped-def]
    idioms, modifiers = tables.idioms, tables.modifiers
    no = np.uint8(0)  # the third word of a phrase of two
    for phrase in ((w1, w0, no), (w2, w1, w0), (w2, w1, no), (w3, w2, w1), (w3, w2, no)):
        idiom = _find(phrase, idioms)
        if idiom >= 0:
            valence = idioms[idiom].value
            break
    for phrase in ((w0, a1, no), (w0, a1, a2)):
        idiom = _find(phrase, idioms)
        if idiom >= 0:
            valence = idioms[idiom].value
    for phrase in ((w3, w2, no), (w2, w1, no)):
        modifier = _find(phrase, modifiers)
        if modifier >= 0:
            valence += modifiers[modifier].value
    return valence


@borrowing
def _find(phrase, phrases):  # type: ignore[no-untyped-def]
    first, second, third = phrase
    for k in range(len(phrases)):
        if phrases[k].first == first and phrases[k].second == second and phrases[k].third == third:
            return k
    return -1


@borrowing
def _weigh_around_but(sentiments, found, before_but):  # type: ignore[no-untyped-def]
    """vader_rules._weigh_around_but; the first equal sentiment is found by looking."""
    for k in range(found):
        first = 0
        while sentiments[first] != sentiments[k]:
            first += 1
        sentiments[first] *= 0.5 if first < before_but else 1.5


@borrowing
def _combine(sentiments, found, neutral, emphasis, scores, row):  # type: ignore[no-untyped-def]
    total = positive = negative = 0.0
    for k in range(found):
        sentiment = sentiments[k]
        total += sentiment
        if sentiment > 0:
            positive += sentiment + 1.0
        else:
            negative += sentiment - 1.0
    if total > 0:
        total += emphasis
    elif total < 0:
        total -= emphasis
    if positive > -negative:
        positive += emphasis
    elif positive < -negative:
        negative -= emphasis
    whole = positive - negative + neutral
    scores[row, 0] = _rounded(max(-1.0, min(1.0, total / math.sqrt(total * total + 15.0))), 10_000.0)
    scores[row, 1] = _rounded(positive / whole, 1_000.0)
    scores[row, 2] = _rounded(neutral / whole, 1_000.0)
    scores[row, 3] = _rounded(abs(negative / whole), 1_000.0)


@borrowing
def _rounded(x, scale):  # type: ignore[no-untyped-def]
    """Python's round to 3 (scale 1000) or 4 (10000) decimals for |x| <= 1: exact value to nearest, ties to even.

    Rounding x * scale is right except close to a tie, where the product's own rounding decides. There the
    exact product is compared with the tie: x is split into two halves of 26 bits whose products with
    2 * scale (15 bits) are exact (Dekker 1971), and of their difference from the tie only the sign is used.
    """
    size = abs(x)
    scaled = size * scale
    whole = math.floor(scaled)
    if abs(scaled - whole - 0.5) < 1e-6:
        factor = size * 134217729.0  # 2**27 + 1
        high = factor - (factor - size)
        low = size - high
        beyond = (high * (2.0 * scale) - (2.0 * whole + 1.0)) + low * (2.0 * scale)
        if beyond > 0 or (beyond == 0 and whole % 2 == 1):
            whole += 1
    elif scaled - whole > 0.5:
        whole += 1
    return math.copysign(whole / scale, x)
