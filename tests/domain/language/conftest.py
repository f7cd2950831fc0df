"""Hostile posts for the scorers: everything that the rules of VADER, Unicode or UTF-8 can trip over."""

import random
from collections.abc import Callable, Iterator

import pytest

from socialsent_assets.domain.language.vader.lexicon import (
    BOOSTER_PHRASES,
    BOOSTERS,
    IDIOMS,
    NEGATIONS,
    emoji_descriptions,
    valences,
)

RULE_WORDS = sorted({word for phrase in (*IDIOMS, *BOOSTER_PHRASES) for word in phrase})
RULE_WORDS += [
    "no",
    "or",
    "nor",
    "so",
    "this",
    "never",
    "without",
    "doubt",
    "least",
    "at",
    "very",
    "but",
    "kind",
    "of",
]
FOREIGN = ["Über", "ΣΑΣ", "naïve", "ßß", "…", "’s", "it’s", "İSTANBUL", "ǅungla", "ÉTÉ", "\u212aind", "великолепно"]
FOREIGN += ["素晴らしい", "मज़ा", "🇺🇸", "👍🏽", "❤️", "\u200bgood", "\U000e0041", "𝔊𝔬𝔬𝔡", "Ⓐ", "🄰", "ªº"]
PLAIN = ["the", "a", "I", "ok", "go", "x" * 30, "n't", "N'T", "couldn't've", "badass"]
MARKS = ["!", "?", "!!", "???", "...", ",", ".", "!?", '"', ")", "'s", ":", "--", "’", "…", "\x00"]
SPACES = [" "] * 20 + ["  ", "\t", "\n", "\u00a0", "\u3000", "\u2003", "\x1c", "\x85", "\u2028", ""]


_EMOJI = sorted(emoji_descriptions())
_VOCABULARIES = [sorted(valences()), sorted(BOOSTERS), sorted(NEGATIONS), RULE_WORDS, _EMOJI, FOREIGN, PLAIN]
_WEIGHTS = [30, 12, 8, 30, 4, 6, 10]


def _word(rng: random.Random) -> str:
    word = rng.choice(rng.choices(_VOCABULARIES, _WEIGHTS)[0])
    shape = rng.random()
    if shape < 0.15:
        word = word.upper()
    elif shape < 0.22:
        word = word.title()
    if rng.random() < 0.12:
        word += rng.choice(MARKS)
    if rng.random() < 0.05:
        word = rng.choice(MARKS) + word
    return word


def _post(rng: random.Random) -> str:
    if rng.random() < 0.03:  # characters from anywhere, half surrogate pairs included
        return "".join(chr(rng.randrange(rng.choice([0x250, 0x3000, 0x110000]))) for _ in range(30))
    long_post = rng.random() < 0.001
    words = [_word(rng) for _ in range(rng.randint(300, 900) if long_post else rng.randint(1, 14))]
    return "".join(word + rng.choice(SPACES) for word in words)


@pytest.fixture(scope="session")
def hostile_posts() -> Callable[[int, int], Iterator[str]]:
    """hostile_posts(seed, count): the same posts for the same seed."""

    def generate(seed: int, count: int) -> Iterator[str]:
        rng = random.Random(seed)
        return (_post(rng) for _ in range(count))

    return generate
