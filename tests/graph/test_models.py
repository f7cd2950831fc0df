"""The models in the graph: what a training leaves behind, the result of its gate, and no promotion by itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from socialsent_assets.defs.ml import assets
from socialsent_assets.domain.learning.model_card import BIGRAM, CLASSIFIER
from socialsent_assets.lake.lake import Lake
from socialsent_assets.ml.registry import ModelRegistry
from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.resources.training import Training
from tests.graph.graph_lake import post_row
from tests.model_lake import AT, NOW, filled, put_labels, put_posts

ASSETS = [assets.bigram, assets.sentiment_classifier]


def trained(lake: Lake, assets: list[dg.AssetsDefinition] = ASSETS) -> dg.ExecuteInProcessResult:
    tiers = {name: lake.tier(name).uri for name in ("landing", "cleansed", "analytics", "artifacts")}
    return dg.materialize(assets, resources={"lake": LakeResource(**tiers), "training": Training()})  # type: ignore[arg-type]


def gates(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    return {found.asset_key.path[1]: found for found in result.get_asset_check_evaluations()}


def metadata(result: dg.ExecuteInProcessResult, step: str) -> dict[str, object]:
    [made] = result.asset_materializations_for_node(step)
    return {name: value.value for name, value in made.metadata.items()}


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, dg.ExecuteInProcessResult]:
    from tests.conftest import lake_at

    lake = filled(lake_at(tmp_path_factory.mktemp("lake")))
    return lake, trained(lake)


def test_a_training_leaves_candidates_with_figures_pictures_and_a_passed_gate(
    learned: tuple[Lake, dg.ExecuteInProcessResult],
) -> None:
    """Prevents a model without metrics in the UI, or that promotes itself."""
    lake, result = learned
    registry = ModelRegistry(lake.artifacts)
    shown = metadata(result, "train_classifier")
    assert [shown["digest"]] == registry.digests(CLASSIFIER)
    assert shown["macro_recall"] > shown["macro_recall/lexicon (VADER)"]
    assert shown["labels by"] == "people"
    for picture in ("confusion", "calibration"):
        assert "data:image/png;base64,iVBOR" in str(shown[picture])
    words = metadata(result, "train_bigram")
    assert words["perplexity"] < words["perplexity/add-one unigrams"]
    assert "| (start of a post) |" in str(words["next words"])
    assert {name: found.passed for name, found in gates(result).items()} == {BIGRAM: True, CLASSIFIER: True}
    assert registry.history(CLASSIFIER) == registry.history(BIGRAM) == []


def test_training_again_on_the_same_lake_makes_no_other_model(
    learned: tuple[Lake, dg.ExecuteInProcessResult],
) -> None:
    """Prevents a daily schedule from filling the registry with copies."""
    lake, _ = learned
    before = {kind: ModelRegistry(lake.artifacts).digests(kind) for kind in (BIGRAM, CLASSIFIER)}
    result = trained(lake)
    assert {kind: ModelRegistry(lake.artifacts).digests(kind) for kind in (BIGRAM, CLASSIFIER)} == before
    assert [metadata(result, "train_classifier")["digest"]] == before[CLASSIFIER]


def test_a_lake_with_too_little_to_learn_from_warns_and_goes_on(lake: Lake) -> None:
    """Prevents a first hour with three posts from failing the run, or from making a model of them."""
    put_posts(lake, [post_row(1, AT)])
    result = trained(lake)
    assert result.success
    assert ModelRegistry(lake.artifacts).digests(CLASSIFIER) == ModelRegistry(lake.artifacts).digests(BIGRAM) == []
    for name, words in ((BIGRAM, "too few for a next-word model"), (CLASSIFIER, "too few labelled posts")):
        found = gates(result)[name]
        assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
        assert words in str(found.description)


def test_a_model_of_the_lexicons_own_labels_is_marked_and_does_not_pass(lake: Lake) -> None:
    """Prevents agreement with the lexicon from being sold as accuracy."""
    moods = ("I love this great song", "awful terrible hate", "a street and a station")
    put_posts(lake, [post_row(n, AT, author_id=f"u{n % 40}", clean_text=f"{moods[n % 3]} {n}") for n in range(300)])
    result = trained(lake, [assets.sentiment_classifier])
    shown = metadata(result, "train_classifier")
    assert "WEAK LABELS" in str(shown["labels by"])
    assert "WEAK LABELS" in str(shown["headline"])
    assert "> **WEAK LABELS.**" in str(shown["card"])
    gate = gates(result)[CLASSIFIER]
    assert not gate.passed
    assert "not better than the lexicon" in str(gate.description)


def test_a_damaged_champion_does_not_keep_the_lake_from_training_its_successor(
    learned: tuple[Lake, dg.ExecuteInProcessResult], tmp_path: Path
) -> None:
    """Prevents a lake that can neither score nor train."""
    lake, _ = learned
    own = replace(lake, artifacts=type(lake.artifacts)(tmp_path / "artifacts"))  # type: ignore[call-arg]
    [name] = ModelRegistry(lake.artifacts).digests(CLASSIFIER)
    folder = f"models/{CLASSIFIER}/{name}"
    for info in lake.artifacts.list(folder):
        own.artifacts.write(info.key, lake.artifacts.read(info.key))
    ModelRegistry(own.artifacts).promote(CLASSIFIER, name, NOW)
    put_labels(own, [{"text": "another label", "label": "positive"}], "more")
    own.artifacts.write(f"{folder}/classifier.npz", b"damaged")
    assert trained(own, [assets.sentiment_classifier]).success


def test_candidates_are_measured_against_the_champion(
    learned: tuple[Lake, dg.ExecuteInProcessResult],
) -> None:
    """Prevents a worse model from passing because the champion was never evaluated."""
    lake, _ = learned
    registry = ModelRegistry(lake.artifacts)
    [first] = registry.digests(CLASSIFIER)
    registry.promote(CLASSIFIER, first, NOW)
    put_labels(lake, [{"text": f"zingy spiffo {n}", "label": "positive"} for n in range(20)], "more")
    shown = metadata(trained(lake, [assets.sentiment_classifier]), "train_classifier")
    assert shown["digest"] != first
    assert "champion" in registry.card(CLASSIFIER, str(shown["digest"])).gains
    assert registry.champion_digest(CLASSIFIER) == first


def test_refreshing_hours_trains_nothing_and_a_gate_stops_nothing() -> None:
    """Prevents every landed hour from retraining, and a weak candidate from holding back the data."""
    from socialsent_assets.definitions import defs

    graph = defs.resolve_asset_graph()
    by_job = {name: set(defs.resolve_job_def(name).asset_layer.selected_asset_keys) for name in ("refresh", "train")}
    assert by_job["train"] == {assets.BIGRAM, assets.CLASSIFIER}
    assert not by_job["refresh"] & by_job["train"]
    checks = {key: graph.get_check_spec(key) for key in graph.asset_check_keys}
    ours = {key.to_user_string(): spec.blocking for key, spec in checks.items() if key.name in ("gate", "drift")}
    assert ours == {
        "models/bigram:gate": False,
        "models/sentiment_classifier:gate": False,
        "analytics/sentiment:drift": False,
    }


def test_scoring_stands_below_the_classifier_in_the_lineage() -> None:
    """Prevents a graph that hides where predictions come from."""
    from socialsent_assets.definitions import defs

    upstream = dg.AssetSelection.assets(["analytics", "sentiment"]).upstream().resolve(defs.resolve_asset_graph())
    assert {assets.CLASSIFIER, dg.AssetKey(["landing", "labels"])} <= set(upstream)
