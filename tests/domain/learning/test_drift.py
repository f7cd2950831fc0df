"""Population stability: the index, what a profile counts, and that it survives a card."""

import json

import numpy as np
import pytest

from socialsent_assets.domain.learning.drift import THRESHOLD, Profile, profile, shifts, stability

MADE = profile(
    np.array([0.9, -0.9, 0.0]), ["positive", "negative", "neutral"], ["good words !", "bad words"], {"good", "words"}
)


def test_a_profile_counts_classes_steps_of_polarity_and_known_words():
    assert MADE.sentiment == [1, 1, 1]
    assert (MADE.polarity[0], MADE.polarity[5], MADE.polarity[9], sum(MADE.polarity)) == (1, 1, 1, 3)
    assert MADE.vocabulary == [3, 1]  # marks are no words


def test_a_profile_comes_back_from_a_card_and_nothing_else_does():
    assert Profile.from_json(json.loads(json.dumps(MADE.as_json()))) == MADE
    for wrong in ({}, {**MADE.as_json(), "sentiment": None}, {**MADE.as_json(), "polarity": [1]}):
        with pytest.raises(ValueError, match="not a profile"):
            Profile.from_json(wrong)


def test_the_index_is_the_textbook_sum():
    now, then = np.array([0.8, 0.2]), np.array([0.5, 0.5])
    assert stability([80, 20], [500, 500]) == pytest.approx(((now - then) * np.log(now / then)).sum())
    assert stability([7, 3], [70, 30]) == 0


def test_an_empty_bin_gives_a_finite_number_and_nothing_to_compare_gives_none():
    """Prevents an infinite drift from one class that is absent this hour."""
    assert 0 < stability([300, 0, 0], [100, 100, 100]) < 10
    assert stability([0, 0], [1, 1]) == 0


def test_chance_alone_stays_below_the_threshold():
    """Prevents a warning on every quiet hour."""
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(10))
    then = rng.multinomial(5000, shares)
    assert max(stability(rng.multinomial(200, shares), then) for _ in range(200)) < THRESHOLD  # type: ignore[arg-type]


def test_each_profile_drifts_by_itself():
    other = Profile(MADE.sentiment, MADE.polarity, [1, 30])
    found = shifts(other, MADE)
    assert found["label mix"] == found["polarity"] == 0
    assert found["vocabulary"] > THRESHOLD
