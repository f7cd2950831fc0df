"""Texts worth a label: doubtful, different from each other, and the same ones every time."""

import numpy as np
import pytest

from socialsent_assets.domain.learning.suggestions import margin_doubt, polarity_doubt, suggested

TEXTS = ["the tram is late", "the tram is late today", "the TRAM is late!", "my cat sleeps", "sunny picnic", "hm"]
DOUBT = np.array([0.9, 0.89, 0.9, 0.6, 0.1, 0.2])


def test_doubt_comes_first_and_what_is_alike_comes_last():
    """Prevents a queue of one doubtful phrase over and over."""
    chosen = [TEXTS[row] for row in suggested(TEXTS, DOUBT, 3)]
    assert chosen[0] in (TEXTS[0], TEXTS[2])
    assert chosen[1] == "my cat sleeps"
    assert "the tram is late today" not in chosen


def test_a_text_that_comes_twice_is_asked_once():
    assert len(suggested(TEXTS, DOUBT, 6)) == 5


def test_the_same_seed_gives_the_same_texts():
    """Prevents a queue that cannot be made again."""
    texts, doubt = [f"word{n} other{n}" for n in range(900)], np.full(900, 0.5)
    assert suggested(texts, doubt, 5, seed=3) == suggested(texts, doubt, 5, seed=3)
    assert suggested(texts, doubt, 5, seed=3) != suggested(texts, doubt, 5, seed=4)


def test_texts_without_a_word_are_never_asked():
    assert suggested(["", " ", "\u200b"], np.ones(3), 3) == []


def test_doubt_is_highest_between_two_classes_and_where_the_lexicon_is_silent():
    """Prevents a queue of what the reader knows best."""
    assert margin_doubt(np.array([[0.5, 0.5, 0], [0, 0.1, 0.9]])).tolist() == pytest.approx([1.0, 0.2])
    assert polarity_doubt(np.array([0.0, -0.9])).tolist() == pytest.approx([1.0, 0.1])
