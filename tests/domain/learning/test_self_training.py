"""Self-training: what is learned from unlabelled texts, and the honest comparison with doing without."""

from datetime import UTC, datetime

import pytest

from socialsent_assets.domain.learning import training
from socialsent_assets.domain.learning.candidates import classifier_candidate
from socialsent_assets.domain.learning.labels import HUMAN, same_text_key
from socialsent_assets.domain.learning.model_card import WITHOUT, obstacles
from socialsent_assets.domain.learning.self_training import LEAST_CERTAIN, SHARE, pseudo_labelled
from tests.domain.learning.conftest import invented_posts

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture(scope="module")
def unlabelled():
    return invented_posts(300, seed=9).texts


@pytest.fixture(scope="module")
def classifier(posts, held_out):
    return training.train(posts, held_out, grid=(1.0,)).classifier


def test_only_sure_answers_for_new_texts_are_learned_from(classifier, posts, held_out, unlabelled):
    """Prevents a model that is measured on texts that it labelled itself, or drowns in its own opinion."""
    found = pseudo_labelled(
        classifier, [*unlabelled, *unlabelled, *held_out.texts, *posts.texts, ""], posts, held_out
    )
    keys = [same_text_key(text) for text in found.texts]
    assert len(keys) == len(set(keys)) > 0
    assert not set(keys) & {same_text_key(text) for text in [*held_out.texts, *posts.texts]}
    assert (classifier.probabilities(found.texts).max(axis=1) >= LEAST_CERTAIN).all()
    assert len(set(found.counts().values())) == 1
    assert len(found) <= SHARE * len(posts)


def test_nothing_is_learned_where_nothing_is_sure(classifier, posts, held_out):
    assert len(pseudo_labelled(classifier, ["quite unheard of"], posts, held_out)) == 0


def test_the_card_has_the_same_model_without_beside_it(posts, held_out, unlabelled):
    """Prevents a gain by self-training that cannot be checked."""
    made = classifier_candidate(
        posts, held_out, label_source=HUMAN, created_at=NOW, data={}, unlabelled=unlabelled, grid=(1.0,)
    )
    card = made.card
    assert set(card.baselines[WITHOUT]) >= {"macro_recall", "macro_f1", "accuracy"}
    assert card.choice["self_training"]["texts"] == len(unlabelled)
    assert sum(card.choice["self_training"]["learned_from"].values()) > 0
    assert card.data["training_class_counts"] == posts.counts()
    worse = {**card.gains, WITHOUT: {"value": -0.2, "low": -0.3, "high": -0.1}}
    assert any(WITHOUT in reason for reason in obstacles(type(card)(**{**vars(card), "gains": worse})))
