"""Charts are honest about time, gaps and small numbers."""

import datetime as dt
import math

import pytest

from socialsent_assets.insights import charts, figure
from socialsent_assets.insights.report_data import Hour, Topic

START = dt.datetime.fromisoformat("2026-11-21T22:00")


def hours(*offsets):
    return [Hour(START + dt.timedelta(hours=offset), 2, 1, 1, 0.8) for offset in offsets]


def test_an_hour_without_texts_is_a_gap_and_not_a_zero():
    """Prevents a line that falls to neutral in hours without posts."""
    size, bins = charts.binned(hours(0, 1, 4))
    assert size == 1
    assert [piece.mean for piece in bins] == [0.2, 0.2, None, None, 0.2]
    assert [piece.texts for piece in bins] == [4, 4, 0, 0, 4]


@pytest.mark.parametrize("span", [1, 24, 96, 97, 200, 1000, 5000, 26_000])
def test_any_length_of_history_becomes_bins_that_can_be_told_apart_and_lose_nothing(span):
    given = hours(*range(span))
    size, bins = charts.binned(given)
    assert 1 <= len(bins) <= 97
    assert sum(piece.texts for piece in bins) == 4 * span
    assert all(piece.mean == pytest.approx(0.2) for piece in bins)
    assert {(piece.start - charts._ORIGIN) % dt.timedelta(hours=size) for piece in bins} == {dt.timedelta(0)}


@pytest.mark.parametrize("span", [1, 5, 24, 60, 96, 500, 1000, 26_000])
@pytest.mark.parametrize("at_most", [4, 10])
def test_time_labels_stay_few_and_inside_the_axis(span, at_most):
    """Prevents labels that run into each other on a phone."""
    last = START + dt.timedelta(hours=span)
    ticks = charts.time_ticks(START, last, at_most)
    assert 1 <= len(ticks) <= at_most + 1
    assert all(START <= tick <= last for tick in ticks)


def test_an_axis_of_years_names_the_years():
    """Prevents eleven years of history whose labels are ten days of no year."""
    assert charts.tick_label(START, dt.timedelta(days=4_000)) == f"{START:%b %Y}"
    midnight = START.replace(hour=0)
    assert charts.tick_label(midnight, dt.timedelta(days=40)) == f"{midnight:%d %b}"


def test_a_value_between_two_gaps_is_drawn_as_a_dot():
    values = [0.1, math.nan, 0.2, math.nan, 0.3, 0.3]
    assert [i for i, v in enumerate(values) if not math.isnan(v) and charts._is_alone(values, i)] == [0, 2]


@pytest.mark.parametrize(("value", "shown"), [(0.104, "+0.10"), (-0.5, "−0.50"), (-0.001, "0.00"), (0.0, "0.00")])
def test_a_polarity_is_shown_with_its_sign_and_zero_without(value, shown):
    assert charts.signed(value) == shown


def boxes_of(figure):
    """Bounding boxes of all visible texts, in pixels."""
    figure.canvas.draw()
    texts = [t for axes in figure.axes for t in (*axes.texts, *axes.get_xticklabels(), *axes.get_yticklabels())]
    return [(t.get_text(), t.get_window_extent()) for t in texts if t.get_visible() and t.get_text()]


TOPICS = {
    "usual": [Topic("coffee", 40, 35, 25, 0.1), Topic("trains", 20, 20, 60, -0.3)],
    "only positive": [Topic("coffee", 4, 0, 0, 0.9)],
    "only negative": [Topic("a topic with a name without end", 0, 0, 4, -0.9)],
    "only neutral": [Topic(None, 0, 4, 0, 0.0)],
}


@pytest.mark.parametrize("width", [figure.NARROW, figure.WIDE])
@pytest.mark.parametrize("topics", TOPICS.values(), ids=TOPICS.keys())
def test_words_in_the_topic_chart_never_overlap(topics, width):
    """Prevents '49%' and '+0.16' printed over each other on a phone."""
    with figure.house_style():
        boxes = boxes_of(charts._draw_topics(topics, width))
    overlapping = [(a, b) for i, (a, x) in enumerate(boxes) for b, y in boxes[:i] if x.overlaps(y)]
    assert overlapping == []


def test_a_small_share_of_one_topic_is_a_short_bar() -> None:
    """Prevents a bar of 3 % that is as wide as the card because no other bar is there."""
    [axes] = charts._draw_topics([Topic("trams", 3, 97, 0, 0.02)], 640).axes
    left, right = axes.get_xlim()
    assert 3 / (right - left) < 0.1


@pytest.mark.parametrize("counts", [(50, 30, 20), (98, 1, 1), (1, 98, 1), (0, 0, 5), (1, 0, 99), (34, 33, 33)])
@pytest.mark.parametrize("width", [figure.NARROW, figure.HALF])
def test_words_around_the_ring_never_overlap(counts, width):
    split = list(zip(("positive", "neutral", "negative"), counts, strict=True))
    with figure.house_style():
        boxes = boxes_of(charts._draw_split(split, width))
    overlapping = [(a, b) for i, (a, x) in enumerate(boxes) for b, y in boxes[:i] if x.overlaps(y)]
    assert overlapping == []


def test_letters_that_no_font_has_are_said_in_words(monkeypatch) -> None:
    """Prevents topics as empty boxes in the picture of a machine without fonts for their script."""
    monkeypatch.setattr(figure, "families", lambda: ("DejaVu Sans",))
    monkeypatch.setattr(figure, "drawable", lambda: frozenset(range(0x250)))
    with figure.house_style():
        drawn = charts._draw_topics([Topic("手机", 1, 0, 0, 0.6), Topic("tram", 1, 0, 0, 0.6)], 640)
        assert figure._spell_out_undrawable(drawn)
        drawn.canvas.draw()
        labels = [label.get_text() for label in drawn.axes[0].get_yticklabels()]
        assert labels == [f"{figure.UNDRAWN_WORD} (1)", "tram (1)"]
        assert not figure._spell_out_undrawable(charts._draw_topics([Topic("tram", 1, 0, 0, 0.6)], 640))


def test_topics_without_a_scored_text_have_no_mood() -> None:
    """Prevents a topic in a language without a reader from being drawn as wholly neutral, at mean zero."""
    drawn = charts._draw_topics([Topic("寿司", 0, 0, 0, None, 3), Topic("tram", 1, 0, 0, 0.6)], 640)
    shown = [text.get_text() for text in drawn.axes[0].texts]
    assert "–" in shown
    assert shown.count("0%") == 1  # of the other topic
    assert drawn.axes[0].get_yticklabels()[0].get_text() == "寿司 (0 of 3)"
