"""The two forms of a post's text: what VADER scores and the lake stores, and what a model learns from.

`clean_text` takes away only what is not language: markup, addresses, mentions, control characters. Negation,
case, punctuation, emoji and every script stay, because VADER reads them. `tokens` goes much further (lower
case, stop words out, stems) and is never scored. `words` lies between: the word stream of the bigram model.

Not here: scoring (polarity.py), features and models (domain/learning/).
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib import resources

from socialsent_assets.domain.language.normalise import USER, mask_mentions, plain_writing, without_markup
from socialsent_assets.domain.language.vader.lexicon import valences

TEXT_VERSION = 2
"""Raise it with every change of any function's output here: a model card names the version it learned from."""

# ---------------------------------------------------------------------------------------------- clean text

# Only ASCII after the scheme: Japanese or Arabic text often follows a link without a space, and must stay.
# The last character is not closing punctuation, so "see https://t.co/x!" keeps its emphasis.
_ADDRESS = re.compile(r"(?:https?://|\bwww\.|\bpic\.twitter\.com/)(?:[!-~]*[0-9A-Za-z]/?)?", re.IGNORECASE)
# Control characters that str.split() does not already treat as white space, and the byte-order mark.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufeff]")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
# Feeds escape twice ("&amp;lt;"); each further level is hostile input and would cost a pass over the text.
_ESCAPE_LEVELS = 4
# What one pass lays bare (an escaped tag, a full-width "@") the next one sees; deeper nesting is hostile too.
_PASSES = 4


def clean_text(text: str) -> str:
    """The text as VADER should see it and as the lake stores it; always valid UTF-8, never raises.

    HTML tags, addresses and control characters are removed, HTML entities unescaped, mentions masked, typographic
    signs, styled letters and emoji brought to the form that look-ups know (normalise.py), half a surrogate pair
    becomes U+FFFD, white space is collapsed. Cleaning clean text changes nothing.

    >>> clean_text("<p>@ann it’s NOT good!!  &amp; https://t.co/x</p>")
    "@user it's NOT good!! &"
    """
    for _ in range(_PASSES):
        text, is_settled = _cleaned(text)
        if is_settled:
            break
    return text


def _cleaned(text: str) -> tuple[str, bool]:
    """One pass, and whether a further one would change nothing: most posts are done after the first."""
    if not text.isprintable():  # one look in C that most posts end here
        text = _LONE_SURROGATE.sub("\ufffd", _CONTROL.sub("", text))
    laid_bare = text
    if "<" in text:
        laid_bare = without_markup(text)
    if "&" in text:
        laid_bare = _unescape(laid_bare)
    is_settled = laid_bare == text
    text = laid_bare
    if "/" in text or "." in text:
        text = _ADDRESS.sub(" ", text)  # before signs become ASCII: then a quote behind it would be part of it
    if not text.isascii():
        plain = plain_writing(text)
        if plain != text:
            text = plain
            is_settled = is_settled and not ("&" in text or "<" in text or _ADDRESS.search(text))
    return " ".join(mask_mentions(text).split()), is_settled


def clean_texts(texts: Sequence[str | None]) -> list[str]:
    """`clean_text` of each; a missing text becomes ""."""
    return [clean_text(text) if text else "" for text in texts]


def _unescape(text: str) -> str:
    for _ in range(_ESCAPE_LEVELS):
        unescaped = html.unescape(text)
        if unescaped == text:
            break
        text = unescaped
    return _CONTROL.sub("", text)


# -------------------------------------------------------------------------------------------- token grammar

# Pictures of the emoji blocks, dingbats and arrows; flags are pairs of regional indicators. Skin tones,
# variation selectors and joiners are part of the picture, and are dropped from its token.
_PICTURE = (
    "[\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\U0001f000-\U0001faff]"
)
_PICTURE_TAIL = "[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
_EMOJI = f"[\U0001f1e6-\U0001f1ff]{{2}}|{_PICTURE}{_PICTURE_TAIL}*(?:\u200d{_PICTURE}{_PICTURE_TAIL}*)*"
_EMOTICON = r"(?<!\w)(?:[<>]?[:;=][\-o*']?[)\](\[dDpPoO/\\|}{@3*]{1,9}|[)\](\[]{1,9}[\-o*']?[:;=]|</?3)(?!\w)"
# A word goes on until white space or a sign, rather than as long as \w: Python's \w ends at the vowel signs
# of Devanagari, Thai or Tamil and at combining accents. The signs: ASCII (but _ and '), Latin-1, general
# punctuation (but the joiners that Persian and Indic words contain), CJK, full width, Arabic and Indic stops.
_SIGN = (
    r"\s!-&(-/:-@\[-^`{-~\x80-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf\u2000-\u200b\u200e-\u206f\u20a0-\u20cf\u2100-\u2bff"
    r"\u3000-\u3004\u3008-\u3020\u3030\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
    r"\u060c\u061b\u061f\u066a-\u066d\u06d4\u0964\u0965\ufe0f\U0001f000-\U0001faff"
)
_WORD = rf"\w[^{_SIGN}']*(?:'\w[^{_SIGN}']*)*"
# No IGNORECASE: U+212A, KELVIN SIGN, lies among the signs and would take every "k" with it.
_TOKEN = re.compile(rf"{_WORD}|@\w+|#\w[^{_SIGN}']*|{_EMOJI}|{_EMOTICON}")
_TOKEN_OR_SIGN = re.compile(rf"{_TOKEN.pattern}|[^\w\s]")

_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^A-Za-z0-9_]+")
_LONG_RUN = re.compile(r"([^\W\d_])\1{2,}")
_STRAIGHT_QUOTE = str.maketrans({"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\uff07": "'"})
_TAIL = re.compile(_PICTURE_TAIL)

_MEMO_LIMIT = 200_000
"""Entries after which a memo starts again: about 40 MB, and a feed's vocabulary refills it in seconds."""


class _Words(dict[str, str]):
    """Raw token -> the word that the bigram model sees; "" for a fragment that is no token."""

    def __missing__(self, raw: str) -> str:
        if len(self) >= _MEMO_LIMIT:
            self.clear()
        word = self[raw] = _word(raw)
        return word


class _ModelTokens(dict[str, tuple[str, ...]]):
    """Raw token -> what the classifier sees: nothing for a stop word, several stems for #ASplitHashtag."""

    def __missing__(self, raw: str) -> tuple[str, ...]:
        if len(self) >= _MEMO_LIMIT:
            self.clear()
        model_tokens = self[raw] = _model_tokens(raw)
        return model_tokens


_WORDS = _Words()
_MODEL_TOKENS = _ModelTokens()


def tokens(text: str) -> list[str]:
    """Model tokens of a clean text: lower case, stemmed, no stop words, but every negation.

    A mention becomes "@user"; a hashtag its words (#BestDayEver: best, day, ever); emoji and emoticons are
    tokens of their own, without skin tone; "sooooo" becomes "so" and "loooove" "love". Punctuation is left out.

    >>> tokens("I'm NOT running 2 the #BestDayEver with @ann :) 👍🏾")
    ['not', 'run', '2', 'best', 'day', 'ever', '@user', ':)', '👍']
    """
    return [token for raw in _TOKEN.findall(_straight(text)) for token in _MODEL_TOKENS[raw]]


def token_lists(texts: Sequence[str | None]) -> list[list[str]]:
    """`tokens` of each text; a missing text has none."""
    return [tokens(text) if text else [] for text in texts]


def words(text: str) -> list[str]:
    """The word stream of a clean text for the bigram model: lower case, stop words kept, no stemming.

    Mentions become "@user", hashtags stay one word with their "#", each punctuation mark is a word of its own.

    >>> words("Can't WAIT, it's sooooo good!!")
    ["can't", 'wait', ',', "it's", 'so', 'good', '!', '!']
    """
    lookup = _WORDS.__getitem__
    return [word for word in map(lookup, _TOKEN_OR_SIGN.findall(_straight(text).lower())) if word]


def is_stop_word(word: str) -> bool:
    """Check for a stop word: a word of `words` that is no model token."""
    return word in _stop_words()


# ------------------------------------------------------------------------------------------ token by token


def _straight(text: str) -> str:
    return text if text.isascii() else text.translate(_STRAIGHT_QUOTE)


def _word(raw: str) -> str:
    if raw[0] == "@" and len(raw) > 1:
        return USER
    if raw[0] == "#" or not (raw[0].isalnum() or raw[0] == "_"):
        return _TAIL.sub("", raw)
    return _unstretched(raw)


def _model_tokens(raw: str) -> tuple[str, ...]:
    if raw[0] == "@":
        return (USER,)
    if raw[0] == "#":
        return tuple(stem for part in _hashtag_words(raw[1:]) for stem in _stems(part))
    if raw[0].isalnum() or raw[0] == "_":
        return _stems(raw)
    return (_TAIL.sub("", raw).lower(),)


def _hashtag_words(tag: str) -> Iterable[str]:
    # Humps are an ASCII habit; other scripts and accented words would be cut in the wrong places.
    return _HUMP.findall(tag) if tag.isascii() else (tag,)


def _stems(raw: str) -> tuple[str, ...]:
    word = _unstretched(raw.lower())
    if word in _stop_words():
        return ()
    return (_stemmer()(word) if word.isascii() else word,)


def _unstretched(word: str) -> str:
    """Two letters of each run if that is a known word ("good"), else one if that is ("so"), else two."""
    double = _LONG_RUN.sub(r"\1\1", word)
    if double == word or double in _known_words():
        return double
    single = _LONG_RUN.sub(r"\1", word)
    return single if single in _known_words() else double


@cache
def _stop_words() -> frozenset[str]:
    lines = resources.files(__package__).joinpath("lexicon", "stop_words.txt").read_text("utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def _known_words() -> frozenset[str]:
    return _stop_words() | valences().keys() | {"no", "not", "nor", "never"}


@cache
def _stemmer() -> Callable[[str], str]:
    from nltk.stem.snowball import EnglishStemmer  # here, because importing nltk takes longer than most commands

    stem: Callable[[str], str] = EnglishStemmer().stem
    return stem
