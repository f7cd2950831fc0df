"""Pictures of a classifier's card: which classes it confuses, and whether its probabilities can be believed.

Not here: the numbers (domain/learning/evaluation.py), pictures of the marts (charts.py).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from socialsent_assets.domain.learning.model_card import ModelCard
from socialsent_assets.insights.figure import ACCENT, HALF, INK, MUTED, PAPER, Chart, new_figure, quiet_axis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HALF_SHARE = 0.5  # from here on a cell is dark, and its number light


def model_charts(card: ModelCard) -> list[Chart]:
    """Confusion matrix and calibration curve of a classifier, on its held-out posts."""
    found = card.metrics
    posts, source = found["posts"], "lexicon" if card.is_weak else "human"
    confusion = Chart(
        name="confusion",
        title="Confusion matrix",
        note=f"Shares of each label's posts, in percent, with numbers of posts; {posts:,} held-out {source} labels.",
        alt="; ".join(f"{name}: recall {100 * s['recall']:.0f} %" for name, s in found["per_class"].items()),
        draw=partial(_confusion, card=card),
        width=HALF,
    )
    if found["calibration_error"] is None:
        return [confusion]
    error = 100 * found["calibration_error"]
    calibration = Chart(
        name="calibration",
        title="Calibration",
        note=f"Share of correct labels by stated probability, {posts:,} held-out {source} labels. "
        "A calibrated model is on the line.",
        alt=f"Expected calibration error {error:.1f} percentage points.",
        draw=partial(_calibration, card=card),
        width=HALF,
    )
    return [confusion, calibration]


def _confusion(width: int, *, card: ModelCard) -> Figure:
    from matplotlib.patches import Rectangle

    figure = new_figure(width, round(width * 0.62))
    axes = figure.subplots()
    rows = card.metrics["confusion"]
    shares = [[count / max(sum(row), 1) for count in row] for row in rows]
    for y, row in enumerate(rows):
        for x, count in enumerate(row):
            share = shares[y][x]
            # Rectangles, not an image: their colour can change with the page's.
            axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=ACCENT, alpha=share, linewidth=0))
            colour = PAPER if share > _HALF_SHARE else INK
            axes.text(x, y, f"{100 * share:.0f} %\n{count:,}", ha="center", va="center", color=colour)
    axes.set_xlim(-0.5, len(rows) - 0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xticks(range(len(card.classes)), card.classes)
    axes.set_yticks(range(len(card.classes)), card.classes)
    axes.set_xlabel("predicted")
    axes.set_ylabel("label")
    axes.tick_params(length=0)
    return figure


def _calibration(width: int, *, card: ModelCard) -> Figure:
    figure = new_figure(width, round(width * 0.62))
    axes = figure.subplots()
    bins = card.metrics["calibration"]
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 4)))
    most = max(found["posts"] for found in bins)
    axes.plot([found["confidence"] for found in bins], [found["accuracy"] for found in bins], color=ACCENT)
    axes.scatter(
        [found["confidence"] for found in bins],
        [found["accuracy"] for found in bins],
        s=[30 + 170 * found["posts"] / most for found in bins],
        color=ACCENT,
    )
    axes.set_xlim(1 / len(card.classes) - 0.03, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel("stated probability (larger dot: more posts)")
    axes.set_ylabel("share correct")
    quiet_axis(axes, grid="both")
    return figure
