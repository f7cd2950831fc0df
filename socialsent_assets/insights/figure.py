"""Drawing without a screen: colours, type, and one figure as themable inline SVG or as a PNG file.

A figure is drawn once per width in the light colours. In the page, each of them becomes a CSS variable, so that
dark mode needs no second drawing; text stays text, in the page's own font.

Not here: what is drawn (charts.py), the page's style sheet (report.css).
"""

from __future__ import annotations

import io
import re
import textwrap
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Light colours, each used for one purpose only: the page replaces them by name (report.css holds the dark ones).
# Green and red differ in lightness too, so that they stay apart for colour-blind readers and in print.
INK, MUTED, GRID, PAPER = "#1d2733", "#5c6876", "#dfe4ea", "#fffffe"
POSITIVE, NEUTRAL, NEGATIVE, ACCENT = "#12876f", "#a3adb8", "#cf4a31", "#3b5bdb"
COLOURS = {
    "ink": INK,
    "muted": MUTED,
    "grid": GRID,
    "paper": PAPER,
    "positive": POSITIVE,
    "neutral": NEUTRAL,
    "negative": NEGATIVE,
    "accent": ACCENT,
}
MOOD_COLOURS = {"positive": POSITIVE, "neutral": NEUTRAL, "negative": NEGATIVE}

NARROW, HALF, WIDE = 330, 520, 1060
"""Widths in CSS pixels: a phone, one of two columns, the whole page."""

_PNG_SCALE = 2
_FONT = "DejaVu Sans"  # comes with matplotlib; it has Latin, Greek, Cyrillic, Arabic, Hebrew, and no Han or Thai
_FURTHER_FONTS = (
    *("Noto Sans CJK JP", "Noto Sans CJK SC", "Source Han Sans", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei"),
    *("IPAGothic", "Hiragino Sans", "PingFang SC", "Yu Gothic", "Microsoft YaHei", "Malgun Gothic", "NanumGothic"),
    *("Arial Unicode MS", "Noto Sans Thai", "Noto Sans Devanagari", "Noto Sans Tamil", "Noto Sans Bengali"),
    *("Noto Sans Telugu", "Unifont"),
)
UNDRAWN_WORD = "[not drawn]"
UNDRAWN = f" {UNDRAWN_WORD}: letters that no font on this machine has; the page shows them in the reader's fonts."
_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "socialsent",  # names of clip paths: otherwise random, and the page never twice the same
    "text.parse_math": False,  # a topic may be called $x$
    "font.size": 11,
    "axes.edgecolor": GRID,
    "axes.facecolor": "none",
    "axes.labelcolor": MUTED,
    "axes.titlecolor": INK,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 10.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "figure.facecolor": PAPER,
    "text.color": INK,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.labelsize": 10.5,
    "ytick.labelsize": 10.5,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
}


@dataclass(frozen=True)
class Chart:
    """A picture with the words that make it readable.

    Attributes:
        name: file name without extension, and anchor in the page.
        title: what it shows.
        note: unit and denominator, in a sentence.
        alt: the finding, for who cannot see it.
        draw: makes the figure for a width in CSS pixels.
        width: of its place in the page: `HALF` or `WIDE`.
    """

    name: str
    title: str
    note: str
    alt: str
    draw: Callable[[int], Figure]
    width: int = HALF


@contextmanager
def house_style() -> Iterator[None]:
    """Our look, for figures made inside; the caller's matplotlib settings come back afterwards."""
    import matplotlib as mpl

    with warnings.catch_warnings(), mpl.rc_context({**_STYLE, "font.family": list(families())}):
        # A topic may be written in a script that the font of the PNG lacks; the page's own font has it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def new_figure(width: int, height: int) -> Figure:
    """An empty figure of that size in CSS pixels."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / 72, height / 72), dpi=72, layout="constrained")
    figure.get_layout_engine().set(w_pad=4 / 72, h_pad=5 / 72)  # type: ignore[union-attr, call-arg]
    return figure


def quiet_axis(axes: Axes, *, grid: str) -> None:
    """No tick marks and no frame; a light grid along `x` or `y`."""
    axes.tick_params(length=0)
    axes.grid(visible=True, axis=grid)  # type: ignore[arg-type]
    for spine in axes.spines.values():
        spine.set_visible(False)


def inline_svg(chart: Chart, width: int) -> str:
    """The chart as `<svg>` for the page: themable, without addresses, its ids its own."""
    with house_style():
        figure = chart.draw(width)
        figure.set_facecolor("none")
        _settle(figure)
        raw = io.StringIO()
        figure.savefig(raw, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = raw.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;\"]*;?", "", svg)
    svg = re.sub(r'(?<=id=")|(?<=href="#)|(?<=url\(#)', f"{chart.name}-{width}-", svg)
    svg = svg.replace("xlink:href", "href")
    head, body = svg.split(">", 1)
    box = re.search(r'viewBox="[^"]*"', head)
    return themed(f'<svg {box[0] if box else ""} role="img" aria-hidden="true">{_rounded(body)}')


def themed(svg: str) -> str:
    """The light colours replaced by CSS variables."""
    for name, colour in COLOURS.items():
        svg = svg.replace(colour, f"var(--{name})")
    return svg


def _rounded(svg: str) -> str:
    """Coordinates to a hundredth of a pixel: half the size, the same picture."""
    return re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), svg)


def png(chart: Chart) -> bytes:
    """The chart as a self-contained picture: with title and note, on white."""
    width = max(chart.width, 640)
    with house_style():
        figure = chart.draw(width)
        hidden = _spell_out_undrawable(figure)
        _caption(figure, replace(chart, note=chart.note + UNDRAWN) if hidden else chart, width)
        _settle(figure)
        raw = io.BytesIO()
        figure.savefig(raw, format="png", dpi=72 * _PNG_SCALE, metadata={"Software": None})
    return raw.getvalue()


def _spell_out_undrawable(figure: Figure) -> bool:
    """Write UNDRAWN_WORD for letters that no font here has, which would be drawn as boxes; whether there were any."""
    from matplotlib.text import Text

    found = False
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            labels = axis.get_ticklabels()  # an axis writes them again at every drawing
            spelt = [spelt_out(label.get_text()) for label in labels]
            if spelt != [label.get_text() for label in labels]:
                axis.set_ticks(axis.get_ticklocs(), spelt, color=labels[0].get_color())
                found = True
    for text in figure.findobj(Text):
        shown = text.get_text()
        if spelt_out(shown) != shown:
            text.set_text(spelt_out(shown))
            found = True
    return found


def spelt_out(text: str) -> str:
    """The text with UNDRAWN_WORD for each run of letters that no font here has."""
    if text.isascii():
        return text
    known = drawable()
    kept = "".join(letter if ord(letter) in known or letter.isspace() else "\0" for letter in text)
    return re.sub("\0+", UNDRAWN_WORD, kept)


@cache
def families() -> tuple[str, ...]:
    """The font of the charts, then those of this machine that have further scripts, in an order that is fixed."""
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    return (_FONT, *(name for name in _FURTHER_FONTS if name in installed))


@cache
def drawable() -> frozenset[int]:
    """Code points that some font of `families` has."""
    from matplotlib import font_manager
    from matplotlib.ft2font import FT2Font

    return frozenset(point for name in families() for point in FT2Font(font_manager.findfont(name)).get_charmap())


def _settle(figure: Figure) -> None:
    """Lay out once, to whole ten-thousandths: the solver's last bits differ from run to run, the page must not."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
    figure.set_layout_engine("none")
    for axes in figure.axes:
        left, bottom, width, height = (round(edge, 4) for edge in axes.get_position().bounds)
        axes.set_position((left, bottom, width, height))
    for text in figure.texts:
        x, y = text.get_position()
        text.set_position((round(x, 4), round(y, 4)))


def _caption(figure: Figure, chart: Chart, width: int) -> None:
    note = textwrap.fill(chart.note, int(width / 6.4))
    figure.set_figheight(figure.get_figheight() + (44 + 14 * (note.count("\n") + 1)) / 72)
    figure.suptitle(chart.title, x=8 / width, ha="left", fontsize=15, fontweight="bold", color=INK)
    figure.supxlabel(note, x=8 / width, ha="left", fontsize=10, color=MUTED)
