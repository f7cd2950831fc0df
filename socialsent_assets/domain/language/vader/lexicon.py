"""VADER's data: valences, emoji descriptions and the word lists that its rules name.

Read from the files in lexicon/, which are those of vaderSentiment 3.3.2 (MIT, licence beside them).
Not here: the rules (reference.py), the same data packed into arrays (compiled.py).
"""

from __future__ import annotations

from functools import cache
from importlib import resources

BOOST = 0.293
"""Addition of a degree adverb to the valence of the next word (B_INCR of the reference)."""

CAPITALS = 0.733
"""What SHOUTING one word among others adds (C_INCR)."""

NEGATION = -0.74
"""What a negation multiplies a valence by (N_SCALAR)."""


def _list(words: str) -> list[str]:
    return words.split()


NEGATIONS = frozenset(
    _list("""aint arent cannot cant couldnt darent didnt doesnt ain't aren't can't couldn't daren't didn't doesn't
    dont hadnt hasnt havent isnt mightnt mustnt neither don't hadn't hasn't haven't isn't mightn't mustn't
    neednt needn't never none nope nor not nothing nowhere oughtnt shant shouldnt uhuh wasnt werent
    oughtn't shan't shouldn't uh-uh wasn't weren't without wont wouldnt won't wouldn't rarely seldom
    despite""")
)

_STRONGER = _list("""absolutely amazingly awfully completely considerable considerably decidedly deeply effing
    enormous enormously entirely especially exceptional exceptionally extreme extremely fabulously flipping
    flippin frackin fracking fricking frickin frigging friggin fully fuckin fucking fuggin fugging greatly
    hella highly hugely incredible incredibly intensely major majorly more most particularly purely quite
    really remarkably so substantially thoroughly total totally tremendous tremendously uber unbelievably
    unusually utter utterly very""")
_WEAKER = _list("""almost barely hardly kinda kindof kind-of less little marginal marginally occasional
    occasionally partly scarce scarcely slight slightly somewhat sorta sortof sort-of""")

BOOSTERS = dict.fromkeys(_STRONGER, BOOST) | dict.fromkeys(_WEAKER, -BOOST)
"""Degree adverbs of one word; they carry no valence of their own."""

Phrases = dict[tuple[str, ...], float]

BOOSTER_PHRASES: Phrases = {("just", "enough"): -BOOST, ("kind", "of"): -BOOST, ("sort", "of"): -BOOST}

IDIOMS: Phrases = {
    ("the", "shit"): 3.0,
    ("the", "bomb"): 3.0,
    ("bad", "ass"): 1.5,
    ("bus", "stop"): 0.0,
    ("yeah", "right"): -2.0,
    ("kiss", "of", "death"): -1.5,
    ("to", "die", "for"): 3.0,
    ("beating", "heart"): 3.5,
}
"""Phrases whose valence replaces that of the word. The reference lists "badass" too, which no phrase equals."""


@cache
def valences() -> dict[str, float]:
    """Token -> mean human rating in -4..4, 7,506 tokens. Shared: do not change it."""
    rows = (line.strip().split("\t") for line in _lines("vader_lexicon.txt"))
    return {token: float(mean) for token, mean, *_ in rows}


@cache
def emoji_descriptions() -> dict[str, str]:
    """Emoji of one code point -> its description, 1,212 of them. Shared: do not change it.

    The file also has sequences (skin tones, families, flags). The reference looks up single characters, so
    they never match, and leaving them out changes no score.
    """
    rows = (line.strip().split("\t") for line in _lines("emoji_utf8_lexicon.txt"))
    return {emoji: description for emoji, description, *_ in rows if len(emoji) == 1}


def _lines(name: str) -> list[str]:
    text = resources.files("socialsent_assets.domain.language").joinpath("lexicon", name).read_text("utf-8")
    return [line for line in text.split("\n") if line.strip()]
