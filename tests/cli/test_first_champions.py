"""First promotion without a person: the first candidate that passes its gate, and none after it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from socialsent_assets.cli.first_champions import introduce, kinds_named, kinds_without_champion, names_models
from socialsent_assets.domain.learning.model_card import BIGRAM, CLASSIFIER
from socialsent_assets.lake.lake import Lake
from socialsent_assets.ml.registry import ModelRegistry
from socialsent_assets.ml.summary import model_summaries
from tests.conftest import lake_at
from tests.model_lake import NOW, candidate, filled, put_labels


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, bytes]]:
    """Files of two candidates: one that beats its baselines, and one of labels that are noise."""
    good = filled(lake_at(tmp_path_factory.mktemp("good")))
    noise = lake_at(tmp_path_factory.mktemp("noise"))
    labels = ("negative", "neutral", "positive")
    put_labels(noise, [{"text": f"we {n} in the city n{n}", "label": labels[n * 7 % 3]} for n in range(120)])
    return [dict(candidate(lake).files) for lake in (good, noise)]


def said(lake: Lake, kinds: list[str]) -> str:
    out = io.StringIO()
    introduce(lake, kinds, NOW, Console(file=out, width=400))
    return out.getvalue()


def test_the_first_candidate_that_passes_becomes_champion_and_is_announced(lake: Lake, made) -> None:
    """Prevents a first run whose predictions stay empty, and a promotion that is not reported."""
    registry = ModelRegistry(lake.artifacts)
    digest = registry.add(made[0])
    assert kinds_without_champion(lake) == [CLASSIFIER, BIGRAM]
    words = said(lake, [CLASSIFIER])
    assert registry.champion_digest(CLASSIFIER) == digest
    assert "first champion" in words
    assert "macro recall" in words
    assert kinds_without_champion(lake) == [BIGRAM]


def test_a_candidate_that_does_not_beat_its_baselines_is_not_promoted_and_says_why(lake: Lake, made) -> None:
    ModelRegistry(lake.artifacts).add(made[1])
    assert "is not promoted, see its gate" in said(lake, [CLASSIFIER])
    assert kinds_without_champion(lake) == [CLASSIFIER, BIGRAM]


def test_a_later_candidate_waits_for_a_person(lake: Lake, made) -> None:
    """Prevents a champion that is replaced over night."""
    registry = ModelRegistry(lake.artifacts)
    champion = registry.add(made[1])
    registry.promote(CLASSIFIER, champion, NOW)
    later = registry.add({**made[0], "card.json": made[0]["card.json"].replace(b"2026-11-22T12", b"2026-11-23T12")})
    words = said(lake, [CLASSIFIER])
    assert f"socialsent models promote {later[:12]}" in words
    assert registry.champion_digest(CLASSIFIER) == champion


def test_without_any_candidate_it_says_that_too(lake: Lake) -> None:
    assert "too little training data" in said(lake, [BIGRAM])


@pytest.mark.parametrize(
    ("select", "kinds"),
    [
        ("group:models", [CLASSIFIER, BIGRAM]),
        ("models/bigram", [BIGRAM]),
        ("group:marts", []),
        ("cleansed/posts", []),
    ],
)
def test_a_selection_of_models_is_told_from_one_of_hours(select: str, kinds: list[str]) -> None:
    assert (names_models(select), kinds_named(select)) == (bool(kinds), kinds)


def test_the_status_lists_champions_first_with_baselines_and_names_what_it_cannot_read(lake: Lake, made) -> None:
    """Prevents a status that fails, or is silent, about a damaged card."""
    registry = ModelRegistry(lake.artifacts)
    champion, other = registry.add(made[0]), registry.add(made[1])
    registry.promote(CLASSIFIER, champion, NOW)
    first, second = model_summaries(lake)
    assert (first.digest, first.role, first.label_source) == (champion, "champion", "human")
    assert first.metrics["macro_recall"]["value"] > first.baselines["lexicon (VADER)"]["macro_recall"]["value"]
    assert (second.digest, second.role) == (other, "candidate")
    lake.artifacts.write(f"models/{CLASSIFIER}/{other}/card.json", b"{}")
    assert "damaged" in model_summaries(lake)[1].headline
