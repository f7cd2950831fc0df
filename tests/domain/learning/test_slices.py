"""Slices, the behavioural suite and the comparison of two models: the figures of a card beside its mean."""

import numpy as np
import pytest

from socialsent_assets.domain.learning.behaviour import SENTENCES, behaviour
from socialsent_assets.domain.learning.candidates import lexicon_classes
from socialsent_assets.domain.learning.evaluation import Interval, discordance, gate, hard
from socialsent_assets.domain.learning.labels import CLASSES, from_pairs
from socialsent_assets.domain.learning.slices import FEWEST_POSTS, sliced, slices_of, tags_of

TEXTS = {
    "negation": "this is not what the driver of the tram said to us",
    "but": "the tram came but the driver of it left us at the gate",
    "emoji": "the tram of the city came to the gate at nine 🫶",
    "hashtag": "the #tram of the city came to the gate at nine",
    "no lexicon word": "the tram of the city came to the gate at nine",
    "under 6 words": "the good tram",
    "over 25 words": "good " + "the tram of the city came to the gate at nine " * 4,
}


def posts_of(kind, count=FEWEST_POSTS, topic=None):
    texts = [f"{TEXTS[kind]} {number}" for number in range(count)]
    labels = [CLASSES[number % 3] for number in range(count)]
    return from_pairs(texts, labels, tags=[tags_of("en", topic)] * count)


@pytest.mark.parametrize("kind", TEXTS)
def test_a_post_is_in_the_slice_that_it_shows(kind):
    """Prevents a hard part of the posts that is not measured, or measured under another name."""
    found = slices_of(posts_of(kind))
    assert len(found[kind]) == FEWEST_POSTS
    assert (set(found) & set(TEXTS)) - {kind} <= {"no lexicon word"}


def test_sources_name_languages_and_topics():
    assert len(slices_of(posts_of("but", topic="trams"))["topic trams"]) == FEWEST_POSTS
    assert "language en" in slices_of(posts_of("but"))


def test_a_handful_of_posts_is_no_slice():
    """Prevents a promotion that is stopped by three posts."""
    assert slices_of(posts_of("but", FEWEST_POSTS - 1)) == {}


def test_a_candidate_that_lost_a_slice_is_stopped():
    """Prevents a mean that hides what became worse."""
    posts = posts_of("negation", 60)
    right, wrong = hard(posts.labels), hard((posts.labels + 1) % 3)
    found = sliced(posts, wrong, right, right)["negation"]
    assert (found["posts"], found["lexicon"]) == (60, 1.0)
    gain = Interval(**found["against_champion"])
    assert gain.high < 0
    [reason] = gate({}, None, slices={"negation": gain})
    assert reason.startswith("worse than the champion on the slice negation: -100.00 points")
    same = Interval(**sliced(posts, right, right, right)["negation"]["against_champion"])
    assert gate({}, None, slices={"negation": same}) == []


def test_quality_does_not_erode_by_small_steps():
    """Prevents champions of which each is a little worse than the last, and all within the noise."""
    near, far = Interval(-0.01, -0.03, 0.01), Interval(-0.05, -0.08, -0.02)
    assert gate({}, near) == []
    assert gate({}, near, far) == [
        "worse than the best champion of the past: -5.00 points of macro recall [-8.00, -2.00]"
    ]


def test_two_models_are_compared_post_by_post():
    """Prevents a difference that is called real when chance alone makes it every second time."""
    labels = np.zeros(20, np.int64)
    ours, theirs = labels.copy(), labels.copy()
    theirs[:10] = 1
    found = discordance(labels, ours, theirs)
    assert (found.only_ours, found.only_theirs) == (10, 0)
    assert found.p_value == pytest.approx(2 / 2**10)
    assert discordance(labels, ours, ours).p_value == 1.0


def test_the_suite_is_counted_beside_the_lexicon():
    """Prevents a count of passed sentences that nothing compares."""
    expected = np.array([CLASSES.index(sentence.label) for sentence in SENTENCES])
    lexicon = lexicon_classes([sentence.text for sentence in SENTENCES])
    found = behaviour(hard(expected), lexicon.tolist())
    assert found["sentences"] == found["passed"] == len(SENTENCES) >= 40
    assert found["failed"] == []
    assert found["lexicon_passed"] == int((lexicon == expected).sum())
    assert sum(group["sentences"] for group in found["groups"].values()) == len(SENTENCES)


def test_every_sentence_is_there_once():
    assert len({sentence.text for sentence in SENTENCES}) == len(SENTENCES)
