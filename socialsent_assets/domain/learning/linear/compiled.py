"""The linear classifier, compiled: numbered tokens of a column in, uncalibrated scores out.

Reads the numbers of tokens that the compiled tokenizer found, the texts' bytes for surface features, and
the arrays of a model. Same features in the same order as features.py, same weights as tfidf.py: read there first.
Sums are of float64, whose order changes a score by less than 1e-12.

Imports numba. Not here: how the arrays are filled (tables.py), Arrow (predictor.py).
"""

from __future__ import annotations

import math

import numpy as np

from socialsent_assets.domain.language.compiling import borrowing, compiled

__all__ = ["NO_PAIR", "WORD", "put_pairs", "weigh_rows"]

# The constants below are compiled in, and numba notices a change of this file alone: they must stay in it.

# What is known of a word, as bits.
NEGATION, ENDS_CLAUSE, APART, ALPHANUMERIC, DIGIT, HASHTAG, USER, PAIR_FIRST, PAIR_SECOND = (
    1 << bit for bit in range(9)
)

# Kinds of character, as language/tokenizer/compiled.py has them (a test compares).
SPACE, UPPER, LOWER, LETTER = 1 << 2, 1 << 10, 1 << 11, 1 << 12

WORD = np.dtype(
    [
        ("valence", np.float64),  # 0.0 when not in the lexicon
        ("term", np.int32),  # as a single word; -1 when the model does not know it
        ("negated_term", np.int32),  # in the reach of a negation
        ("grown", np.int32),  # for a run of marks: the run with one mark more, of three at most
        ("flags", np.uint16),
        ("starts_with", np.uint8),  # which of ".!?" it starts with, from 1; 0 for none
        ("is_mark", np.bool_),  # a single ".", "!" or "?"
    ],
    align=True,
)

WORD_BITS, TERM_BITS = 18, 28
"""A pair of words and its term in the 64 bits of a slot."""

FILTER_BITS = 20

NO_PAIR = 2**64 - 1

NUMBERS = 30

HASH_FACTOR = 0x9E3779B97F4A7C15
"""2**64 / golden ratio, the multiplier of Fibonacci hashing (Knuth, TAOCP 3, 6.4)."""


@compiled
def weigh_rows(data, offsets, ids, ends, words, model, kinds, polarity, left_over, scores, is_silent):  # type: ignore[no-untyped-def]
    """Scores the texts `data[offsets[i]:offsets[i + 1]]`.

    The texts are readable, in UTF-8; the tokens of text i end at ids[ends[i]]. `words` is what is known of each
    number (predictor.Words), `model` the weights (tables.Model), `kinds` the table of characters, `polarity`
    (rows, 4) VADER's scores. Written are `scores` (rows, 3) and, for texts without a word, True to `is_silent`;
    rows that are `left_over` by the tokenizer get no scores.
    """
    word_counts = np.zeros(len(model.word_terms), np.int32)
    gram_counts = np.ones(len(model.character_terms), np.int32)
    is_seen = np.zeros(len(model.character_terms) // 64 + 1, np.uint64)
    touched = np.empty(len(word_counts), np.int32)
    repeated = np.empty(_most_grams(ends, ids, words) + 1, np.int32)
    sequence = np.empty(len(ids) + 1, np.int32)
    numbers = np.empty(NUMBERS)
    for row in range(len(ends)):
        if left_over[row]:
            continue
        first = ends[row - 1] if row else np.int64(0)
        length = _read_words(ids, first, ends[row], words, sequence)
        numbers[:] = 0.0
        _lexicon_says(polarity, row, numbers)
        _surface(data, offsets[row], offsets[row + 1], kinds, numbers)
        kept, seen = _walk(sequence, length, words, model, word_counts, touched, numbers)
        is_silent[row] = kept == 0
        for k in range(3):
            scores[row, k] = model.intercept[k]
            for n in range(NUMBERS):
                scores[row, k] += numbers[n] * model.numbers[n, k]
        _add_terms(word_counts, touched, seen, model, scores, row)
        _add_grams(sequence, kept, words, model, is_seen, gram_counts, repeated, scores, row)


@borrowing
def _most_grams(ends, ids, words):  # type: ignore[no-untyped-def]
    """At least the number of n-grams of any text."""
    most = first = np.int64(0)
    for row in range(len(ends)):
        found = np.int64(0)
        for i in range(first, ends[row]):
            number = words.word_of[ids[i]]
            if number >= 0:
                found += words.gram_starts[number + 1] - words.gram_starts[number] + 10  # as a run of marks
        most, first = max(most, found), ends[row]
    return most


# --------------------------------------------------------------------------------------------------- words


@borrowing
def _read_words(ids, first, end, words, sequence):  # type: ignore[no-untyped-def]
    """Words of the tokens ids[first:end], with runs of marks as one word. -> how many."""
    length = 0
    for i in range(first, end):
        number = words.word_of[ids[i]]
        if number < 0:
            continue
        word = words.words[number]
        if word.is_mark and length and words.words[sequence[length - 1]].starts_with == word.starts_with:
            sequence[length - 1] = words.words[sequence[length - 1]].grown
        else:
            sequence[length] = number
            length += 1
    return length


@borrowing
def _walk(sequence, length, words, model, counts, touched, numbers):  # type: ignore[no-untyped-def]
    """Counts terms of words and fills the numbers that words give.

    Leaves in `sequence` the words that are kept. -> how many are kept, how many different terms there are.
    """
    kept = seen = 0
    negating = negates = mentions = has_number = False
    hashtags = up_count = down_count = 0
    up = down = last = 0.0
    highest, lowest = -math.inf, math.inf
    total = 0.0
    previous = np.int64(-1)
    for i in range(length):
        number = np.int64(sequence[i])
        word = words.words[number]
        flags = word.flags
        if flags & APART:
            negating = False
            continue
        if flags & ENDS_CLAUSE:
            negating = False
        is_negation = flags & NEGATION != 0
        is_negated = negating and not is_negation and flags & ALPHANUMERIC != 0
        negating = negating or is_negation
        sequence[kept] = number
        kept += 1

        seen = _count(np.int64(word.term), counts, touched, seen)
        if is_negated:
            seen = _count(np.int64(word.negated_term), counts, touched, seen)
        if previous >= 0 and flags & PAIR_SECOND and words.words[previous].flags & PAIR_FIRST:
            seen = _count(_find_pair(previous, number, model.pairs, model.pair_filter), counts, touched, seen)
        previous = number

        negates = negates or is_negation
        mentions = mentions or flags & USER != 0
        has_number = has_number or flags & DIGIT != 0
        hashtags += flags & HASHTAG != 0
        if word.valence != 0.0:
            valence = word.valence / 4 * (-0.7 if is_negated else 1.0)
            if valence > 0:
                up += valence
                up_count += 1
            else:
                down += valence
                down_count += 1
            total += valence
            highest, lowest, last = max(highest, valence), min(lowest, valence), valence
    numbers[15] = negates
    numbers[16] = math.log1p(kept) / 4
    numbers[17] = mentions
    numbers[18] = math.log1p(hashtags)
    numbers[19] = has_number
    numbers[20] = kept < 6
    if up_count + down_count:
        numbers[21] = math.log1p(up)
        numbers[22] = math.log1p(-down)
        numbers[23] = highest
        numbers[24] = lowest
        numbers[25] = last
        numbers[26] = math.log1p(up_count)
        numbers[27] = math.log1p(down_count)
        numbers[28] = total / (up_count + down_count)
        numbers[29] = total / (1 + up_count + down_count)
    return kept, seen


@borrowing
def _count(term, counts, touched, seen):  # type: ignore[no-untyped-def]
    """Counts a term, unless it is -1. -> how many different ones were seen."""
    if term >= 0:
        if counts[term] == 0:
            touched[seen] = term
            seen += 1
        counts[term] += 1
    return seen


@borrowing
def _add_grams(sequence, length, words, model, is_seen, counts, repeated, scores, row):  # type: ignore[no-untyped-def]
    """Adds the weights of the words' n-grams.

    The sums of each word are known as if no n-gram occurred twice; those that did are then corrected. `is_seen`,
    a bit for each n-gram, lies in the nearest cache; `counts` are 1 before and after.
    """
    square = negative = neutral = positive = 0.0
    found = 0
    is_seen[:] = 0
    for i in range(length):
        number = sequence[i]
        square += words.gram_sums[number, 0]
        negative += words.gram_sums[number, 1]
        neutral += words.gram_sums[number, 2]
        positive += words.gram_sums[number, 3]
        for k in range(words.gram_starts[number], words.gram_starts[number + 1]):
            gram = words.grams[k]
            bits = is_seen[gram >> 6]
            bit = np.uint64(1) << np.uint64(gram & 63)
            repeated[found] = gram
            found += bits & bit != 0
            is_seen[gram >> 6] = bits | bit
    for i in range(found):
        gram = repeated[i]
        count = np.int64(counts[gram]) + 1
        counts[gram] = count
        before, after = _damped(count - 1, model), _damped(count, model)
        rarity = np.float64(model.character_terms[gram, 0])
        excess = rarity * (after - before - 1.0)
        square += rarity * rarity * (after * after - before * before - 1.0)
        negative += excess * model.character_terms[gram, 1]
        neutral += excess * model.character_terms[gram, 2]
        positive += excess * model.character_terms[gram, 3]
    for i in range(found):
        counts[repeated[i]] = 1
    if square > 0:
        scale = 1.0 / math.sqrt(square)
        scores[row, 0] += negative * scale
        scores[row, 1] += neutral * scale
        scores[row, 2] += positive * scale


@borrowing
def _damped(count, model):  # type: ignore[no-untyped-def]
    return model.logarithms[count] if count < len(model.logarithms) else 1.0 + math.log(count)


@borrowing
def _add_terms(counts, touched, seen, model, scores, row):  # type: ignore[no-untyped-def]
    """Adds the weights of counted terms of words, as `tfidf.weigh` does, and sets their counts back to 0."""
    square = negative = neutral = positive = 0.0
    terms = model.word_terms
    for i in range(seen):
        term = touched[i]
        value = _damped(counts[term], model) * terms[term, 0]
        counts[term] = 0
        square += value * value
        negative += value * terms[term, 1]
        neutral += value * terms[term, 2]
        positive += value * terms[term, 3]
        scores[row, 0] += terms[term, 4]
        scores[row, 1] += terms[term, 5]
        scores[row, 2] += terms[term, 6]
    if square > 0:
        length = math.sqrt(square)
        scores[row, 0] += negative / length
        scores[row, 1] += neutral / length
        scores[row, 2] += positive / length


# ------------------------------------------------------------------------------------------------- numbers


@borrowing
def _lexicon_says(polarity, row, numbers):  # type: ignore[no-untyped-def]
    compound = polarity[row, 0]
    numbers[0] = compound
    numbers[1] = 3 * polarity[row, 1]
    numbers[2] = polarity[row, 2]
    numbers[3] = 3 * polarity[row, 3]
    numbers[4] = compound >= 0.05
    numbers[5] = compound <= -0.05
    numbers[6] = compound > 0.5
    numbers[7] = compound < -0.5
    numbers[8] = abs(compound)


@borrowing
def _surface(data, start, end, kinds, numbers):  # type: ignore[no-untyped-def]
    exclamations = questions = shouted = dots = 0
    trails_off = is_stretched = False
    length = run = cases = 0  # of the present word, of the present letter, of the present word's characters
    previous = np.int64(-1)
    i = start
    while i < end:
        code_point = np.int64(data[i])
        i += 1
        if code_point > 127:  # the tokenizer has found it to be good UTF-8
            rest = 1 if code_point < 0xE0 else 2 if code_point < 0xF0 else 3
            code_point &= 0x3F >> rest
            for _ in range(rest):
                code_point = code_point << 6 | np.int64(data[i] & 0x3F)
                i += 1
        kind = np.int64(kinds[code_point])
        if kind & LETTER:
            run = run + 1 if code_point == previous else 1
            is_stretched = is_stretched or run == 3
            length += 1
            cases |= kind  # type: ignore[assignment]
        elif kind & SPACE:
            shouted += length > 2 and cases & (UPPER | LOWER) == UPPER
            length = cases = 0
        else:
            exclamations += code_point == 33
            questions += code_point == 63
            if code_point == 46:
                dots = dots + 1 if previous == 46 else 1
                trails_off = trails_off or dots == 3
            length += 1
            cases |= kind  # type: ignore[assignment]
        previous = code_point
    shouted += length > 2 and cases & (UPPER | LOWER) == UPPER
    numbers[9] = exclamations > 0
    numbers[10] = exclamations > 2
    numbers[11] = questions > 0
    numbers[12] = trails_off
    numbers[13] = math.log1p(shouted)
    numbers[14] = is_stretched


# ------------------------------------------------------------------------------------------ pairs of words


@borrowing
def put_pairs(firsts, seconds, terms, pairs, pair_filter):  # type: ignore[no-untyped-def]
    """Puts terms by the numbers of two words into an empty table of at least twice the size, a power of two.

    A bit of `pair_filter` is set for each; a pair whose bit is not set is unknown.
    """
    for k in range(len(terms)):
        key = np.uint64(firsts[k]) << np.uint64(WORD_BITS) | np.uint64(seconds[k])
        mark = np.int64((key * np.uint64(HASH_FACTOR)) >> np.uint64(64 - FILTER_BITS))
        pair_filter[mark >> 3] |= 1 << (mark & 7)
        pairs[_pair_slot(key, pairs)] = key << np.uint64(TERM_BITS) | np.uint64(terms[k])


@borrowing
def _find_pair(first, second, pairs, pair_filter):  # type: ignore[no-untyped-def]
    """Term of two words; -1 when the model does not know the pair."""
    key = np.uint64(first) << np.uint64(WORD_BITS) | np.uint64(second)
    mark = np.int64((key * np.uint64(HASH_FACTOR)) >> np.uint64(64 - FILTER_BITS))
    if not pair_filter[mark >> 3] >> (mark & 7) & 1:  # most unknown pairs end here, in a near cache
        return np.int64(-1)
    found = pairs[_pair_slot(key, pairs)]
    return np.int64(-1) if found == NO_PAIR else np.int64(found & np.uint64((1 << TERM_BITS) - 1))


@borrowing
def _pair_slot(key, pairs):  # type: ignore[no-untyped-def]
    """Slot of the pair, or the empty one where it belongs."""
    mask = len(pairs) - 1
    slot = np.int64((key * np.uint64(HASH_FACTOR)) >> np.uint64(32)) & mask
    while pairs[slot] != NO_PAIR and pairs[slot] >> np.uint64(TERM_BITS) != key:
        slot = (slot + 1) & mask
    return slot
