"""Features of a post."""

import numpy as np
import pytest

from socialsent_assets.domain.learning.emoji_words import without_emoji
from socialsent_assets.domain.learning.features import LONGEST_TEXT, NUMBERS, documents, word_ngrams


def one(text):
    return documents([text])[0]


def test_negation_reaches_to_the_end_of_its_clause():
    found = one("I don't like it, good food")
    assert found.words == ["i", "don't", "like", "it", ",", "good", "food"]
    assert found.negated == ["like_NEG", "it_NEG"]


def test_neighbours_are_features():
    assert word_ngrams(one("not good")) == ["not", "good", "not good", "good_NEG"]


def test_an_emoji_is_read_as_the_emoticon_for_the_same_thing():
    """Prevents a model that learned from posts without emoji from being blind to them."""
    assert one("missed it 😢").words[-1] == ":'("
    assert one("yes 👍🏾❤️").words[1:] == [":)", "<3"]


def test_a_negation_does_not_reach_an_emoji():
    """Prevents "can't stop 😂" from being read as the opposite of laughing, by the lexicon as by the words."""
    found = one("can't stop 😂")
    assert found.words == ["can't", "stop", "haha"]
    assert found.negated == ["stop_NEG"]
    assert found.numbers[NUMBERS.index("polarity")] > 0


def test_skin_tones_and_variants_leave_no_trace():
    assert without_emoji("👍🏾") == without_emoji("👍")


def test_a_letter_apostrophe_escape_in_a_label_file_is_an_apostrophe():
    assert one(r"don\u2019t").words == one("don't").words


def test_runs_of_marks_are_one_token():
    assert one("no!!!!! what?? well....").words == ["no", "!!!", "what", "??", "well", "..."]


def test_addresses_are_no_words():
    assert one("see http and https://t.co/x").words == ["see", "and"]


def test_numbers_keep_their_scale():
    """Prevents one feature from drowning the others, and features without bound."""
    texts = ["LOVE " * 2000, "!" * 9000, "#tag " * 1500, "awful " * 1500, ""]
    rows = np.stack([d.numbers for d in documents(texts)])
    assert rows.shape == (5, len(NUMBERS))
    assert np.isfinite(rows).all()
    assert np.abs(rows).max() < 10


def test_a_megabyte_of_text_costs_no_more_than_the_longest_that_is_read():
    start = "good " * (LONGEST_TEXT // 5)
    assert one(start + "bad " * 300_000).words == one(start).words


@pytest.mark.parametrize("text", ["", None, "  \n"])
def test_no_text_is_an_empty_document(text):
    assert one(text).words == []
