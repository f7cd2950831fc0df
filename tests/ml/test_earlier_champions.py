"""Champions of the past: a candidate is measured against the best of them, on the same posts."""

from socialsent_assets.domain.learning.model_card import BEST, CHAMPION, CLASSIFIER, obstacles
from socialsent_assets.ml.registry import ModelRegistry
from tests.model_lake import NOW, candidate, filled, invented, label_of, put_labels


def test_a_candidate_stands_beside_the_best_champion_of_the_past(lake):
    """Prevents quality that erodes by steps too small for any one gate."""
    filled(lake, 200)
    registry = ModelRegistry(lake.artifacts)
    good = candidate(lake)
    registry.promote(CLASSIFIER, registry.add(good.files), NOW)
    wrong = {"negative": "positive", "positive": "neutral", "neutral": "negative"}
    put_labels(lake, [{**label_of(row), "label": wrong[row["mood"]]} for row in invented(200)])
    bad = candidate(lake)
    registry.promote(CLASSIFIER, registry.add(bad.files), NOW)
    put_labels(lake, map(label_of, invented(200)))
    again = candidate(lake).card
    assert again.baselines[BEST]["macro_recall"]["value"] > again.baselines[CHAMPION]["macro_recall"]["value"]
    assert again.gains[BEST]["high"] >= 0
    assert obstacles(again) == []
    assert again.metrics["discordance"]["only_ours"] > again.metrics["discordance"]["only_theirs"]
