"""The cascade: who answers which text, its way through files, and what it does without its encoder."""

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from socialsent_assets.domain.learning import cascade, training
from socialsent_assets.domain.learning.candidates import LEXICON, classifier_candidate
from socialsent_assets.domain.learning.cascade import CASCADE, Cascade, answers_alone, opened
from socialsent_assets.domain.learning.classifier import Classifier, UnreadableModelError
from socialsent_assets.domain.learning.encoder.encoder import Encoder
from socialsent_assets.domain.learning.explanation import explain_prediction
from socialsent_assets.domain.learning.model_card import ENCODER, LINEAR, obstacles
from tests import invented_encoder
from tests.model_lake import NOW

TEXTS = ["love it", "hate it", "we in the city", "", None, "train station monday", "lost and sad today", "great game"]


@pytest.fixture(scope="module")
def trained(posts, held_out):
    return training.train(posts, held_out, grid=(1.0,))


@pytest.fixture(scope="module")
def joined(trained, held_out) -> Cascade:
    encoder, said = invented_encoder.encoder(), trained.held_out_probabilities
    return cascade.fit(trained.classifier, encoder, held_out.texts, said, held_out.labels).cascade


def test_the_encoder_is_asked_only_where_the_linear_model_is_unsure(joined, held_out):
    """Prevents a cascade that costs an encoder's time for every post, or changes answers that were sure."""
    linear = joined.linear.probabilities(held_out.texts)
    found = joined.probabilities(held_out.texts)
    unsure = linear.max(axis=1) < joined.threshold
    assert 0 < unsure.sum() <= 0.4 * len(held_out)
    np.testing.assert_array_equal(found[~unsure], linear[~unsure])
    assert (found[unsure] != linear[unsure]).any(axis=1).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_a_text_that_says_nothing_is_neutral(joined):
    assert joined.probabilities(["", None, " \n"]).tolist() == [[0, 1, 0]] * 3


def test_a_batch_equals_its_texts_one_by_one(joined, held_out):
    texts = [*held_out.texts[:40], *TEXTS]
    alone = np.concatenate([joined.probabilities([text]) for text in texts])
    np.testing.assert_allclose(joined.probabilities(texts), alone, atol=1e-5)
    np.testing.assert_allclose(joined.probabilities(pa.array(texts)), alone, atol=1e-5)


def test_the_linear_answer_stays_where_the_encoder_has_none(joined, monkeypatch):
    """Prevents one text that an encoder fails on from stopping an hour, or from entering a mean as NaN."""
    asks_all = replace(joined, threshold=2.0)
    monkeypatch.setattr(
        Encoder, "scores", lambda self, texts: np.array([[np.nan, 0, 0]] * (len(texts) - 1) + [[0, 0, 1]])
    )
    found, linear = asks_all.probabilities(TEXTS), joined.linear.probabilities(TEXTS)
    np.testing.assert_array_equal(found[:-1], linear[:-1])
    assert (found[-1] != linear[-1]).any()


def test_a_saved_cascade_answers_as_before_and_saves_to_the_same_bytes(joined, held_out):
    files = joined.dump()
    again = opened(files)
    assert isinstance(again, Cascade)
    assert again.dump() == files
    np.testing.assert_array_equal(again.probabilities(held_out.texts), joined.probabilities(held_out.texts))


def test_without_the_extra_the_linear_classifier_answers_and_says_so(joined, monkeypatch, caplog):
    files = joined.dump()
    monkeypatch.setattr(cascade, "is_installed", lambda: False)
    alone = opened(files)
    assert answers_alone(files)
    assert isinstance(alone, Classifier)
    assert "uv sync --inexact --extra encoder" in caplog.text
    np.testing.assert_array_equal(alone.probabilities(TEXTS), joined.linear.probabilities(TEXTS))


def test_another_encoder_in_the_folder_is_refused(joined):
    """Prevents calibrations and a threshold from being applied to scores that they were not fitted on."""
    with pytest.raises(UnreadableModelError, match="not the one that this cascade"):
        opened({**joined.dump(), **invented_encoder.encoder(seed=9).dump()})


@pytest.mark.parametrize(
    "change", [{"format": 2}, {"threshold": None}, {"of_both": {"sharpness": 1}}, {"of_both": 3}]
)
def test_a_damaged_head_is_refused(joined, change):
    files = joined.dump()
    head = json.loads(files[CASCADE]) | change
    with pytest.raises(UnreadableModelError, match="cascade"):
        opened({**files, CASCADE: json.dumps(head).encode()})


def test_the_card_has_both_parts_beside_the_whole(posts, held_out):
    """Prevents a cascade whose gain over its own linear classifier nobody measured."""
    made = classifier_candidate(
        posts,
        held_out,
        label_source="human",
        created_at=NOW,
        data={},
        grid=(1.0,),
        encoder=invented_encoder.encoder(),
    )
    assert {LINEAR, ENCODER, LEXICON} <= set(made.card.baselines)
    assert made.card.gains[LINEAR]["low"] <= made.card.gains[LINEAR]["value"]
    assert made.card.choice["encoder"] == invented_encoder.encoder().digest
    assert CASCADE in made.card.files
    assert "encoder" in made.files["card.md"].decode()
    assert not any("baseline" in reason and "alone" in reason for reason in obstacles(made.card))


def test_a_cascade_worse_than_its_linear_classifier_does_not_pass_the_gate(posts, held_out):
    made = classifier_candidate(
        posts,
        held_out,
        label_source="human",
        created_at=NOW,
        data={},
        grid=(1.0,),
        encoder=invented_encoder.encoder(),
    )
    worse = replace(made.card, gains={**made.card.gains, LINEAR: {"value": -0.02, "low": -0.03, "high": -0.01}})
    assert any(LINEAR in reason for reason in obstacles(worse))


def test_an_answer_of_the_encoder_is_explained_by_occlusion(joined):
    """Prevents reasons that do not add up to the answer, or are those of another model than answered."""
    asks_all = replace(joined, threshold=0.9999999)
    reasons = explain_prediction(asks_all, "not a good day in the city")
    assert reasons.by_occlusion
    np.testing.assert_allclose(reasons.probabilities, asks_all.probabilities(["not a good day in the city"])[0])
    total = reasons.intercept + sum(word.adds for word in reasons.words)
    np.testing.assert_allclose(total, reasons.logits)
    assert {word.word for word in reasons.words} == {"not", "a", "good", "day", "in", "the", "city"}


def test_an_answer_of_the_linear_classifier_is_explained_exactly(joined):
    asks_none = replace(joined, threshold=0.0)
    reasons = explain_prediction(asks_none, "not a good day")
    assert not reasons.by_occlusion
    assert reasons.features
