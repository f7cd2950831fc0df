"""Models by digest: the current champion, rejected promotions, and rollback."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.learning.model_card import (
    CARD,
    CLASSIFIER,
    ModelCard,
    ModelRefusedError,
    digest,
    fingerprints,
    write_card,
)
from socialsent_assets.lake.storage.local import FolderStorage
from socialsent_assets.ml.registry import ModelRegistry, read_model, write_model

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def model(content=b"weights", **changes):
    files = {"classifier.json": b"{}", "classifier.npz": content}
    card = ModelCard(
        kind=CLASSIFIER,
        created_at=NOON.isoformat(),
        label_source="human",
        data={},
        metrics={},
        baselines={},
        gains={},
        choice={},
        files=fingerprints(files),
        libraries={},
    )
    return {**files, CARD: write_card(replace(card, **changes)), "card.md": b"# page\n"}


@pytest.fixture
def storage(tmp_path):
    return FolderStorage(tmp_path)


@pytest.fixture
def registry(storage):
    return ModelRegistry(storage)


def test_a_model_is_found_by_what_it_is(registry):
    name = registry.add(model())
    assert name == digest(model()[CARD])
    found = registry.read(CLASSIFIER, name)
    assert found.files["classifier.npz"] == b"weights"
    assert registry.find(CLASSIFIER, name[:8]) == name


def test_adding_a_model_again_changes_no_byte(registry, tmp_path):
    registry.add(model())
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in tmp_path.rglob("*") if p.is_file()}
    registry.add(model())
    assert before == {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in tmp_path.rglob("*") if p.is_file()}


def test_the_newest_model_does_not_answer_by_itself(registry):
    registry.promote(CLASSIFIER, registry.add(model(b"old")), NOON)
    registry.add(model(b"new"))
    assert registry.champion(CLASSIFIER).files["classifier.npz"] == b"old"


def test_without_a_promotion_the_error_says_how_to_make_one(registry):
    registry.add(model())
    with pytest.raises(UserError, match="socialsent models promote"):
        registry.champion(CLASSIFIER)


def test_rollback_takes_back_the_last_promotion(registry):
    first, second = registry.add(model(b"1")), registry.add(model(b"2"))
    for name in (first, second):
        registry.promote(CLASSIFIER, name, NOON)
    assert registry.rollback(CLASSIFIER) == first
    assert registry.champion_digest(CLASSIFIER) == first
    with pytest.raises(UserError, match="no earlier"):
        registry.rollback(CLASSIFIER)


def test_promoting_the_champion_again_does_not_lengthen_the_history(registry):
    name = registry.add(model())
    registry.promote(CLASSIFIER, name, NOON)
    registry.promote(CLASSIFIER, name, NOON)
    assert len(registry.history(CLASSIFIER)) == 1


@pytest.mark.parametrize("file", ["classifier.json", "classifier.npz"])
def test_a_tampered_file_does_not_answer(registry, tmp_path, file):
    name = registry.add(model())
    registry.promote(CLASSIFIER, name, NOON)
    path = tmp_path / "models" / CLASSIFIER / name / file
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ModelRefusedError, match=f"{file} does not match its digest"):
        registry.champion(CLASSIFIER)


def test_a_card_that_was_changed_to_fit_a_tampered_file_does_not_answer(registry, tmp_path):
    """Prevents polishing the metrics, or the digests, of a model that is already registered."""
    name = registry.add(model(b"good"))
    registry.promote(CLASSIFIER, name, NOON)
    folder = tmp_path / "models" / CLASSIFIER / name
    for file, content in model(b"evil").items():
        (folder / file).write_bytes(content)
    with pytest.raises(ModelRefusedError, match="was changed after it was made"):
        registry.champion(CLASSIFIER)


def test_a_missing_file_is_named(registry, tmp_path):
    name = registry.add(model())
    (tmp_path / "models" / CLASSIFIER / name / "classifier.npz").unlink()
    with pytest.raises(ModelRefusedError, match=r"classifier\.npz"):
        registry.read(CLASSIFIER, name)


@pytest.mark.parametrize("change", [{"text_version": 99}, {"features_version": 99}, {"card_version": 99}])
def test_a_model_for_other_text_or_a_newer_version_is_not_promoted(registry, change):
    with pytest.raises(ModelRefusedError, match=r"train (it|the model) again"):
        registry.promote(CLASSIFIER, registry_add_unchecked(registry, model(**change)), NOON)
    assert registry.champion_digest(CLASSIFIER) is None


def registry_add_unchecked(registry, files):
    name = digest(files[CARD])
    write_model(registry.storage, f"models/{CLASSIFIER}/{name}", files)
    return name


def test_a_card_cannot_make_us_read_outside_its_folder(storage):
    files = model()
    card = json.loads(files[CARD])
    card["files"] = {"../../secret": "0" * 64}
    write_model(storage, "m", {**files, CARD: json.dumps(card).encode()})
    with pytest.raises(ModelRefusedError, match="outside the folder"):
        read_model(storage, "m", CLASSIFIER)


def test_a_write_that_was_cut_short_is_not_taken_for_a_model(registry, storage):
    """The card is written last: without it the folder is neither listed nor read."""
    written = []

    class Cut(FolderStorage):
        def write(self, key, content):
            written.append(key)
            if len(written) == 3:
                raise OSError(28, "No space left on device")
            return super().write(key, content)

    with pytest.raises(OSError, match="No space left"):
        ModelRegistry(Cut(storage.root)).add(model())
    assert registry.digests(CLASSIFIER) == []
    name = registry.add(model())
    assert registry.digests(CLASSIFIER) == [name]


def test_an_empty_folder_says_how_to_make_a_model(storage):
    with pytest.raises(UserError, match=r"has no model .* socialsent train"):
        read_model(storage, "", CLASSIFIER)


def test_a_prefix_must_name_one_model(registry):
    registry.add(model())
    for prefix in ("", "abc", "zzzzzz"):
        with pytest.raises(UserError, match="models list"):
            registry.find(CLASSIFIER, prefix)


def test_a_damaged_pointer_is_an_error_not_an_empty_history(registry, tmp_path):
    path = tmp_path / "models" / CLASSIFIER / "champion.json"
    path.parent.mkdir(parents=True)
    path.write_text("{")
    with pytest.raises(ModelRefusedError, match="is damaged"):
        registry.champion(CLASSIFIER)
