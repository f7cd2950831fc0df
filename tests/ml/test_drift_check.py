"""Drift of hours against the champion's card: when it is measured, and its result."""

from __future__ import annotations

import pytest

from socialsent_assets.domain.learning.drift import FEWEST_TEXTS
from socialsent_assets.domain.learning.model_card import CLASSIFIER
from socialsent_assets.domain.tables import SENTIMENT
from socialsent_assets.lake.lake import Lake
from socialsent_assets.ml.drift_check import no_drift
from socialsent_assets.ml.registry import ModelRegistry
from tests.built_lake import build_table
from tests.conftest import lake_at
from tests.graph.graph_lake import score_row
from tests.model_lake import AT, NOW, candidate, filled, invented


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with a champion; its texts are neutral to the lexicon."""
    lake = filled(lake_at(tmp_path_factory.mktemp("lake")))
    registry = ModelRegistry(lake.artifacts)
    registry.promote(CLASSIFIER, registry.add(candidate(lake).files), NOW)
    return lake


def scored(lake: Lake, count: int, **changes: object) -> None:
    rows = [
        score_row(n, AT, **{"clean_text": row["text"], "polarity": 0.0, "sentiment": "neutral", **changes})
        for n, row in enumerate(invented(count, seed=2))
    ]
    build_table(lake, SENTIMENT, AT, rows)


def test_texts_like_those_learned_from_do_not_drift(learned: Lake) -> None:
    scored(learned, 300)
    verdict = no_drift(learned, [AT])
    assert verdict.passed, verdict.detail
    assert verdict.measures["texts"] == 300
    assert {"label mix", "polarity", "vocabulary"} < set(verdict.measures)


@pytest.mark.parametrize(
    ("change", "shifted"),
    [
        ({"sentiment": "negative"}, "label mix"),
        ({"polarity": -0.8}, "polarity"),
        ({"clean_text": "quite other words entirely"}, "vocabulary"),
    ],
)
def test_each_kind_of_drift_is_found_and_named(learned: Lake, change: dict[str, object], shifted: str) -> None:
    """Prevents a classifier that goes on answering about a world it never saw."""
    scored(learned, 300, **change)
    verdict = no_drift(learned, [AT])
    assert not verdict.passed
    assert [name for name in ("label mix", "polarity", "vocabulary") if verdict.measures[name] > 0.2] == [shifted]
    assert "socialsent materialize --select group:models" in verdict.detail


def test_too_few_texts_tombstones_and_other_languages_are_not_judged(learned: Lake) -> None:
    """Prevents alarms by chance in quiet hours, and by texts that were never scored."""
    scored(learned, FEWEST_TEXTS - 1, sentiment="negative")
    assert (no_drift(learned, [AT]).passed, "not measured" in no_drift(learned, [AT]).detail) == (True, True)
    scored(learned, 300, sentiment="negative", deleted=True)
    assert no_drift(learned, [AT]).measures["texts"] == 0
    scored(learned, 300, sentiment="negative", unscored_reason="language_not_supported")
    assert no_drift(learned, [AT]).measures["texts"] == 0


def test_without_a_champion_there_is_nothing_to_compare_with(lake: Lake) -> None:
    scored(lake, 300)
    verdict = no_drift(lake, [AT])
    assert (verdict.passed, verdict.detail) == (True, "not measured: no classifier was promoted yet")
