"""Every metric against scikit-learn's or a hand-made example, and the noise around it."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support, recall_score

from socialsent_assets.domain.learning.evaluation import Interval, difference, evaluate, gate, hard


@pytest.fixture
def predictions():
    rng = np.random.default_rng(7)
    labels = rng.choice(3, 500, p=[0.2, 0.5, 0.3])
    probabilities = rng.dirichlet([1, 1, 1], 500)
    probabilities[np.arange(500), labels] += 0.5
    return labels, probabilities / probabilities.sum(axis=1, keepdims=True)


def test_every_metric_equals_scikit_learns(predictions):
    labels, probabilities = predictions
    predicted = probabilities.argmax(axis=1)
    found = evaluate(labels, probabilities)
    assert found.macro_recall.value == pytest.approx(recall_score(labels, predicted, average="macro"))
    assert found.macro_f1.value == pytest.approx(f1_score(labels, predicted, average="macro"))
    assert found.accuracy.value == pytest.approx(accuracy_score(labels, predicted))
    assert found.confusion == confusion_matrix(labels, predicted).tolist()
    theirs = precision_recall_fscore_support(labels, predicted)
    ours = found.per_class.values()
    for row, name in zip(theirs, ("precision", "recall", "f1", "support"), strict=True):
        assert [getattr(score, name) for score in ours] == pytest.approx(list(row))


def test_the_interval_is_as_wide_as_resampling_posts_makes_it(predictions):
    labels, probabilities = predictions
    predicted = probabilities.argmax(axis=1)
    rng = np.random.default_rng(1)
    slow = [
        recall_score(labels[rows], predicted[rows], average="macro")
        for rows in (rng.integers(0, len(labels), len(labels)) for _ in range(400))
    ]
    found = evaluate(labels, probabilities).macro_recall
    assert (found.low, found.high) == pytest.approx(np.percentile(slow, (2.5, 97.5)), abs=0.01)
    assert found.low < found.value < found.high


def test_the_same_seed_gives_the_same_interval(predictions):
    assert evaluate(*predictions, seed=3) == evaluate(*predictions, seed=3)  # type: ignore[misc]
    assert evaluate(*predictions, seed=3) != evaluate(*predictions, seed=4)  # type: ignore[misc]


def test_calibration_error_by_hand():
    labels = np.array([0, 0, 1, 2])
    probabilities = np.array([[0.85, 0.1, 0.05], [0.15, 0.8, 0.05], [0.2, 0.45, 0.35], [0.3, 0.25, 0.45]])
    found = evaluate(labels, probabilities)
    # Bin 0.8-0.9: mean confidence 0.825, half right. Bin 0.4-0.5: mean confidence 0.45, all right.
    assert found.calibration_error == pytest.approx((2 * 0.325 + 2 * 0.55) / 4)
    assert [b.posts for b in found.calibration] == [2, 2]


def test_certain_predictions_have_no_calibration():
    """Prevents a baseline's 0 and 1 from being plotted as if they were probabilities."""
    found = evaluate(np.array([0, 1, 2]), hard(np.array([0, 1, 1])))
    assert found.calibration_error is None
    assert found.calibration == []


def test_a_class_that_does_not_occur_is_left_out_of_the_mean():
    found = evaluate(np.array([0, 0, 1]), hard(np.array([0, 1, 1])))
    assert found.macro_recall.value == pytest.approx(0.75)


def test_nothing_to_measure_on_is_an_error():
    with pytest.raises(ValueError, match="0 labels"):
        evaluate(np.array([], dtype=np.int64), np.zeros((0, 3)))


def test_a_paired_difference_is_narrower_than_two_separate_intervals(predictions):
    """Two models that agree on most posts can differ significantly although their own intervals overlap."""
    labels, probabilities = predictions
    ours = probabilities.argmax(axis=1)
    theirs = np.where(np.arange(len(labels)) < 40, 1, ours)
    gain = difference(labels, ours, theirs)
    single = evaluate(labels, hard(ours)).macro_recall
    assert gain.high - gain.low < single.high - single.low
    assert difference(labels, ours, ours) == Interval(0.0, 0.0, 0.0)
    assert difference(labels, theirs, ours).value == pytest.approx(-gain.value)


@pytest.mark.parametrize(
    ("majority", "champion", "refused"),
    [
        (Interval(0.2, 0.1, 0.3), None, []),
        (Interval(0.2, 0.1, 0.3), Interval(-0.01, -0.03, 0.01), []),
        (Interval(0.2, 0.1, 0.3), Interval(-0.03, -0.05, -0.01), ["worse than the champion"]),
        (Interval(0.02, -0.01, 0.05), None, ["not better than the majority baseline"]),
        (Interval(-0.2, -0.3, -0.1), Interval(-0.1, -0.2, -0.01), ["not better", "worse"]),
    ],
)
def test_a_candidate_must_beat_baselines_and_not_lose_to_the_champion(majority, champion, refused):
    reasons = gate({"majority": majority}, champion)
    assert len(reasons) == len(refused)
    assert all(reason.startswith(start) for reason, start in zip(reasons, refused, strict=True))
