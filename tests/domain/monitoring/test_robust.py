"""Centres and scales: what chance does is never far, and a few wild hours move nothing."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialsent_assets.domain.monitoring.robust import BaselineShare, baseline_share, score_count, score_share

COUNTS = st.lists(st.integers(0, 100_000), min_size=1, max_size=60)


def poisson(rng: random.Random, mean: float) -> int:
    """By the normal approximation, which is close enough from 30 on."""
    return max(0, round(rng.gauss(mean, math.sqrt(mean))))


@given(COUNTS, st.integers(0, 100_000))
def test_an_interval_holds_what_is_expected_and_agrees_with_the_distance(history: list[int], count: int) -> None:
    """Prevents a message whose interval contradicts its alarm."""
    score = score_count(count, history, 5.0)
    assert 0 <= score.low <= score.expected <= score.high
    if abs(score.distance) < 5.0 - 1e-9:
        assert score.low - 1e-6 <= count <= score.high + 1e-6
    elif abs(score.distance) > 5.0 + 1e-9:
        assert not score.low + 1e-6 < count < score.high - 1e-6


@given(st.integers(0, 5000), st.integers(1, 5000), st.floats(0, 1))
def test_a_share_lies_between_nothing_and_everything(hits: int, cases: int, share: float) -> None:
    """Prevents 103 % negative texts, and errors at the edges."""
    score = score_share(min(hits, cases), cases, BaselineShare(share), 4.0)
    assert 0 <= score.low <= score.expected + 1e-9
    assert score.expected - 1e-9 <= score.high <= 1
    assert math.isfinite(score.distance)


def test_distances_of_chance_have_the_variance_of_chance() -> None:
    """Prevents a scale on which busy hours alarm more often than quiet ones."""
    rng = random.Random(7)
    for mean in (30, 3000):
        history = [poisson(rng, mean) for _ in range(400)]
        distances = [score_count(poisson(rng, mean), history, 5.0).distance for _ in range(3000)]
        spread = math.sqrt(sum(d * d for d in distances) / len(distances))
        assert 0.75 < spread < 1.1


def test_a_few_wild_hours_do_not_move_what_is_usual() -> None:
    """Prevents yesterday's incident from hiding today's."""
    calm = [100 + number % 7 for number in range(40)]
    wild = [*calm[:-8], *[5000] * 8]
    assert score_count(500, wild, 5.0).distance > 0.7 * score_count(500, calm, 5.0).distance > 5
    pairs = [(2, 200)] * 40
    assert baseline_share([*pairs[:-8], *[(150, 200)] * 8]).share == pytest.approx(0.01)


def test_a_history_without_any_variation_does_not_make_every_wobble_an_alarm() -> None:
    """Prevents a deviation of zero as the scale: the floor is what chance does."""
    assert abs(score_count(104, [100] * 30, 5.0).distance) < 1
    assert abs(score_share(3, 200, baseline_share([(2, 200)] * 30), 4.0).distance) < 1


def test_three_posts_say_little_and_three_hundred_say_much() -> None:
    """Prevents alarms from counts too small to mean anything."""
    usual = BaselineShare(0.25)
    assert score_share(3, 3, usual, 4.0).distance < 4
    assert score_share(150, 300, usual, 4.0).distance > 4


def test_without_a_case_no_share_is_usual() -> None:
    """Prevents a default number where there is no history."""
    with pytest.raises(ValueError, match="at least one case"):
        baseline_share([(0, 0)])
