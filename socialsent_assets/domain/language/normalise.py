"""Normalise what people write to what look-ups know: markup, mentions, typographic signs, styled letters, emoji.

A phone types ’ where the lexicon has ', and a network hands over HTML; neither is language. The rules are part of
cleaning alone: scores stay those of the reference on the text that is scored, and a raw text is scored as it is.
Raise SCORER_VERSION and TEXT_VERSION (polarity.py, text.py) with every change of any output here.

Not here: escapes, addresses, control characters and the order of the steps (text.py), words of emoji (lexicon/).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from importlib import resources

from socialsent_assets.domain.language.vader.lexicon import emoji_descriptions

USER = "@user"
"""Replaces every mention: whom a post addresses is identity, not language."""

# ------------------------------------------------------------------------------------------------- markup

# Known elements alone, and attributes with a value alone: "a <b and c> d" is arithmetic, "<3" a heart.
_BLOCKS = "p br div li ul ol hr blockquote pre h1 h2 h3 h4 h5 h6 table thead tbody tr td th figure figcaption img"
_INLINE = "a b i u s q em strong span del ins sub sup small big code kbd font mark wbr bdi tt strike"
_ELEMENTS = "|".join(sorted(f"{_BLOCKS} {_INLINE}".split(), key=len, reverse=True))
_VALUE = r"""(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=]+)"""
_TAG = re.compile(rf"</?({_ELEMENTS})(?:\s+[\w:-]+\s*=\s*{_VALUE})*\s*/?>", re.IGNORECASE)
_BLOCK_NAMES = frozenset(_BLOCKS.split())


def without_markup(text: str) -> str:
    """The text without HTML tags; a block or line break becomes a space, an inline element nothing.

    >>> without_markup('<p>so <b>good</b></p><p>:)</p>').split()
    ['so', 'good', ':)']
    """
    return _TAG.sub(_for_tag, text) if "<" in text and ">" in text else text


def _for_tag(tag: re.Match[str]) -> str:
    return " " if tag[1].lower() in _BLOCK_NAMES else ""


# ----------------------------------------------------------------------------------------------- mentions

# @name, @name@server of the Fediverse, @name.host.tld of Bluesky; never the @ inside an e-mail address.
_MENTION = re.compile(r"(?<!\w)@\w+(?:(?:\.[a-z0-9-]+)+\.[a-z]{2,})?(?:@[\w-]+(?:\.[\w-]+)*)?")


def mask_mentions(text: str) -> str:
    """The text with every mention as USER: a brand called @love or @united must not read as praise.

    >>> mask_mentions(".@united and @lena@fedi.example, mail me@home.example")
    '.@user and @user, mail me@home.example'
    """
    return _MENTION.sub(USER, text) if "@" in text else text


def replace_mentions(text: str, replacement: Callable[[str], str]) -> str:
    """The text with every mention replaced by what `replacement` makes of its name, which has no leading @."""
    return _MENTION.sub(lambda found: replacement(found[0][1:]), text) if "@" in text else text


# ------------------------------------------------------------------------------------- letters and signs

_SIGNS = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc\u02b9\u00b4\u2039\u203a", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"),
    **dict.fromkeys("\u2014\u2015", " - "),
    "\u2026": "...",
}
# Variation selectors, skin tones and tags belong to a picture; the others are not seen at all, or turn the line.
_UNSEEN = (
    "\u00ad\u034f\u061c\u180e\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff"
    "\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"
)
# Letters in disguise, whose NFKC form is what they show: full width, mathematical, letter-like, circled, squared,
# raised, ligatures. Not all of NFKC: it would take ™, ½ and half-width kana apart.
_STYLED = (
    "\uff01-\uff5e\U0001d400-\U0001d7ff\u2102\u210a-\u2113\u2115\u2119-\u211d\u2124\u2128\u212c\u212d\u212f-\u2134"
    "\u2139\u2145-\u2149\u24b6-\u24c1\u24c3-\u24e9\U0001f130-\U0001f149\u1d2c-\u1d6a\u02b0-\u02b8\u2071\u207f\ufb00-\ufb06"
)
_WHITE_ON_BLACK = ((0x1F150, 0x1F169), (0x1F170, 0x1F189))  # letters A to Z, which NFKC leaves as they are
_SPELT = re.compile(f"[{''.join(_SIGNS)}{_STYLED}\U0001f150-\U0001f169\U0001f170-\U0001f189]")
_UNSEEN_SIGN = re.compile(f"[{_UNSEEN}]")
# Joiners and zero-width spaces are spelling between letters from Hebrew to Khmer, and noise everywhere else.
_JOINS = "[\u0590-\u1cff\ua800-\uabff]"
_JOINER = re.compile(f"(?<!{_JOINS})[\u200b-\u200d]|[\u200b-\u200d](?!{_JOINS})")
_PICTURE = (
    "[\u203c\u2049\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\U0001f000-\U0001f12f\U0001f14a-\U0001f14f\U0001f170-\U0001faff]"
)
_APART = re.compile(rf"(?<=\w)(?={_PICTURE})|(?<={_PICTURE})(?=\w)")
_PICTURES = re.compile(_PICTURE)
_NOISE = re.compile(f"[{_UNSEEN}\u200b-\u200d{_PICTURE[1:]}")


def plain_writing(text: str) -> str:
    """The text in plain letters and signs, and with emoji that a look-up finds. ASCII text comes back as it is.

    Quotes, dashes and ellipses become ASCII; styled letters plain ones; what is not seen goes (zero width, direction,
    variation, skin tone); emoji are set apart from words, and those that the reference lacks become words.

    >>> plain_writing("isn’t it 𝗴𝗼𝗼𝗱… love❤️it 💀")
    "isn't it good... love ❤ it  haha "
    """
    if text.isascii():
        return text
    text = _SPELT.sub(_spelt, text)
    if _NOISE.search(text):
        text = _UNSEEN_SIGN.sub("", text)
        if not _PICTURES.search(text):
            return _JOINER.sub("", text)
        text = _JOINER.sub("", _added().sub(_described, text))  # joiners hold the sequences that are looked up
        text = _APART.sub(" ", text)
    return text


def _spelt(found: re.Match[str]) -> str:
    return _spelling(found[0])


@cache
def _spelling(character: str) -> str:
    """Replacement of one character of _SPELT."""
    if character in _SIGNS:
        return _SIGNS[character]
    for first, last in _WHITE_ON_BLACK:
        if first <= ord(character) <= last:  # 🅱 and three others are emoji of the reference
            return character if character in emoji_descriptions() else chr(ord("A") + ord(character) - first)
    return unicodedata.normalize("NFKC", character)


# -------------------------------------------------------------------------------------------- added emoji


@cache
def added_emoji() -> dict[str, str]:
    """Emoji or sequence -> words, of lexicon/emoji_additions.txt. Shared: do not change it."""
    lines = resources.files(__package__).joinpath("lexicon", "emoji_additions.txt").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {emoji: words for emoji, words, _ in rows}


@cache
def _added() -> re.Pattern[str]:
    longest_first = sorted(added_emoji(), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)))


def _described(found: re.Match[str]) -> str:
    return f" {added_emoji()[found[0]]} "
