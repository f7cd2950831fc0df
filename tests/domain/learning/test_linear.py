"""The compiled classifier answers what scikit-learn's pipeline answers."""

import csv
import logging
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from socialsent_assets.domain.language.tokenizer import compiled as tokenizer
from socialsent_assets.domain.language.tokenizer import memo
from socialsent_assets.domain.language.tokenizer.arrow import buffers_of
from socialsent_assets.domain.learning import features, training
from socialsent_assets.domain.learning.classifier import Classifier, Terms
from socialsent_assets.domain.learning.labels import CLASSES
from socialsent_assets.domain.learning.linear import __main__, compiled, engine, grams, predictor
from socialsent_assets.domain.learning.linear.plain import find_plain
from socialsent_assets.domain.learning.tfidf import CHARACTER_RANGE, counter
from tests.domain.hostile_texts import TEXTS, hostile_texts

FOLDER = os.environ.get("SOCIALSENT_LABELLED_POSTS")
SAME = 1e-9  # probabilities


@pytest.fixture(scope="session")
def classifier():
    """A classifier that knows terms of every script and sign, with weights that make each of them count."""
    rng = np.random.default_rng(5)
    documents = features.documents(hostile_texts(7, 1_500))

    def terms(kind):
        vocabulary = counter(kind, min_df=2).fit(documents).get_feature_names_out()
        size = len(vocabulary)
        rarity = rng.uniform(1, 9, size).astype(np.float32)
        return Terms(tuple(map(str, vocabulary)), rarity, rng.normal(0, 1, (size, 3)).astype(np.float32))

    words = terms("words")
    return Classifier(
        words=words,
        characters=terms("characters"),
        evidence=rng.normal(0, 0.1, (len(words.vocabulary), 3)).astype(np.float32),
        numbers=rng.normal(0, 0.3, (len(features.NUMBERS), 3)).astype(np.float32),
        intercept=rng.normal(0, 0.3, 3),
        sharpness=0.8,
        bias=(0.1, -0.2, 0.1),
    )


@pytest.fixture(scope="session")
def real_classifier():
    """Trained, in a minute, on a part of the real posts."""
    from socialsent_assets.domain.learning.labels import read_csv

    learn, measure = (read_csv(Path(FOLDER) / name) for name in ("train.csv", "val.csv"))  # type: ignore[arg-type]
    return training.train(learn.take(range(12_000)), measure, grid=(0.6,)).classifier


def by_compiled(classifier, texts):
    classifier.prepare()
    return classifier.probabilities(texts)


def assert_same_answers(classifier, texts):
    expected, found = classifier.reference_probabilities(texts), by_compiled(classifier, texts)
    wrong = np.flatnonzero(~(np.abs(found - expected).max(axis=1) < SAME))
    assert not len(wrong), [(texts[i], found[i], expected[i]) for i in wrong[:5]]
    assert np.array_equal(found.argmax(axis=1), expected.argmax(axis=1))


@given(TEXTS)
@settings(max_examples=400)
def test_any_text_has_the_answer_of_the_reference(classifier, text):
    """Prevents a change of text.py, features.py or tfidf.py that the compiled classifier does not follow."""
    assert_same_answers(classifier, [text])


def test_hostile_texts_have_the_answers_of_the_reference(classifier):
    assert_same_answers(classifier, hostile_texts(1, 2_000))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_two_hundred_thousand_hostile_texts_have_the_answers_of_the_reference(classifier, seed):
    assert_same_answers(classifier, hostile_texts(seed, 20_000))


@pytest.mark.slow
@pytest.mark.skipif(not FOLDER, reason="SOCIALSENT_LABELLED_POSTS does not name a folder")
def test_real_posts_have_the_answers_of_the_reference(real_classifier):
    for name in ("val.csv", "train.csv"):
        with (Path(FOLDER) / name).open(encoding="utf-8", newline="") as file:  # type: ignore[arg-type]
            assert_same_answers(real_classifier, [row["text"] for row in csv.DictReader(file)])


@pytest.mark.parametrize(
    "text",
    ["a" * 10_000, "ha " * 3_000, "! " * 5_000, "not good " * 1_000, "😭" * 10_000, "x" * 1_000_000, "ΣΑΣ good", ""],
    ids=lambda text: text[:9],
)
def test_long_and_repeated_texts_have_the_answer_of_the_reference(classifier, text):
    """Prevents counts that overflow, and sums that cancel when an n-gram occurs thousands of times."""
    assert_same_answers(classifier, [text, "good"])


def test_a_full_memo_changes_no_answer(classifier, monkeypatch):
    """Prevents numbers of words from a memo that has started again meanwhile, among them those of pairs."""
    fresh = Classifier.load(classifier.dump())
    words = len(predictor.Vocabulary.of(fresh.words.vocabulary).words())  # type: ignore[attr-defined]
    monkeypatch.setattr(memo, "LIMIT", 2 * words + 100)
    monkeypatch.setattr(predictor, "LIMIT", 2 * words + 100)
    assert_same_answers(fresh, [f"good new{i} other{i} not{i} BAD but isn't sooooo #t{i}" for i in range(3 * words)])


def test_only_uncovered_rows_go_to_the_reference(classifier):
    scored = predictor.Predictor(classifier).score(
        predictor.column_of(["good", "İ", "素晴らしい", None, "ΣΑΣ", "\ud83d"])
    )
    assert scored.left_over.tolist() == [False, True, False, False, True, False]
    assert scored.is_silent.tolist()[:4] == [False, False, False, True]


# ------------------------------------------------------------------------------------------------ readable


def is_plain(texts):
    column = predictor.column_of(texts)
    found = np.empty(len(column), np.bool_)
    find_plain(*buffers_of(column), features.LONGEST_TEXT, found)
    return found


@given(TEXTS)
@settings(max_examples=600)
def test_a_plain_text_is_readable_as_it_is(text):
    """Prevents a text from passing by a step of `features.readable` that would have changed it."""
    if is_plain([text])[0]:
        assert features.readable(text) == text


def test_hostile_texts_that_are_plain_are_readable_as_they_are():
    texts = hostile_texts(3, 20_000)
    plain = [text for text, found in zip(texts, is_plain(texts), strict=True) if found]
    assert len(plain) > 300
    assert [features.readable(text) for text in plain] == plain


def test_ordinary_posts_are_plain():
    """Prevents every post from taking the way through Python unnoticed."""
    posts = ["Love it! #happy @user", "I'm not, am I? (no) 100% :)", 'She said "hi" to @user: ok', "a/b", ""]
    assert is_plain(posts).all()
    assert not is_plain([" a", "a ", "a  b", "a\tb", "é", "@ann", "&amp;", "x" * 10_001, '""', "http", "www.x"]).any()


# --------------------------------------------------------------------------------------- choice and columns


def test_columns_lists_and_chunks_have_the_same_answers(classifier):
    texts = ["good day", None, "", "BAD 😭", "not good"]
    expected = classifier.reference_probabilities(texts)
    column = pa.array(texts)
    for each in (
        texts,
        column,
        column.cast(pa.large_string()),
        pa.array(["x", *texts])[1:],
        pa.chunked_array([column]),
    ):
        np.testing.assert_allclose(by_compiled(classifier, each), expected, atol=SAME)


def test_few_texts_are_answered_without_compiling(classifier, monkeypatch):
    """Prevents a command with three texts from loading numba, and a feed of small batches from never doing so."""
    monkeypatch.setattr(engine, "COMPILED_FROM", 3)
    chosen = engine.Engine(classifier)
    assert [chosen.takes(1), chosen.takes(1), chosen.takes(1), chosen.takes(1)] == [False, False, True, True]


@pytest.mark.parametrize("missing", ["numba", "room"])
def test_the_reference_answers_and_says_so_where_nothing_can_be_compiled(classifier, missing, monkeypatch, caplog):
    if missing == "numba":
        monkeypatch.setattr(engine, "has_numba", lambda: False)
    else:
        monkeypatch.setattr(predictor, "LIMIT", 10)
    fresh = Classifier.load(classifier.dump())
    with caplog.at_level(logging.WARNING):
        found = by_compiled(fresh, ["good", "BAD"])
        by_compiled(fresh, ["good"])
    assert np.array_equal(found, classifier.reference_probabilities(["good", "BAD"]))
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "the classifier answers through scikit-learn, some twenty times slower"
    ]


def test_compiled_constants_equal_those_of_the_reference():
    """Prevents a number of the reference that changes while its copy in compiled code does not."""
    assert len(features.NUMBERS) == compiled.NUMBERS
    assert (grams.SHORTEST_GRAM, grams.LONGEST_GRAM) == CHARACTER_RANGE
    assert len(CLASSES) == 3
    assert 1 << compiled.WORD_BITS >= memo.LIMIT
    kinds = ("SPACE", "UPPER", "LOWER", "LETTER")
    assert [getattr(compiled, kind) for kind in kinds] == [getattr(tokenizer, kind) for kind in kinds]
    assert memo.LIMIT <= 1 << (tokenizer.SLOT_BITS - 1)


def test_what_an_install_compiles_is_what_a_feed_uses(classifier):
    """Prevents a first run that waits for the compiler again, because a type differs from the install's."""
    __main__.main()
    by_compiled(classifier, ["good day", "BAD 😭"])
    compiled_functions = (compiled.weigh_rows, find_plain, tokenizer.read_tokens, grams.find_grams)
    assert [len(function.signatures) for function in compiled_functions] == [1, 1, 1, 1]
