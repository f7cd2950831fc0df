"""Words that set one mood apart from the others, and clouds of them.

Plain counts would show the same everyday words three times. A word's weight here is the z-score of its log-odds
against the other moods, with the whole corpus as prior (Monroe, Colaresi and Quinn 2008, "Fightin' Words",
section 3.5): how surely it belongs to that mood, which neither rare nor common words can fake.

Not here: the mood of a text (domain/language/polarity.py), the page (report.py).
"""

from __future__ import annotations

import io
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from html import escape, unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from socialsent_assets.domain.language.text import tokens, words
from socialsent_assets.domain.readers import MOODS
from socialsent_assets.insights.figure import MOOD_COLOURS, PAPER, themed

if TYPE_CHECKING:
    from wordcloud import WordCloud

SURE = 1.96
"""z-score from which a word is shown: 95% sure that it is not chance, if it were the only word looked at."""
FEWEST = 3  # texts that must hold a word
MOST_WORDS = 60
_PRIOR_WORDS, _PRIOR_SHARE = 500.0, 0.1  # weight of the prior, in words: dampens words of a handful of texts
_WIDTH, _HEIGHT = 340, 260
_SEED = 7  # of the layout: the same words give the same picture


@dataclass(frozen=True)
class Cloud:
    """The words of one mood: (word, z-score), surest first; `texts` holds how many texts of that mood were read."""

    mood: str
    words: tuple[tuple[str, float], ...]
    texts: int


def distinctive_words(texts: Iterable[tuple[str, str]]) -> dict[str, Cloud]:
    """A cloud per mood from (clean text, mood) pairs; a word counts once per text."""
    counts: dict[str, Counter[str]] = {mood: Counter() for mood in MOODS}
    read: Counter[str] = Counter()
    for text, mood in texts:
        counts[mood].update({word for word in words(text) if _is_told(word)})
        read[mood] += 1
    everywhere = sum(counts.values(), Counter[str]())
    return {mood: Cloud(mood, surest_words(counts[mood], everywhere), read[mood]) for mood in MOODS}


def surest_words(inside: Mapping[str, int], everywhere: Mapping[str, int]) -> tuple[tuple[str, float], ...]:
    """(word, z-score) of the words that belong to a group of texts, surest first.

    Counts are texts with the word, in the group and in all; both hold the same words.
    """
    total, total_inside = sum(everywhere.values()), sum(inside.values())
    total_outside = total - total_inside
    weight = min(_PRIOR_WORDS, _PRIOR_SHARE * total)
    scored = []
    for word, count in inside.items():
        if count < FEWEST or everywhere[word] == total:  # the only word there is sets nothing apart
            continue
        prior = weight * everywhere[word] / total
        a, b = count + prior, everywhere[word] - count + prior
        odds_inside = a / (total_inside + weight - a)
        odds_outside = b / (total_outside + weight - b)
        z = (math.log(odds_inside) - math.log(odds_outside)) / math.sqrt(1 / a + 1 / b)
        if z >= SURE:
            scored.append((word, z))
    return tuple(sorted(scored, key=lambda item: (-item[1], item[0]))[:MOST_WORDS])


@cache
def _is_told(word: str) -> bool:
    """Whether a word has meaning and the font can draw it: no stop word, mention, number, sign or emoji."""
    name = word.removeprefix("#")
    if len(name) < 3 or word.startswith("@") or not any(letter.isalpha() for letter in name):
        return False
    return {ord(letter) for letter in name} <= _drawable() and bool(tokens(word))


@cache
def _drawable() -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(_font()).get_charmap())


def _font() -> str:
    import matplotlib as mpl

    return str(Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans-Bold.ttf")


def cloud_svg(cloud: Cloud) -> str:
    """The cloud as inline SVG, each word held to the width that the layout measured, whatever the reader's font."""
    from PIL import ImageFont

    body = []
    drawn = _layout(cloud).to_svg()
    for x, y, size, word in re.findall(
        r'<text transform="translate\((-?\d+),(-?\d+)\)" font-size="(\d+)"[^>]*>([^<]*)</text>', drawn
    ):
        plain = unescape(word)
        length = ImageFont.truetype(_font(), int(size)).getlength(plain)
        body.append(
            f'<text x="{x}" y="{y}" font-size="{size}" textLength="{length:.0f}" '
            f'lengthAdjust="spacingAndGlyphs">{escape(plain)}</text>'
        )
    style = f'fill="{MOOD_COLOURS[cloud.mood]}" font-weight="bold"'
    return themed(
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-hidden="true" {style}>{"".join(body)}</svg>'
    )


def cloud_png(cloud: Cloud) -> bytes:
    """The cloud as a picture on white."""
    raw = io.BytesIO()
    _layout(cloud, scale=3).to_image().save(raw, format="PNG")
    return raw.getvalue()


def _layout(cloud: Cloud, scale: int = 1) -> WordCloud:
    from wordcloud import WordCloud

    made: Any = WordCloud(
        font_path=_font(),
        width=_WIDTH,
        height=_HEIGHT,
        scale=scale,
        margin=4,
        prefer_horizontal=1.0,
        relative_scaling=0.6,
        min_font_size=11,
        max_font_size=58,
        background_color=PAPER,
        color_func=lambda *_, **__: MOOD_COLOURS[cloud.mood],
        random_state=_SEED,
    )
    return made.generate_from_frequencies(dict(cloud.words))
