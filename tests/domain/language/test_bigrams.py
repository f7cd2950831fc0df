"""The next-word model against slow, independent implementations of the same definitions."""

import math
from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nltk.lm import MLE
from nltk.lm.preprocessing import padded_everygram_pipeline

from socialsent_assets.domain.language.bigram.model import NoSentencesError, train

POSTS = [
    post.split()
    for post in (
        "the train is late again and the rain is cold",
        "the train is full and the seats are wet",
        "i love the rain and i love the sea",
        "the sea is calm again",
        "love the train love the sea",
        "again and again and again",
        "late again",
        "so calm so late so cold",
        "wet seats",
        "the end",
    )
]
HELD_OUT = [
    post.split()
    for post in (
        "the rain is late",
        "i love the zeppelin",
        "calm and cold",
    )
]


def slow_modified_kneser_ney(posts, min_count):
    """Chen and Goodman's equations over dictionaries, one word at a time."""
    occurrences = Counter(word for post in posts for word in post)
    known = {word for word, n in occurrences.items() if n >= min_count}
    mapped = [["<s>", *(w if w in known else "<unk>" for w in post), "</s>"] for post in posts]
    bigrams = Counter(pair for post in mapped for pair in pairwise(post))
    outcomes = known | {"<unk>", "</s>"}

    def three_discounts(values):
        n = [sum(v == k for v in values) for k in range(5)]
        if not (n[1] and n[2] and n[3]):
            return [0, 0.5, 1.0, 1.5]
        y = n[1] / (n[1] + 2 * n[2])
        found = [0.0] + [k - (k + 1) * y * n[k + 1] / n[k] for k in (1, 2, 3)]
        return found if all(0 < d <= k for k, d in enumerate(found[1:], start=1)) else [0, 0.5, 1.0, 1.5]

    preceded_by = defaultdict(set)
    for history, word in bigrams:
        preceded_by[word].add(history)
    continuation = {word: len(preceded_by[word]) for word in outcomes}
    high = three_discounts(list(bigrams.values()))
    low = three_discounts([c for c in continuation.values() if c])

    def lower(word):
        c = continuation[word]
        spare = sum(low[min(v, 3)] for v in continuation.values())
        return (c - low[min(c, 3)]) / len(bigrams) + spare / len(bigrams) / len(outcomes)

    def probability(word, history):
        followers = {w: c for (h, w), c in bigrams.items() if h == history}
        total = sum(followers.values())
        if not total:
            return lower(word)
        c = followers.get(word, 0)
        spare = sum(high[min(v, 3)] for v in followers.values())
        return (c - high[min(c, 3)]) / total + spare / total * lower(word)

    return probability, outcomes, known


@pytest.mark.parametrize("min_count", [1, 2])
def test_every_probability_equals_a_slow_implementation_of_the_paper(min_count):
    model = train(POSTS, min_count=min_count)
    probability, outcomes, known = slow_modified_kneser_ney(POSTS, min_count)
    assert set(model.words) - {"<s>"} == outcomes
    for history in [None, *known]:
        ours = model.distribution(history)
        theirs = [0.0 if w == "<s>" else probability(w, "<s>" if history is None else history) for w in model.words]
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-15)


words = st.text(alphabet="abcdefé😀", min_size=1, max_size=2)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(words, max_size=8), min_size=1, max_size=30), st.integers(1, 3))
@example([[*"aca", "aa", "a"], [*"aaaacaba"], [*"aca", "aa", *"cbad"]], 1)  # a discount of exactly 0 frees nothing
def test_next_word_probabilities_sum_to_one(posts, min_count):
    if not any(posts):
        return
    model = train(posts, min_count)
    for history in [None, "never seen", *model.words[3:]]:
        row = model.distribution(history)
        assert row.sum() == pytest.approx(1.0, abs=1e-12)
        assert (np.delete(row, 1) > 0).all(), "a held-out word must never make the perplexity infinite"
        assert row[1] == 0, "a post never starts again in the middle"


def test_counts_agree_with_nltk():
    """Prevents pairs that cross from one post into the next."""
    model = train(POSTS, min_count=1)
    nltk_model = MLE(2)
    nltk_model.fit(*padded_everygram_pipeline(2, POSTS))
    for history, following, count in zip(model.histories, model.nexts, model.counts, strict=True):
        assert nltk_model.counts[[model.words[history]]][model.words[following]] == count
    assert model.tokens == sum(len(post) + 1 for post in POSTS)


def test_perplexity_is_measured_on_every_token_and_the_end_of_each_post():
    model = train(POSTS)
    probability, _, known = slow_modified_kneser_ney(POSTS, 2)
    logs = []
    for post in HELD_OUT:
        padded = ["<s>", *(w if w in known else "<unk>" for w in post), "</s>"]
        logs += [math.log(probability(w, h)) for h, w in pairwise(padded)]
    measured = model.perplexity([[], *HELD_OUT])
    assert measured.value == pytest.approx(math.exp(-sum(logs) / len(logs)))
    assert measured.tokens == len(logs) == 14
    assert measured.unknown_share == pytest.approx(1 / 14)


def test_laplace_baselines_follow_their_formula():
    model = train([["a", "b"], ["a", "b"]], min_count=1)
    measured = model.perplexity([["a"]])
    outcomes = 4  # a, b, <unk>, </s>
    assert measured.laplace_unigram == pytest.approx((3 / (6 + outcomes)) ** -1)
    pairs = ((2 + 1) / (2 + outcomes)) * ((0 + 1) / (2 + outcomes))
    assert measured.laplace_bigram == pytest.approx(pairs**-0.5)


def test_top_words_are_the_best_of_the_whole_vocabulary():
    """Prevents looking only at words that followed in training: a rare history has few of those."""
    model = train(POSTS, min_count=1)
    for history in [None, "unseen", *model.words[3:]]:
        row = model.distribution(history)[3:]
        best = model.top_k(history, 4)
        assert [p for _, p in best] == pytest.approx(sorted(row, reverse=True)[:4])
        assert not {"<unk>", "<s>", "</s>"} & {word for word, _ in best}
    assert model.top_k("love", 1)[0][0] == "the"


def test_more_words_than_the_vocabulary_holds_are_all_of_them():
    model = train([["a", "b"], ["a", "b"]], min_count=1)
    assert {word for word, _ in model.top_k("a", 100)} == {"a", "b"}


def test_rare_words_are_unknown():
    model = train([["common", "rare"], ["common"]], min_count=2)
    assert "rare" not in model.ids
    assert model.probability("rare", "common") == model.probability("anything", "common") > 0


def test_a_word_of_few_people_is_unknown_however_often_they_write_it():
    """Prevents a rare name that stays in the vocabulary after its few friends wrote it a hundred times."""
    posts = [["hello", "zebulon"]] * 50 + [["hello"], ["hello", "there"], ["there"], ["there", "once"]]
    authors = ["ann"] * 25 + ["ben"] * 25 + ["cat", "cat", "dan", "ann"]
    model = train(posts, 2, authors, min_authors=3)
    assert set(model.ids) == {"hello", "there"}
    assert model.few_authors_words == 1, "`once` is left out for its count, not for its authors"
    assert set(train(posts, 2, authors, min_authors=2).ids) == {"hello", "there", "zebulon"}
    assert set(train(posts, 2).ids) == {"hello", "there", "zebulon"}


def test_authors_of_every_sentence_are_needed_to_count_them():
    """Prevents a vocabulary without the rule because authors were forgotten, or of other sentences."""
    with pytest.raises(ValueError, match="where authors are given"):
        train(POSTS, min_authors=3)
    with pytest.raises(ValueError, match="shorter"):
        train(POSTS, authors=["ann"], min_authors=2)


@given(st.lists(st.tuples(st.lists(words, max_size=6), st.sampled_from("abcd")), min_size=1, max_size=30))
def test_the_vocabulary_is_what_three_people_wrote(rows):
    """Prevents a count of sentences, or of words, for a count of people."""
    posts, authors = [post for post, _ in rows], [author for _, author in rows]
    if not any(posts):
        return
    wrote = defaultdict(set)
    for post, author in rows:
        for word in post:
            wrote[word].add(author)
    model = train(posts, 1, authors, 3)
    assert set(model.ids) == {word for word, people in wrote.items() if len(people) >= 3}
    assert model.few_authors_words == len(wrote) - len(model.ids)


def test_a_post_that_spells_a_boundary_does_not_end_there():
    """Prevents text from forging sentence boundaries."""
    model = train([["a", "</s>", "b"], ["a", "</s>", "b"], ["<s>", "a"], ["<s>", "a"]], min_count=1)
    assert model.counts_of(np.array([2]), np.array([0])).item() == 0
    assert model.id_of("</s>") == model.id_of("<s>") == 0
    assert model.words.count("</s>") == 1


def test_empty_posts_teach_nothing():
    assert train([[], ["a", "b"], []], min_count=1).tokens == 3


@pytest.mark.parametrize("posts", [[], [[]], [[], []]])
def test_no_words_at_all_is_an_error_not_a_default(posts):
    with pytest.raises(NoSentencesError):
        train(posts)
    with pytest.raises(NoSentencesError):
        train([["a"]], 1).perplexity(posts)


def test_one_post_of_one_word_is_a_model():
    """Counts of counts are empty here, and the closed form of the discounts divides by zero."""
    model = train([["hello"]], min_count=1)
    assert model.distribution("hello").sum() == pytest.approx(1)
    assert model.top_k(None, 1)[0][0] == "hello"


def test_most_frequent_bigrams_hold_words_only():
    assert train(POSTS).most_frequent(2)[0] == ("love", "the", 4)
