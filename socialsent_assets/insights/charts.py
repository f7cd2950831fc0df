"""The report's charts: data in, figures out. Each states its unit and denominator in words.

Not here: colours and file formats (figure.py), word clouds (word_clouds.py), the numbers (report_data.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from socialsent_assets.domain.readers import MOODS
from socialsent_assets.insights.figure import (
    ACCENT,
    GRID,
    INK,
    MOOD_COLOURS,
    MUTED,
    NARROW,
    NEGATIVE,
    NEUTRAL,
    PAPER,
    POSITIVE,
    WIDE,
    Chart,
    new_figure,
    quiet_axis,
)
from socialsent_assets.insights.report_data import Facts, Hour, Topic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_BINS = 96
_TICK_HOURS = (1, 2, 3, 6, 12, 24, 48, 96, 168, 336, 720, 1440, 2160, 4320, 8760)
_ORIGIN = datetime(1970, 1, 5)  # noqa: DTZ001 - naive UTC as in the marts; a Monday, for weekly bins
_LEAST_LABELLED = 0.03  # smaller wedges have no room for words; the bars beside them do
_PERCENT_PX, _MEAN_PX, _WORD_PX = 42, 50, 68  # what "100%", "+0.00" and "negative" take, with a gap
_BIN_HOURS = (1, 2, 3, 6, 12, 24, 48, 168, 720)


def charts_of(facts: Facts, reasons: Mapping[str, int]) -> list[Chart]:
    """Every chart of the report, in the order of the page; reasons (quarantine reason -> records) may be empty."""
    charts = [_mood_split(facts), _volume(facts), _mood_over_time(facts), _mood_by_topic(facts)]
    return [*charts, _quarantine(reasons)] if reasons else charts


def number(value: int) -> str:
    """With a thin space between thousands, as in print."""
    return f"{value:,}".replace(",", "\u202f")


def plural(value: int, noun: str) -> str:
    """A number and what it counts: 1 author, 2 authors."""
    return f"{number(value)} {noun}{'' if value == 1 else 's'}"


def signed(polarity: float) -> str:
    """A polarity with its sign; a real minus, and no sign for zero."""
    text = f"{polarity:+.2f}".replace("-", "\u2212")
    return "0.00" if text in ("+0.00", "\u22120.00") else text


def percent(part: int, whole: int) -> str:
    """A share with one decimal; a dash when there is nothing to share."""
    return f"{100 * part / whole:.1f}%" if whole else "–"


def coverage(facts: Facts) -> str:
    """A sentence on what share of the texts has a sentiment, after a space; "" when every text has one."""
    if facts.read == facts.texts:
        return ""
    missing = [tag for tag, number_of, scored in facts.languages if scored < number_of and tag is not None]
    named = f"; not scored: {', '.join(missing[:6])}{' and others' if len(missing) > 6 else ''}" if missing else ""
    return f" Scored {percent(facts.read, facts.texts)} of {plural(facts.texts, 'text')}{named}."


# -------------------------------------------------------------------------------------------- split of moods


def _mood_split(facts: Facts) -> Chart:
    shares = ", ".join(f"{percent(facts.count(mood), facts.read)} {mood}" for mood in MOODS)
    rule = (
        "Positive from +0.05, negative from \u22120.05, neutral between."
        if facts.reader == "lexicon"
        else "The most likely class by the champion classifier."
    )
    return Chart(
        name="mood_split",
        title="Sentiment split",
        note=f"Current posts and comments by sentiment: number of texts (bars) and share of the "
        f"{plural(facts.read, 'scored text')} (ring). {rule}{coverage(facts)}",
        alt=f"Of {number(facts.read)} scored texts: {shares}.",
        draw=partial(_draw_split, [(mood, facts.count(mood)) for mood in MOODS]),
    )


def _draw_split(counts: Sequence[tuple[str, int]], width: int) -> Figure:
    figure = new_figure(width, 250 if width > NARROW else 470)
    if width > NARROW:
        bar, ring = figure.subplots(1, 2, width_ratios=(1, 1))
    else:
        bar, ring = figure.subplots(2, 1, height_ratios=(1, 1.1))
    whole = sum(count for _, count in counts)
    _bars(bar, counts)
    wedges, *_ = ring.pie(
        [count for _, count in counts],
        colors=[MOOD_COLOURS[mood] for mood, _ in counts],
        startangle=90,
        counterclock=False,
        radius=0.94,
        wedgeprops={"width": 0.36, "edgecolor": PAPER, "linewidth": 2},
    )
    for wedge, (mood, count) in zip(wedges, counts, strict=True):
        if count >= _LEAST_LABELLED * whole:
            _label_wedge(ring, math.radians((wedge.theta1 + wedge.theta2) / 2), f"{percent(count, whole)}\n{mood}")
    ring.set(xlim=(-1.75, 1.75), ylim=(-1.25, 1.25))
    return figure


def _bars(axes: Axes, counts: Sequence[tuple[str, int]]) -> None:
    places = range(len(counts))
    bars = axes.bar(places, [count for _, count in counts], width=0.62, color=[MOOD_COLOURS[m] for m, _ in counts])
    axes.bar_label(bars, [number(count) for _, count in counts], padding=3, color=INK, fontsize=11)
    quiet_axis(axes, grid="y")
    axes.set_xticks(places, [mood for mood, _ in counts])
    axes.set_yticks([])
    axes.set_ylabel("texts")
    axes.margins(y=0.14)


def _label_wedge(axes: Axes, angle: float, text: str) -> None:
    x, y = 1.08 * math.cos(angle), 1.08 * math.sin(angle)
    side = "left" if x > 0.2 else "right" if x < -0.2 else "center"
    base = "bottom" if y > 0.75 else "top" if y < -0.75 else "center"
    axes.text(x, y, text, ha=side, va=base, color=INK, fontsize=10.5, linespacing=1.15)


# ------------------------------------------------------------------------------------------------- over time


class Bin(NamedTuple):
    """Texts of consecutive hours; where none was read, shares and means are unknown, not zero."""

    start: datetime
    positive: int
    neutral: int
    negative: int
    mean: float | None
    unread: int = 0
    other_mean: float | None = None

    @property
    def read(self) -> int:
        """Current posts and comments with a sentiment."""
        return self.positive + self.neutral + self.negative

    @property
    def texts(self) -> int:
        """Current posts and comments."""
        return self.read + self.unread


def binned(hours: Sequence[Hour]) -> tuple[int, list[Bin]]:
    """(hours per bin, bins without a hole): as fine as about a hundred bins allow, edges on whole multiples."""
    span = int((hours[-1].start - hours[0].start) / timedelta(hours=1)) + 1
    size = next((size for size in _BIN_HOURS if span <= size * _MOST_BINS), _BIN_HOURS[-1])
    step = timedelta(hours=size)
    kept: dict[int, list[Hour]] = {}
    for hour in hours:
        kept.setdefault((hour.start - _ORIGIN) // step, []).append(hour)
    return size, [_bin(_ORIGIN + place * step, kept.get(place, [])) for place in range(min(kept), max(kept) + 1)]


def _bin(start: datetime, hours: Sequence[Hour]) -> Bin:
    read, other_read = sum(hour.read for hour in hours), sum(hour.other_read for hour in hours)
    positive, neutral, negative = (sum(int(getattr(hour, mood)) for hour in hours) for mood in MOODS)
    mean = math.fsum(hour.polarity_sum for hour in hours) / read if read else None
    other = math.fsum(hour.other_sum for hour in hours) / other_read if other_read else None
    return Bin(start, positive, neutral, negative, mean, sum(hour.unread for hour in hours), other)


def _mood_over_time(facts: Facts) -> Chart:
    size, bins = binned(facts.hours)
    unit = {1: "hour", 24: "day", 168: "week"}.get(size, f"{size} hours")
    empty = sum(1 for piece in bins if not piece.texts)
    gaps = f" {empty} of {len(bins)} have no text and are left blank." if empty else ""
    known = [piece for piece in bins if piece.mean is not None] or bins
    low, high = min(known, key=lambda b: b.mean or 0), max(known, key=lambda b: b.mean or 0)
    names = ("champion", "lexicon") if facts.reader == "champion" else ("lexicon", "champion")
    both = f" Thick: {names[0]}, thin: {names[1]}." if any(b.other_mean is not None for b in bins) else ""
    return Chart(
        name="mood_over_time",
        title="Sentiment over time",
        note=f"Per {unit} of event time, UTC: mean polarity (\u22121 to +1, dashed: mean of the whole window), share "
        f"of scored texts by sentiment, and number of texts ({number(facts.texts)} in all; light: not scored)."
        f"{both}{coverage(facts)}{gaps}",
        alt=f"Mean polarity per {unit} between {signed(low.mean or 0)} ({low.start:%d %b %H:%M}) and "
        f"{signed(high.mean or 0)} ({high.start:%d %b %H:%M}).",
        draw=partial(_draw_time, size, bins, names),
        width=WIDE,
    )


def _draw_time(size: int, bins: Sequence[Bin], readers: tuple[str, str], width: int) -> Figure:
    figure = new_figure(width, 460)
    mean, share, volume = figure.subplots(3, 1, sharex=True, height_ratios=(1.2, 1.4, 0.7))
    middles = [piece.start + timedelta(hours=size / 2) for piece in bins]
    _draw_mean(mean, bins, middles, readers)
    bar = {"width": size / 24 * (0.86 if len(bins) < 60 else 1.0), "align": "center"}
    floor = [0.0] * len(bins)
    for mood in ("negative", "neutral", "positive"):
        parts = [100 * getattr(piece, mood) / piece.read if piece.read else 0.0 for piece in bins]
        share.bar(middles, parts, bottom=floor, color=MOOD_COLOURS[mood], **bar)
        floor = [low + part for low, part in zip(floor, parts, strict=True)]
    share.set(ylim=(0, 100), yticks=[0, 50, 100])
    share.set_yticks([0, 50, 100], ["0%", "50%", "100%"])
    share.set_title("Share of scored texts", fontweight="normal", color=MUTED)
    for mood, height in (("negative", 8), ("neutral", 50), ("positive", 92)):
        colour = MUTED if mood == "neutral" else MOOD_COLOURS[mood]
        share.text(
            1.008, height, mood, transform=share.get_yaxis_transform(), va="center", color=colour, fontsize=10.5
        )
    read = [piece.read for piece in bins]
    volume.bar(middles, read, color=ACCENT, **bar)
    volume.bar(middles, [piece.unread for piece in bins], bottom=read, color=NEUTRAL, **bar)
    volume.set_title("Texts", fontweight="normal", color=MUTED)
    volume.locator_params(axis="y", nbins=3, integer=True)
    for axes in (mean, share, volume):
        quiet_axis(axes, grid="y")
    _time_axis(volume, size, bins, width)
    return figure


def _draw_mean(axes: Axes, bins: Sequence[Bin], middles: Sequence[datetime], readers: tuple[str, str]) -> None:
    values = [math.nan if piece.mean is None else piece.mean for piece in bins]
    others = [math.nan if piece.other_mean is None else piece.other_mean for piece in bins]
    read = sum(piece.read for piece in bins)
    overall = math.fsum((piece.mean or 0) * piece.read for piece in bins) / max(read, 1)
    places: Any = middles
    axes.axhline(0, color=MUTED, linewidth=0.9)
    known = [value for value in (*values, *others) if not math.isnan(value)]
    if any(not math.isnan(value) for value in others):
        axes.plot(places, others, color=MUTED, linewidth=1.1, marker="o" if len(bins) == 1 else None, markersize=4)
        for name, line, colour in ((readers[0], values, ACCENT), (readers[1], others, MUTED)):
            last = next((value for value in reversed(line) if not math.isnan(value)), 0.0)
            at: Any = {"transform": axes.get_yaxis_transform(), "va": "center", "fontsize": 10.5}
            axes.text(1.008, last, name, color=colour, **at)
    axes.axhline(overall, color=ACCENT, linewidth=1, linestyle=(0, (4, 3)), alpha=0.7)
    axes.plot(places, values, color=ACCENT, linewidth=2, solid_capstyle="round", solid_joinstyle="round")
    alone = [i for i, value in enumerate(values) if not math.isnan(value) and _is_alone(values, i)]
    axes.plot([places[i] for i in alone], [values[i] for i in alone], "o", color=ACCENT, markersize=5)
    reach = max([0.12, *(abs(value) for value in known)])
    axes.set_ylim(min([-0.06, *(value * 1.2 for value in known)]), reach * 1.2)
    axes.locator_params(axis="y", nbins=4)
    axes.yaxis.set_major_formatter(lambda value, _: signed(value))
    axes.set_title("Mean polarity", fontweight="normal", color=MUTED)


def _is_alone(values: Sequence[float], place: int) -> bool:
    """Between two gaps a line has no length: such a bin is drawn as a dot."""
    before = place == 0 or math.isnan(values[place - 1])
    after = place == len(values) - 1 or math.isnan(values[place + 1])
    return before and after


def _time_axis(axes: Axes, size: int, bins: Sequence[Bin], width: int) -> None:
    first, last = bins[0].start, bins[-1].start + timedelta(hours=size)
    ticks = time_ticks(first, last, at_most=4 if width <= NARROW else 10)
    axes.set_xlim(first, last)  # type: ignore[arg-type]
    axes.set_xticks(ticks, [tick_label(tick, last - first) for tick in ticks])  # type: ignore[arg-type]
    axes.tick_params(axis="x", pad=7)
    axes.set_xlabel(f"{first:%d %b %Y %H:%M} to {last:%d %b %Y %H:%M} UTC")


def tick_label(tick: datetime, span: timedelta) -> str:
    """What stands below a tick: the hour, the day, or the month where the axis is longer than a day of each name.

    >>> tick_label(datetime(2015, 9, 6), timedelta(days=4_000))
    'Sep 2015'
    """
    if span > timedelta(days=330):
        return f"{tick:%b %Y}"
    return f"{tick:%d %b}" if tick.hour == 0 else f"{tick:%H:%M}"


def time_ticks(first: datetime, last: datetime, at_most: int) -> list[datetime]:
    """Round times of day or days from `first` to `last`, few enough to be read side by side."""
    span = (last - first) / timedelta(hours=1)
    step = timedelta(hours=next((size for size in _TICK_HOURS if span / size < at_most), math.ceil(span / at_most)))
    steps = math.ceil((first - _ORIGIN) / step)
    ticks = []
    while (tick := _ORIGIN + steps * step) <= last:
        ticks.append(tick)
        steps += 1
    return ticks


# -------------------------------------------------------------------------------------------------- by topic


def _mood_by_topic(facts: Facts) -> Chart:
    topics = sorted(facts.topics, key=lambda t: (t.read > 0, t.mean_polarity or 0.0, t.name or ""))
    best, worst = topics[-1], next((topic for topic in topics if topic.read), topics[-1])
    what = (
        "The only topic" if len(topics) == 1 else f"The {len(topics)} topics with the most texts, most positive first"
    )
    return Chart(
        name="mood_by_topic",
        title="Sentiment by topic",
        note=f"{what}: negative and positive share of each topic's scored texts; the rest is neutral. In brackets: "
        "number of texts; a comment counts under the topic of its post. Right: mean polarity (\u22121 to +1)."
        f"{coverage(facts)}",
        alt=f"Most positive: {_name(best, 60)} at {_mean(best)}; "
        f"most negative: {_name(worst, 60)} at {_mean(worst)}.",
        draw=partial(_draw_topics, topics),
        width=WIDE,
    )


def _mean(topic: Topic) -> str:
    return "–" if topic.mean_polarity is None else signed(topic.mean_polarity)


def _name(topic: Topic, letters: int) -> str:
    name = "no topic" if topic.name is None else " ".join(topic.name.split())
    return name if len(name) <= letters else f"{name[: letters - 1]}…"


def _counted(topic: Topic) -> str:
    return f"{number(topic.read)} of {number(topic.texts)}" if topic.unread else number(topic.texts)


_NARROWEST_SCALE = 60.0
"""Per cent that the bars' room stands for at least: one topic with 3 % positive texts would else fill the card."""


def _draw_topics(topics: Sequence[Topic], width: int) -> Figure:
    figure = new_figure(width, 70 + 34 * len(topics))
    axes = figure.subplots()
    places = list(range(len(topics)))
    negative = [-100 * topic.negative / max(topic.read, 1) for topic in topics]
    positive = [100 * topic.positive / max(topic.read, 1) for topic in topics]
    axes.barh(places, negative, height=0.62, color=NEGATIVE)
    axes.barh(places, positive, height=0.62, color=POSITIVE)
    quiet_axis(axes, grid="x")
    axes.grid(visible=False)
    axes.axvline(0, color=PAPER, linewidth=2)
    names = [f"{_name(topic, 12 if width <= NARROW else 28)} ({_counted(topic)})" for topic in topics]
    axes.set_yticks(places, names, color=INK)
    # Percentages are beside the bars and the mean at the edge: they get their pixels, the bars what is left.
    room = width - 24 - 6.5 * max(map(len, names)) - _PERCENT_PX - _PERCENT_PX - _MEAN_PX
    unit = max(_NARROWEST_SCALE, max(positive) - min(negative)) / max(room, 60)
    left = min(min(negative) - _PERCENT_PX * unit, -_WORD_PX * unit)
    right = max(max(positive) + _PERCENT_PX * unit, _WORD_PX * unit) + _MEAN_PX * unit
    right = max(right, left + (room + 2 * _PERCENT_PX + _MEAN_PX) * unit)
    axes.set(xlim=(left, right), ylim=(-0.6, len(topics) + 0.1), xticks=[])
    small: Any = {"fontsize": 10.5, "color": MUTED, "ha": "right"}
    for place, topic in zip(places, topics, strict=True):
        axes.text(right, place, _mean(topic), va="center", **small)
        if not topic.read:
            continue
        shares: Any = {"va": "center", "color": INK, "fontsize": 10.5}
        axes.text(negative[place] - 5 * unit, place, f"{abs(negative[place]):.0f}%", ha="right", **shares)
        axes.text(positive[place] + 5 * unit, place, f"{positive[place]:.0f}%", ha="left", **shares)
    top = len(topics) - 0.35
    axes.text(right, top, "mean", **small)
    axes.text(-5 * unit, top, "negative", **{**small, "color": NEGATIVE, "fontweight": "bold"})
    axes.text(5 * unit, top, "positive", **{**small, "color": POSITIVE, "fontweight": "bold", "ha": "left"})
    return figure


# ------------------------------------------------------------------------------------------------ plain bars


def _volume(facts: Facts) -> Chart:
    whole = sum(count for _, count in facts.kinds)
    largest = max(facts.kinds, key=lambda kind: kind[1])
    return Chart(
        name="volume",
        title="Activity",
        note=f"Current posts and comments, known profiles, and interactions: number of each, {number(whole)} in all.",
        alt=f"Most frequent: {largest[0]}, {number(largest[1])} of {number(whole)}.",
        draw=partial(_draw_counts, facts.kinds, ACCENT),
    )


def _quarantine(reasons: Mapping[str, int]) -> Chart:
    whole = sum(reasons.values())
    first = next(iter(reasons))
    return Chart(
        name="quarantine",
        title="Quarantined records by reason",
        note=f"Quarantined records by reason: number of each, {number(whole)} in all, at arrival and in cleansing.",
        alt=f"Most frequent: {first}, {number(reasons[first])} of {number(whole)}.",
        draw=partial(_draw_counts, tuple(reasons.items()), NEUTRAL),
    )


def _draw_counts(counts: Sequence[tuple[str, int]], colour: str, width: int) -> Figure:
    figure = new_figure(width, max(110, 24 + 32 * len(counts)))
    axes = figure.subplots()
    places = list(range(len(counts)))[::-1]
    bars = axes.barh(places, [count for _, count in counts], height=0.6, color=colour)
    axes.bar_label(bars, [number(count) for _, count in counts], padding=5, color=INK, fontsize=10.5)
    quiet_axis(axes, grid="x")
    axes.grid(visible=False)
    axes.set_yticks(places, [what.replace("_", " ") for what, _ in counts], color=INK)
    axes.set_xticks([])
    axes.axvline(0, color=GRID, linewidth=1)
    axes.margins(x=0.2)
    return figure
