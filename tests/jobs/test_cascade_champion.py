"""A cascade as champion: workers answer as the driver, and the version tells with or without its encoder."""

import numpy as np
import pyarrow as pa
import pytest

from socialsent_assets.domain.learning import cascade
from socialsent_assets.domain.learning.candidates import classifier_candidate
from socialsent_assets.domain.learning.cascade import opened
from socialsent_assets.domain.learning.model_card import CLASSIFIER, ModelRefusedError
from socialsent_assets.jobs import champion as module
from socialsent_assets.jobs.champion import champion_of
from socialsent_assets.ml.registry import ModelRegistry
from tests import invented_encoder
from tests.conftest import lake_at
from tests.domain.learning.conftest import invented_posts
from tests.model_lake import NOW

TEXTS = ["love the city", "hate it", "we today with game", "of and"]


@pytest.fixture
def promoted(tmp_path):
    made = classifier_candidate(
        *(invented_posts(300, seed=1), invented_posts(150, seed=2)),
        label_source="human",
        created_at=NOW,
        data={},
        grid=(1.0,),
        encoder=invented_encoder.encoder(),
    )
    lake = lake_at(tmp_path)
    registry = ModelRegistry(lake.artifacts)
    digest = registry.add(made.files)
    registry.promote(CLASSIFIER, digest, NOW)
    module._opened.cache_clear()
    return lake, digest, made.files


def columns(champion):
    return {name: column.to_pylist() for name, column in champion.columns(pa.array(TEXTS), np.ones(4, bool)).items()}


def test_the_whole_cascade_answers(promoted):
    lake, digest, files = promoted
    champion = champion_of(lake.artifacts)
    assert (champion.alone, champion.version) == (False, digest)
    expected = opened(files).probabilities(TEXTS)
    np.testing.assert_allclose(columns(champion)["predicted_probability"], expected.max(axis=1), atol=1e-6)


def test_without_the_extra_answers_have_another_version(promoted, monkeypatch):
    """Prevents answers of two different models under one model_version, in one chart."""
    lake, digest, files = promoted
    monkeypatch.setattr(cascade, "is_installed", lambda: False)
    champion = champion_of(lake.artifacts)
    found = columns(champion)
    assert found["model_version"] == [f"{digest}-linear"] * 4
    expected = opened(files, alone=True).probabilities(TEXTS)
    np.testing.assert_allclose(found["predicted_probability"], expected.max(axis=1), atol=1e-6)


def test_a_worker_without_the_extra_stops_where_the_driver_has_it(promoted, monkeypatch):
    lake, _, _ = promoted
    champion = champion_of(lake.artifacts)
    monkeypatch.setattr(cascade, "is_installed", lambda: False)
    with pytest.raises(ModelRefusedError, match="this worker has no onnxruntime"):
        columns(champion)
