"""VADER's data packed into arrays, in the form that compiled code reads.

Words become small integers: 0 is every word that no rule uses. Not here: the data itself
(lexicon.py), the rules (reference.py, and compiled.py, which reads these arrays).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from socialsent_assets.domain.language.vader.compiled import (
    APOSTROPHE,
    BUCKET_BITS,
    CODE_POINTS,
    EMOJI,
    FOREIGN,
    HASH_FACTOR,
    KELVIN,
    LOWER_CASE,
    PUNCTUATION,
    UPPER_CASE,
    WHITE_SPACE,
)
from socialsent_assets.domain.language.vader.corrections import NO_CORRECTIONS, Corrections, Lexicon, lexicon_of
from socialsent_assets.domain.language.vader.lexicon import (
    BOOSTER_PHRASES,
    BOOSTERS,
    IDIOMS,
    NEGATIONS,
    Phrases,
    emoji_descriptions,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KELVIN_SIGN = 0x212A

_NAMED_WORDS = (
    *("no", "or", "nor", "never", "so", "this", "without", "doubt", "least", "at", "very", "but", "kind", "of"),
    *sorted({word for phrase in (*IDIOMS, *BOOSTER_PHRASES) for word in phrase} - {"kind", "of"}),
)
_NAME_OF = {word: number for number, word in enumerate(_NAMED_WORDS, start=1)}
_WORD = np.dtype(
    [
        ("hash", np.uint64),
        ("valence", np.float64),  # 0.0 when not in the lexicon
        ("boost", np.float64),  # 0.0 when not a degree adverb
        ("key_start", np.int32),  # where its letters lie in key_text
        ("key_length", np.int32),
        ("is_scored", np.bool_),  # in the lexicon
        ("negates", np.bool_),
        ("name", np.uint8),  # NO, OR, ...; 0 for words that no rule mentions
    ],
    align=True,
)
_PHRASE = np.dtype(
    [("value", np.float64), ("first", np.uint8), ("second", np.uint8), ("third", np.uint8)], align=True
)


class Tables(NamedTuple):
    """Everything the compiled rules read."""

    kinds: NDArray[np.uint8]
    """(CODE_POINTS,) flags of each character."""
    buckets: NDArray[np.int32]
    """(2**BUCKET_BITS + 1,) words whose hash starts with the bits b are numbers buckets[b] to buckets[b + 1] - 1."""
    filled: NDArray[np.uint8]
    """(2**BUCKET_BITS / 8,) one bit for each bucket, set when there is a word in it."""
    words: NDArray[np.void]
    """(words,) what the rules ask about a word; number 0 is every word they do not know."""
    key_text: NDArray[np.uint8]
    """The words' letters, one after the other."""
    idioms: NDArray[np.void]
    """Phrases that replace a valence, by the names of their words; third is 0 in a phrase of two."""
    modifiers: NDArray[np.void]
    """Phrases that add to a valence."""
    emoji_of_code_point: NDArray[np.int16]
    """(CODE_POINTS,) number of the emoji, for characters whose kind is EMOJI."""
    emoji_start: NDArray[np.int32]
    """(emoji + 1,) where its description lies in emoji_text."""
    emoji_text: NDArray[np.uint8]
    """Descriptions in UTF-8, each after a space."""


def tables(corrections: Corrections = NO_CORRECTIONS) -> Tables:
    """The arrays, built once per process and set of corrections, in about 0.1 s."""
    return _tables(corrections)


@lru_cache(maxsize=4)
def _tables(corrections: Corrections) -> Tables:
    lexicon = lexicon_of(corrections)
    keys = ["", *sorted(_keys(lexicon), key=_hash)]
    words = _words(keys, lexicon)
    buckets = _buckets(words["hash"][1:])
    emoji_of_code_point, emoji_start, emoji_text = _emoji(lexicon)
    return Tables(
        kinds=_kinds(),
        buckets=buckets,
        filled=np.packbits(np.diff(buckets) > 0, bitorder="little"),
        words=words,
        key_text=np.frombuffer("".join(keys).encode("ascii"), np.uint8),
        idioms=_phrases(IDIOMS),
        modifiers=_phrases(BOOSTER_PHRASES),
        emoji_of_code_point=emoji_of_code_point,
        emoji_start=emoji_start,
        emoji_text=emoji_text,
    )


def _keys(lexicon: Lexicon) -> list[str]:
    """Words that a lower-cased token can equal. The lexicon also has "XD", "can't stand": no token ever does."""
    words = {*lexicon.valences, *BOOSTERS, *NEGATIONS, *_NAMED_WORDS}
    return sorted(word for word in words if word.isascii() and word == word.lower() and len(word.split()) == 1)


def _hash(word: str) -> int:
    """FNV's scheme with a 64-bit golden-ratio multiplier; vader_batch computes the same."""
    result = 0
    for byte in word.encode("ascii"):
        result = ((result ^ byte) * HASH_FACTOR) & 0xFFFF_FFFF_FFFF_FFFF
    return result


def _buckets(hashes: NDArray[np.uint64]) -> NDArray[np.int32]:
    starts = np.arange(2**BUCKET_BITS, dtype=np.uint64) << np.uint64(64 - BUCKET_BITS)
    return np.append(1 + np.searchsorted(hashes, starts), 1 + len(hashes)).astype(np.int32)


def _words(keys: list[str], lexicon: Lexicon) -> NDArray[np.void]:
    words = np.zeros(len(keys), _WORD)
    words["hash"] = [_hash(key) for key in keys]
    words["valence"] = [lexicon.valences.get(key, 0.0) for key in keys]
    words["boost"] = [BOOSTERS.get(key, 0.0) for key in keys]
    words["key_length"] = [len(key) for key in keys]
    words["key_start"] = np.cumsum(words["key_length"]) - words["key_length"]
    words["is_scored"] = [key in lexicon.valences for key in keys]
    words["negates"] = [key in NEGATIONS for key in keys]
    words["name"] = [_NAME_OF.get(key, 0) for key in keys]
    return words


def _kinds() -> NDArray[np.uint8]:
    return np.frombuffer(bytes(_kind(chr(code_point)) for code_point in range(CODE_POINTS)), np.uint8)


def _kind(character: str) -> int:
    if character.isspace():
        return WHITE_SPACE
    if character == "'":
        return PUNCTUATION | APOSTROPHE
    kind = 0 if character.isascii() else FOREIGN
    if ord(character) == _KELVIN_SIGN:
        return kind | KELVIN
    if character in emoji_descriptions():
        return kind | EMOJI
    if character.isupper():
        return kind | UPPER_CASE
    if character.islower() or character.istitle():  # a title-case letter (U+01C5) keeps a word from being upper case
        return kind | LOWER_CASE
    return kind | (PUNCTUATION if 33 <= ord(character) < 127 and not character.isalnum() else 0)


def _emoji(lexicon: Lexicon) -> tuple[NDArray[np.int16], NDArray[np.int32], NDArray[np.uint8]]:
    number_of = np.zeros(CODE_POINTS, np.int16)
    encoded = [f" {description}".encode() for description in lexicon.descriptions.values()]
    for number, emoji in enumerate(lexicon.descriptions):
        number_of[ord(emoji)] = number
    starts = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    return number_of, starts, np.frombuffer(b"".join(encoded), np.uint8)


def _phrases(phrases: Phrases) -> NDArray[np.void]:
    rows = [(value, *[_NAME_OF[word] for word in words], 0)[:4] for words, value in phrases.items()]
    return np.array(rows, _PHRASE)
