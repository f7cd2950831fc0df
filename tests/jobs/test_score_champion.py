"""The champion in the score job: what it fills, that its answers depend on the text alone, and when it must not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from socialsent_assets.domain.learning.classifier import Classifier
from socialsent_assets.domain.learning.labels import CLASSES
from socialsent_assets.domain.learning.model_card import CLASSIFIER, ModelRefusedError
from socialsent_assets.domain.tables import LAKE_HOURS, SENTIMENT
from socialsent_assets.jobs.champion import champion_of
from socialsent_assets.jobs.cleanse import cleanse
from socialsent_assets.jobs.score import score
from socialsent_assets.lake.lake import Lake
from socialsent_assets.ml.registry import ModelRegistry
from tests.built_lake import rows_of_table
from tests.conftest import lake_at
from tests.jobs.events import HOUR, comment, post
from tests.jobs.test_cleanse import hours
from tests.jobs.test_score import NEXT, rows, stale_tier
from tests.model_lake import NOW, candidate, filled

TEXTS = ["zingy corking belter", "blurgh grotty naff", "station report on monday", "I love zingy things", "", "😀"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return dict(candidate(filled(lake_at(tmp_path_factory.mktemp("learned")))).files)


def promote(lake: Lake, files: dict[str, bytes]) -> str:
    registry = ModelRegistry(lake.artifacts)
    digest = registry.add(files)
    registry.promote(CLASSIFIER, digest, NOW)
    return digest


@pytest.mark.spark
def test_the_champion_answers_as_on_the_command_line(spark, lake, landing, model):
    """Prevents a lake whose predictions are not the model's, or lack its digest."""
    landing.add(HOUR, [post(post_id=f"p{n}", text=text) for n, text in enumerate(TEXTS)])
    landing.add(HOUR, [comment(text="zingy", comment_id="c-9")])
    cleanse(spark, lake, hours(HOUR))
    digest = promote(lake, model)
    [receipt] = score(spark, lake, hours(HOUR))
    found = rows(lake, "sentiment", HOUR)
    expected = Classifier.load(model).probabilities([row["clean_text"] for row in found])
    assert len(found) == 7
    for row, probabilities in zip(found, expected, strict=True):
        assert row["predicted_sentiment"] == CLASSES[probabilities.argmax()]
        assert row["predicted_probability"] == pytest.approx(probabilities.max(), abs=1e-12)
        kept = [row[f"predicted_{name}_probability"] for name in CLASSES]
        assert kept == pytest.approx(probabilities.tolist(), abs=1e-12)
        assert row["predicted_polarity"] == round(kept[2] - kept[0], 4)
        assert row["model_version"] == digest
    answers = [row["predicted_sentiment"] for row in found]
    assert receipt.measures["rows_by_prediction"] == {name: answers.count(name) for name in CLASSES}
    assert set(answers) == set(CLASSES)
    differing = sum(row["predicted_sentiment"] != row["sentiment"] for row in found)
    assert receipt.measures["disagreement"] == differing / 7
    assert receipt.measures["model_version"] == digest


@pytest.mark.spark
def test_the_champion_does_not_answer_for_a_language_without_a_reader(spark, lake, landing, model):
    """Prevents 79 Japanese posts from becoming 23 negative and 20 positive ones by a model of English."""
    landing.add(HOUR, [post(text="zingy corking"), post(post_id="p-2", text="zingy naff", lang="ja")])
    cleanse(spark, lake, hours(HOUR))
    promote(lake, model)
    [receipt] = score(spark, lake, hours(HOUR))
    japanese = next(row for row in rows(lake, "sentiment", HOUR) if row["lang"] == "ja")
    assert {value for name, value in japanese.items() if name.startswith(("predicted", "model"))} == {None}
    assert sum(receipt.measures["rows_by_prediction"].values()) == 1


@pytest.mark.spark
def test_an_hours_bytes_do_not_depend_on_the_hours_beside_it(spark, lake, landing, model, tmp_path):
    """Prevents probabilities whose last bits depend on Spark's batches: the same rows, another version."""
    for number, hour in enumerate((HOUR, NEXT)):
        landing.add(hour, [post(hour, post_id=f"p{n}", text=f"{TEXTS[n % 6]} {n}") for n in range(1 + 30 * number)])
    promote(lake, model)
    cleanse(spark, lake, hours(HOUR, NEXT))
    score(spark, lake, hours(HOUR, NEXT))
    alone = lake_at(tmp_path / "alone")
    alone = replace(alone, landing=lake.landing, artifacts=lake.artifacts)
    for hour in (NEXT, HOUR):
        cleanse(spark, alone, hours(hour))
        score(spark, alone, hours(hour))
    for table in (SENTIMENT, LAKE_HOURS):
        assert rows_of_table(lake, table) == rows_of_table(alone, table)


@pytest.mark.spark
def test_a_promotion_makes_no_hour_stale_but_scoring_again_renews_it(spark, lake, landing, model):
    """Prevents a promotion from rebuilding a year of history, and a rescored hour that marts would not notice."""
    landing.add(HOUR, [post(text="zingy corking")])
    cleanse(spark, lake, hours(HOUR))
    [before] = score(spark, lake, hours(HOUR))
    assert [(row["predicted_sentiment"], row["model_version"]) for row in rows(lake, "sentiment", HOUR)] == [
        (None, None)
    ]
    assert (before.measures["disagreement"], before.measures["model_version"]) == (None, None)
    [hour] = hours(HOUR)
    held = {hour.key: str(before.lake_version)}
    promote(lake, model)
    assert stale_tier(lake, hour, held) is None
    score(spark, lake, [hour])
    assert rows(lake, "sentiment", HOUR)[0]["predicted_sentiment"] == "positive"
    assert stale_tier(lake, hour, held) == "warehouse"


def test_without_a_champion_there_is_none(lake: Lake) -> None:
    assert champion_of(lake.artifacts) is None


def damage_weights(lake: Lake, digest: str) -> None:
    path = Path(lake.artifacts.path(f"models/{CLASSIFIER}/{digest}/classifier.npz"))
    path.write_bytes(path.read_bytes()[:-1] + b"x")


def remove_card(lake: Lake, digest: str) -> None:
    lake.artifacts.delete(f"models/{CLASSIFIER}/{digest}/card.json")


def age_card(lake: Lake, digest: str) -> None:
    key = f"models/{CLASSIFIER}/{digest}/card.json"
    lake.artifacts.write(key, lake.artifacts.read(key).replace(b'"text_version": 2', b'"text_version": 0'))


def damage_pointer(lake: Lake, digest: str) -> None:
    lake.artifacts.write(f"models/{CLASSIFIER}/champion.json", f'{{"champion": "{digest}'.encode())


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (damage_weights, "classifier.npz does not match its digest"),
        (remove_card, "no card.json"),
        (age_card, "trained for text 0"),
        (damage_pointer, "champion.json is damaged"),
    ],
)
def test_a_champion_that_must_not_answer_stops_scoring_and_says_how_to_go_on(lake: Lake, model, harm, reason) -> None:
    """Prevents silent nulls where there were predictions the hour before."""
    digest = promote(lake, model)
    assert champion_of(lake.artifacts) is not None
    harm(lake, digest)
    with pytest.raises(ModelRefusedError, match=reason) as refused:
        champion_of(lake.artifacts)
    assert "socialsent models rollback" in str(refused.value)
    assert "socialsent materialize --select group:models" in str(refused.value)
