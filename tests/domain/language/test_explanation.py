"""Reasons of a polarity add up to it, and name the rules that made it."""

import time

import pytest

from socialsent_assets.domain.language.polarity import score_text
from socialsent_assets.domain.language.vader.explanation import MOST_WORDS, explain_polarity


def total(found):
    return sum(word.adds for word in found.words) + found.others[1] + found.emphasis[1]


def test_reasons_add_up_to_the_polarity_of_hostile_texts(hostile_posts):
    """Prevents an explanation that goes by other rules than the score."""
    for post in hostile_posts(3, 3000):
        found = explain_polarity(post, most=5)
        assert found.polarity == score_text(post).polarity
        assert total(found) == pytest.approx(found.polarity, abs=1e-4)
        for word in found.words:
            assert sum(step.adds for step in word.steps) == pytest.approx(word.valence, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "word", "rules"),
    [
        ("it is not good", "good", [("lexicon", ""), ("negation", "not")]),
        ("it is very good", "good", [("lexicon", ""), ("degree", "very")]),
        ("it is GOOD", "GOOD", [("lexicon", ""), ("capitals", "")]),
        ("never so good", "good", [("lexicon", ""), ("degree", "so"), ("emphasis", "never")]),
        ("fine but good", "good", [("lexicon", ""), ("but", "but")]),
        ("this is kind of it", "kind", [("lexicon", ""), ("kind of", "of")]),
        ("for me it is the bomb", "bomb", [("lexicon", ""), ("idiom", "")]),
        ("what they said yeah right", "yeah", [("lexicon", ""), ("idiom", "")]),
    ],
)
def test_each_rule_is_named_with_the_word_that_acts(text, word, rules):
    """Prevents a number without the rule behind it."""
    found = {each.word: [(step.rule, step.by) for step in each.steps] for each in explain_polarity(text).words}
    assert found.get(word, []) == rules


def test_an_emoji_answers_for_the_words_of_its_description():
    """Prevents "grinning" as a reason in a text without that word."""
    [word] = explain_polarity("tram 😀").words
    assert (word.word, word.emoji) == ("grinning", "😀")


@pytest.mark.parametrize("text", ["", " ", "tram", "\u202egood\u202c", "\ud83d", "!" * 100])
def test_a_text_that_says_little_has_reasons_that_add_up(text):
    """Prevents a division by nothing, and an emphasis that belongs to no sentiment."""
    found = explain_polarity(text)
    assert total(found) == pytest.approx(score_text(text).polarity, abs=1e-4)


@pytest.mark.parametrize("text", ["good but not bad! " * 40_000, "😀" * 60_000], ids=["long", "emoji"])
def test_a_huge_text_is_explained_by_its_strongest_words(text):
    """Prevents an explanation as long as the text, or minutes of work for one request."""
    started = time.process_time()
    found = explain_polarity(text)
    assert time.process_time() - started < 20
    assert len(found.words) == MOST_WORDS
    assert found.others[0] > 10_000
    assert total(found) == pytest.approx(found.polarity, abs=1e-4)
