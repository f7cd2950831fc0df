"""Reasons of a prediction are exact: what the features add, and the intercept, are the logits."""

import numpy as np
import pytest
import scipy.sparse as sp

from socialsent_assets.domain.learning import training
from socialsent_assets.domain.learning.classifier import calibrated
from socialsent_assets.domain.learning.explanation import explain, explain_prediction
from socialsent_assets.domain.learning.features import documents
from socialsent_assets.domain.learning.labels import CLASSES
from socialsent_assets.domain.learning.tfidf import counter, numbers_of

TEXTS = [
    "love it, not awful at all!!!",
    "hate hate hate the train",
    "GREAT song :) #happy",
    "x " * 9000,
    "\u202etram 😀",
]


@pytest.fixture(scope="module")
def trained(posts, held_out):
    return training.train(posts, held_out, grid=(1.0,)).classifier


@pytest.mark.parametrize("text", TEXTS)
def test_contributions_and_intercept_are_the_logits(trained, text):
    """Prevents reasons of another model than the one that answers."""
    found = explain_prediction(trained, text)
    for parts in (found.features, found.words):
        logits = found.intercept + np.sum([part.adds for part in parts], axis=0)
        np.testing.assert_allclose(logits, found.logits, atol=1e-9)
    [expected] = trained.reference_probabilities([text])
    np.testing.assert_allclose(found.probabilities, expected, atol=1e-9)
    assert found.label == CLASSES[int(expected.argmax())]


def test_logits_are_those_of_scikit_learns_estimator(posts):
    """Prevents an explanation that agrees with our own arithmetic alone."""
    found, vocabularies = training._search(documents(posts.texts), posts.labels, (1.0,), 0, 1, False)
    classifier = training._as_classifier(found, vocabularies)
    read = documents(TEXTS)
    counts = [
        counter(kind, vocabulary=list(terms)).transform(read)
        for kind, terms in zip(("words", "characters"), vocabularies, strict=True)
    ]
    table = sp.hstack([*counts, numbers_of(read)], format="csr", dtype=np.float32)
    expected = found.best_estimator_.decision_function(table)
    explained = np.array([explain_prediction(classifier, text).logits for text in TEXTS])
    np.testing.assert_allclose(explained, expected, atol=1e-4)  # the estimator adds in float32


def test_a_word_that_moves_the_answer_leads_the_reasons(trained):
    """Prevents reasons in which letters and numbers drown the words."""
    words = [word.word for word in explain_prediction(trained, "the awful city").words]
    assert "awful" in words[:2]


def test_a_text_without_a_word_is_neutral_by_definition(trained):
    """Prevents reasons for an answer that no feature gave."""
    found = explain_prediction(trained, " \n")
    assert (found.is_silent, found.label, found.features) == (True, "neutral", ())
    assert found.probabilities.tolist() == trained.probabilities([" \n"])[0].tolist()


def test_listed_and_other_features_still_add_up(trained):
    """Prevents sums that only hold for short texts."""
    model = explain(" ".join(TEXTS[:3]), trained, most=3)["model"]
    for listed, others in (("features", "other_features"), ("words", "other_words")):
        assert model[others]["count"] > 0
        adds = [model["intercept"], model[others]["adds"], *(each["adds"] for each in model[listed])]
        for name in CLASSES:
            assert sum(part[name] for part in adds) == pytest.approx(model["logits"][name])
    logits = np.array([[model["logits"][name] for name in CLASSES]])
    [probabilities] = calibrated(logits, 1.0, np.zeros(3))
    assert probabilities.tolist() == pytest.approx(list(model["probabilities"].values()))


def test_a_language_without_a_reader_gets_no_reasons(trained):
    """Prevents reasons for a text that the lake leaves unscored."""
    found = explain("ゆっくり休みたい", trained)
    assert (found["unscored"], found["lexicon"], found["model"]) == ("ja", None, None)
