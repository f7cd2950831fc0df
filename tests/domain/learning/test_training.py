"""Search, calibration and the measured candidate, on posts of our own making."""

from datetime import UTC, datetime

import numpy as np
import pytest

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.learning import calibration, training
from socialsent_assets.domain.learning.candidates import classifier_candidate
from socialsent_assets.domain.learning.classifier import Classifier
from socialsent_assets.domain.learning.features import documents
from socialsent_assets.domain.learning.labels import CLASSES, HUMAN, WEAK, from_pairs
from socialsent_assets.domain.learning.tfidf import Weighing, counter, numbers_of, weigh

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture(scope="module")
def trained(posts, held_out):
    return training.train(posts, held_out, grid=(0.3, 1.0))


@pytest.fixture(scope="module")
def candidate(posts, held_out):
    return classifier_candidate(
        posts, held_out, label_source=HUMAN, created_at=NOW, data={"training_file": "a.csv"}, grid=(1.0,)
    )


def test_the_model_learns_what_the_lexicon_cannot_know(trained, held_out):
    predicted = trained.classifier.probabilities(held_out.texts).argmax(axis=1)
    assert (predicted == held_out.labels).mean() > 0.8
    assert set(trained.cross_validation) == {0.3, 1.0}


def test_training_again_gives_the_same_bytes(trained, posts, held_out):
    again = training.train(posts, held_out, grid=(0.3, 1.0))
    assert again.classifier.dump() == trained.classifier.dump()


def test_scores_are_those_of_the_fitted_pipeline(posts):
    """Prevents preprocessing that differs between training and answering."""
    search, vocabularies = training._search(documents(posts.texts), posts.labels, (1.0,), 0, 1, progress=False)
    ours = training._as_classifier(search, vocabularies)
    counters = [counter(kind, vocabulary=v) for kind, v in zip(("words", "characters"), vocabularies, strict=True)]
    some = documents([*posts.texts[:20], "", "never seen words", "😢"])
    import scipy.sparse as sp

    table = sp.hstack([*(c.transform(some) for c in counters), numbers_of(some)], format="csr", dtype=np.float32)
    theirs = search.best_estimator_.decision_function(table)
    np.testing.assert_allclose(ours.scores(some), theirs, atol=1e-4)


def test_nothing_is_fitted_on_held_out_rows(posts):
    """A term's rarity, and whether it counts at all, come from the rows of `fit` alone."""
    counts = counter("words").fit_transform(documents(["a b", "a c", "d d"]))
    alone = Weighing((counts.shape[1],), (1,)).fit(counts[:2])
    used = np.asarray((counts[:2] > 0).sum(axis=0)).ravel() > 0
    assert (alone.rarities_[0] > 0).tolist() == used.tolist()
    assert alone.transform(counts).shape[1] == used.sum()


def test_weights_are_scikit_learns_tf_idf():
    from sklearn.feature_extraction.text import TfidfTransformer

    counts = counter("words").fit_transform(documents(["a b a", "a c", "", "d d d e"]))
    theirs = TfidfTransformer(sublinear_tf=True).fit(counts)
    rarity = Weighing((counts.shape[1],), (1,)).fit(counts).rarities_[0]
    np.testing.assert_allclose(weigh(counts, rarity).toarray(), theirs.transform(counts).toarray(), rtol=1e-5)


def test_held_out_texts_are_not_trained_on(posts, held_out):
    """Prevents duplicates across the split, which flatter the metrics."""
    leaking = posts.take(range(len(posts)))
    leaking.texts.extend(text.upper() for text in held_out.texts)
    labels = np.concatenate([posts.labels, (held_out.labels + 1) % 3])
    both = type(posts)(leaking.texts, labels)
    clean = training.train(posts, held_out, grid=(1.0,))
    assert training.train(both, held_out, grid=(1.0,)).classifier.dump() == clean.classifier.dump()


def test_a_split_keeps_the_class_mix_and_shares_no_text(posts):
    learn, measure = training.split(posts, seed=3)
    assert not set(learn.texts) & set(measure.texts)
    assert len(learn) + len(measure) == len(posts)
    for name, count in posts.counts().items():
        assert measure.counts()[name] == pytest.approx(0.15 * count, abs=1)


@pytest.mark.parametrize(
    ("texts", "labels", "complaint"),
    [
        (["a", "b", "c"], ["positive", "neutral", "negative"], "1 negative, 1 neutral, 1 positive"),
        ([f"t{i}" for i in range(50)], ["positive"] * 50, "0 negative, 0 neutral"),
        ([], [], "0 negative"),
    ],
)
def test_too_few_posts_of_a_class_is_a_clear_error(held_out, texts, labels, complaint):
    few = from_pairs(texts, labels)
    for attempt in (lambda: training.train(few, held_out), lambda: training.split(few)):
        with pytest.raises(UserError, match=complaint) as caught:
            attempt()
        assert "at least 10" in str(caught.value)


def test_nothing_held_out_is_a_clear_error(posts):
    with pytest.raises(UserError, match="--val"):
        training.train(posts, from_pairs([], []))


def test_calibration_finds_the_temperature_and_the_class_mix():
    """Scores that are three times too sharp, of posts of which one class is rare."""
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(6000, 3))
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    labels = np.array([rng.choice(3, p=row) for row in chances])
    kept = (labels != 0) | (rng.random(6000) < 0.3)
    sharpness, bias = calibration.calibrate(3 * scores[kept], labels[kept])
    assert sharpness == pytest.approx(1 / 3, abs=0.03)
    assert bias == pytest.approx((0, 0, 0), abs=0.15)  # every class weighs the same, however rare


def test_a_metric_never_uses_a_calibration_that_saw_its_post():
    """Random scores and labels: a calibration that saw the labels would do better than chance."""
    rng = np.random.default_rng(1)
    scores, labels = rng.normal(size=(30, 3)), rng.integers(0, 3, 30)
    before = calibration.cross_fitted(scores, labels, seed=0)
    changed = labels.copy()
    changed[0] = (changed[0] + 1) % 3
    after = calibration.cross_fitted(scores, changed, seed=0)
    assert np.array_equal(before[0], after[0])
    assert not np.array_equal(before, after)


def test_every_metric_names_its_label_source_and_stands_beside_baselines(candidate):
    card = candidate.card
    assert card.label_source == HUMAN
    assert set(card.baselines) == set(card.gains) == {"majority class", "lexicon (VADER)"}
    assert card.baselines["majority class"]["macro_recall"]["value"] == pytest.approx(1 / 3)
    page = candidate.files["card.md"].decode()
    assert "lexicon (VADER)" in page
    assert "WEAK" not in page


def test_weak_labels_are_marked_loudly(posts, held_out):
    weak = classifier_candidate(posts, held_out, label_source=WEAK, created_at=NOW, data={}, grid=(1.0,))
    assert weak.card.headline.startswith("WEAK LABELS")
    assert "**WEAK LABELS.**" in weak.files["card.md"].decode()


def test_a_champion_is_a_baseline_on_the_same_posts(candidate, posts, held_out):
    champion = Classifier.load(candidate.files)
    again = classifier_candidate(
        posts, held_out, label_source=HUMAN, created_at=NOW, data={}, grid=(1.0,), champion=champion
    )
    assert again.against_champion is not None
    assert again.against_champion.value == pytest.approx(0, abs=0.03)
    assert again.card.baselines["champion"]["posts"] == len(held_out)


def test_posts_without_a_shared_word_are_refused_in_words_of_ours():
    """Prevents scikit-learn's advice about min_df as the answer to a wrong column."""
    texts = [f"w{number:05}" for number in range(3000)]
    labels = [CLASSES[number % 3] for number in range(3000)]
    with pytest.raises(UserError, match="nothing can be learned from 3,000 posts"):
        training.train(from_pairs(texts, labels), from_pairs(["held out"], ["neutral"]), grid=(1.0,))


def test_measuring_on_the_training_posts_is_refused(posts):
    """Prevents "0 posts of each class" as the answer to one file given twice."""
    with pytest.raises(UserError, match="every training text is also a test text"):
        training.train(posts, posts, grid=(1.0,))
