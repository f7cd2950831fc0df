"""A card vouches for its files, and a consumer that cannot trust a card raises."""

import json
from dataclasses import replace

import pytest

from socialsent_assets.domain.learning.card_page import markdown
from socialsent_assets.domain.learning.model_card import (
    BIGRAM,
    CLASSIFIER,
    ModelCard,
    ModelRefusedError,
    fingerprints,
    obstacles,
    read_card,
    require_usable,
    verified,
    write_card,
)

FILES = {"classifier.json": b"{}", "classifier.npz": b"arrays"}
HIGH = {"value": 0.7, "low": 0.68, "high": 0.72}
METRICS = {
    "posts": 1000,
    "macro_recall": HIGH,
    "macro_f1": HIGH,
    "accuracy": HIGH,
    "per_class": {
        n: {"precision": 0.7, "recall": 0.7, "f1": 0.7, "support": 3} for n in ("negative", "neutral", "positive")
    },
    "confusion": [[1, 2, 3], [4, 5, 6], [7, 8, 9]],
    "calibration_error": 0.03,
    "calibration": [],
}


@pytest.fixture
def card():
    return ModelCard(
        kind=CLASSIFIER,
        created_at="2026-11-22T00:00:00+00:00",
        label_source="human",
        data={"training_posts": 47_442},
        metrics=METRICS,
        baselines={"lexicon": METRICS},
        gains={"lexicon": {"value": 0.1, "low": 0.08, "high": 0.12}},
        choice={"inverse_penalty": 0.6},
        files=fingerprints(FILES),
        libraries={"numpy": "2.4.6"},
    )


def test_a_card_survives_its_file(card):
    assert read_card(write_card(card)) == card


def test_changed_bytes_are_refused_with_what_to_do(card):
    for files in ({**FILES, "classifier.npz": b"Arrays"}, {"classifier.json": b"{}"}):
        with pytest.raises(ModelRefusedError, match=r"here: classifier.npz does not match .* train again"):
            verified(card, files, "here")


def test_a_file_that_the_card_does_not_name_is_not_used(card):
    assert set(verified(card, {**FILES, "extra.py": b"import os"}, "here")) == set(FILES)


def test_a_card_of_a_newer_version_is_refused_before_anything_else(card):
    newer = {**json.loads(write_card(card)), "card_version": 2, "a_field_of_tomorrow": 1}
    with pytest.raises(ModelRefusedError, match="upgrade SocialSent"):
        read_card(json.dumps(newer).encode())


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"card_version": "x"}', b'{"card_version": 1}'])
def test_a_damaged_card_is_refused(content):
    with pytest.raises(ModelRefusedError, match=r"train again|train the model again"):
        read_card(content)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"text_version": 0}, "trained for text 0"),
        ({"features_version": 0}, "trained for features 0"),
        ({"scorer_version": "vader-2"}, "trained for scorer vader-2"),
        ({"classes": ["bad", "good"]}, "trained for classes"),
        ({"label_source": None}, "does not name its annotators"),
        ({"kind": BIGRAM}, "is a bigram model"),
    ],
)
def test_a_model_for_other_text_or_labels_is_refused(card, change, complaint):
    require_usable(card, CLASSIFIER)
    with pytest.raises(ModelRefusedError, match=complaint):
        require_usable(replace(card, **change), CLASSIFIER)


def test_a_candidate_within_the_noise_of_a_baseline_may_not_be_promoted(card):
    assert obstacles(card) == []
    weak = replace(card, gains={"lexicon": {"value": 0.01, "low": -0.01, "high": 0.03}})
    assert "lexicon baseline" in obstacles(weak)[0]


def test_the_page_shows_every_number_beside_its_baseline(card):
    page = markdown(card)
    assert "| **this model** | 70.0 [68.0, 72.0]" in page
    assert "| lexicon | 70.0 [68.0, 72.0] | 70.0 [68.0, 72.0] | 70.0 [68.0, 72.0] | +10.0 [+8.0, +12.0] |" in page
    assert "| **neutral** | 4 | 5 | 6 |" in page
    assert "Expected calibration error: 3.0 points" in page
    assert "training posts: 47,442" in page
