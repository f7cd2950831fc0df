"""The classifier's answers to odd texts, and its way through files."""

import io
import json

import numpy as np
import pytest

from socialsent_assets.domain.learning import training
from socialsent_assets.domain.learning.classifier import Classifier, UnreadableModelError

ODD = [
    "",
    " ",
    None,
    "😢😢",
    "the of and",
    "Это не по-английски",
    "\x00\ufeff",
    "\ud83d",
    "!" * 5000,
    "x" * 1_000_000,
]


@pytest.fixture(scope="module")
def classifier(posts, held_out):
    return training.train(posts, held_out, grid=(1.0,)).classifier


def test_every_text_gets_probabilities_that_sum_to_one(classifier):
    found = classifier.probabilities(ODD)
    assert found.shape == (len(ODD), 3)
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_a_text_that_says_nothing_is_neutral(classifier):
    assert classifier.probabilities(["", None, " \n"]).tolist() == [[0, 1, 0]] * 3


def test_a_batch_equals_its_texts_one_by_one(classifier, held_out):
    """Prevents preprocessing that is fitted to the batch at hand."""
    texts = [*held_out.texts[:20], *ODD]
    together = classifier.probabilities(texts)
    alone = np.concatenate([classifier.probabilities([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_no_texts_give_no_rows(classifier):
    assert classifier.probabilities([]).shape == (0, 3)


def test_more_texts_than_a_batch_come_back_in_order(classifier, monkeypatch):
    texts = ["love it", "hate it", "train station", "", "great"]
    whole = classifier.probabilities(texts)
    monkeypatch.setattr("socialsent_assets.domain.learning.classifier.BATCH", 2)
    np.testing.assert_allclose(classifier.probabilities(texts), whole, atol=1e-6)


def test_a_saved_model_answers_as_before_and_saves_to_the_same_bytes(classifier, held_out):
    again = Classifier.load(classifier.dump())
    assert np.array_equal(again.probabilities(held_out.texts), classifier.probabilities(held_out.texts))
    assert again.dump() == classifier.dump()


def change_head(**changes):
    def change(files):
        files["classifier.json"] = json.dumps({**json.loads(files["classifier.json"]), **changes}).encode()

    return change


def change_arrays(**changes):
    def change(files):
        with np.load(io.BytesIO(files["classifier.npz"])) as stored:
            arrays = {name: stored[name] for name in stored.files}
        out = io.BytesIO()
        np.savez(out, **{**arrays, **changes})
        files["classifier.npz"] = out.getvalue()

    return change


@pytest.mark.parametrize(
    "damage",
    [
        lambda files: files.pop("classifier.npz"),
        lambda files: files.update({"classifier.npz": files["classifier.npz"][:-100]}),
        lambda files: files.update({"classifier.json": b"\x80\x04not json"}),
        change_head(format=2),
        change_head(words=["one"]),
        change_head(words=[]),
        change_head(classes=["good", "bad", "ugly"]),
        change_head(bias=[1, 2]),
        change_arrays(numbers=np.zeros((2, 3), np.float32)),
        change_arrays(word_rarity=np.array([{"pickled": True}], dtype=object)),
        change_arrays(evidence=np.zeros((2, 3), np.float32)),
        change_arrays(intercept=np.zeros(2)),
    ],
)
def test_a_damaged_or_newer_model_is_refused(classifier, damage):
    files = classifier.dump()
    damage(files)
    with pytest.raises(UnreadableModelError):
        Classifier.load(files)
