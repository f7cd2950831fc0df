"""Training of a classifier: grid search on training posts, calibration on posts that training never saw.

Nothing is fitted on a held-out row: vocabularies and weights come from training folds alone, and the three
numbers of the calibration are, for every metric, fitted on other held-out posts than those they are measured on.

Not here: the model as it answers (classifier.py), calibration (calibration.py), metrics (evaluation.py), the card
(model_card.py).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.learning.calibration import calibrate, cross_fitted
from socialsent_assets.domain.learning.classifier import Classifier, Terms
from socialsent_assets.domain.learning.features import Document, documents
from socialsent_assets.domain.learning.labels import CLASSES, LabelledPosts
from socialsent_assets.domain.learning.tfidf import PostClassifier, counter, numbers_of

if TYPE_CHECKING:
    from sklearn.model_selection import GridSearchCV

__all__ = ["FEWEST_PER_CLASS", "GRID", "Trained", "split", "train"]

Floats = npt.NDArray[np.float64]
Classes = npt.NDArray[np.int64]

GRID = (0.3, 0.6, 1.0)
"""Inverse strengths of the L2 penalty that are tried."""

FOLDS = 3
FEWEST_PER_CLASS = 10
"""Posts of each class below which folds and a held-out part would hold one or two posts of it."""

HELD_OUT_SHARE = 0.15
_SMALL = 2000  # posts: below this a term is not rare noise when it occurs once


@dataclass(frozen=True)
class Trained:
    """A classifier with what its evaluation needs.

    Attributes:
        classifier: calibrated on all held-out posts.
        held_out_probabilities: shape (n, 3): for each held-out post, with a calibration that did not see it.
        strength: the chosen value of `GRID`.
        cross_validation: macro recall over the training folds, 0..1, by tried value.
    """

    classifier: Classifier
    held_out_probabilities: Floats
    strength: float
    cross_validation: dict[float, float]


def split(posts: LabelledPosts, seed: int = 0, share: float = HELD_OUT_SHARE) -> tuple[LabelledPosts, LabelledPosts]:
    """Training and held-out posts, with the same class mix. Texts are distinct, so none is on both sides.

    Raises:
        UserError: too few posts of a class.
    """
    _require_enough(posts)
    rng = np.random.default_rng(seed)
    held_out: list[int] = []
    for number in range(len(CLASSES)):
        rows = rng.permutation(np.flatnonzero(posts.labels == number))
        held_out += rows[: max(2, round(share * len(rows)))].tolist()
    chosen = set(held_out)
    return posts.take(i for i in range(len(posts)) if i not in chosen), posts.take(sorted(held_out))


def train(
    posts: LabelledPosts,
    held_out: LabelledPosts,
    *,
    grid: Sequence[float] = GRID,
    seed: int = 0,
    jobs: int = 1,
    progress: bool = False,
) -> Trained:
    """Search the grid on training posts, fit the best, calibrate on held-out posts.

    Training posts whose text is also held out are left out. Takes about 15 CPU seconds per 10,000 posts and
    value of the grid; `jobs` processes share them, with about 1 GB each at 50,000 posts.

    Args:
        posts: to learn from.
        held_out: to calibrate and measure on.
        grid: inverse penalties to try.
        seed: of the folds.
        jobs: processes.
        progress: show progress bars on the terminal.

    Raises:
        UserError: too few posts of a class to learn from, or none held out.
    """
    learned = posts.without(held_out)
    if len(posts) and not len(learned):
        raise UserError(
            "every training text is also a test text: give another file with --val, or none, and a part is kept aside"
        )
    posts = learned
    _require_enough(posts)
    if not len(held_out):
        raise UserError("no labelled posts to test on: add some with --val, or more training posts")
    search, vocabularies = _search(documents(posts.texts), posts.labels, grid, seed, jobs, progress)
    raw = _as_classifier(search, vocabularies)
    scores = raw.scores(documents(held_out.texts))
    sharpness, bias = calibrate(scores, held_out.labels)
    return Trained(
        classifier=replace(raw, sharpness=sharpness, bias=bias),
        held_out_probabilities=cross_fitted(scores, held_out.labels, seed),
        strength=float(search.best_params_["C"]),
        cross_validation={
            float(value): float(score)
            for value, score in zip(search.cv_results_["param_C"], search.cv_results_["mean_test_score"], strict=True)
        },
    )


def _require_enough(posts: LabelledPosts) -> None:
    few = {name: count for name, count in posts.counts().items() if count < FEWEST_PER_CLASS}
    if few:
        shown = ", ".join(f"{count} {name}" for name, count in few.items())
        raise UserError(
            f"too few labelled posts to train on: {shown}. Give at least {FEWEST_PER_CLASS} different texts "
            f"of each class ({', '.join(CLASSES)})"
        )


def _search(
    posts: list[Document], labels: Classes, grid: Sequence[float], seed: int, jobs: int, progress: bool
) -> tuple[GridSearchCV, list[tuple[str, ...]]]:
    """The fitted search, and the vocabularies whose counts it saw.

    Counting terms is a function of one post, so it is done once for all folds; which terms are frequent enough
    and how rare each is, is fitted inside every fold (tfidf.py).
    """
    import scipy.sparse as sp
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import GridSearchCV, StratifiedKFold

    rarest = (1, 1) if len(posts) < _SMALL else (2, 5)
    counters = [counter(kind, min_df=n) for kind, n in zip(("words", "characters"), rarest, strict=True)]
    try:
        counts = [each.fit_transform(posts) for each in counters]
    except ValueError as error:  # scikit-learn's words for an empty vocabulary
        raise UserError(
            f"nothing can be learned from {len(posts):,} posts: no word occurs in {rarest[0]} of them, or no text "
            "contains a word. Are these whole posts, in the column text?"
        ) from error
    table = sp.hstack([*counts, numbers_of(posts)], format="csr", dtype=np.float32)
    search = GridSearchCV(
        PostClassifier(tuple(count.shape[1] for count in counts), rarest),
        {"C": list(grid)},
        scoring="recall_macro",
        cv=StratifiedKFold(FOLDS, shuffle=True, random_state=seed),
        n_jobs=jobs,
        error_score="raise",
    )
    if progress:
        from sklearn.callback import ProgressBar

        search.set_callbacks(ProgressBar())
    with warnings.catch_warnings():
        # The last steps of the solver change no digit of a metric: it is stopped early on purpose.
        warnings.simplefilter("ignore", ConvergenceWarning)
        search.fit(table, labels)
    return search, [tuple(each.get_feature_names_out()) for each in counters]


def _as_classifier(search: GridSearchCV, vocabularies: Sequence[tuple[str, ...]]) -> Classifier:
    best: PostClassifier = search.best_estimator_
    weights = best.logistic_.coef_.T.astype(np.float32)
    blocks, at = [], 0
    for vocabulary, rarity in zip(vocabularies, best.weighing_.rarities_, strict=True):
        kept = np.flatnonzero(rarity)
        terms = tuple(str(vocabulary[i]) for i in kept)
        blocks.append(Terms(terms, rarity[kept], weights[at : at + len(kept)]))
        at += len(kept)
    return Classifier(
        words=blocks[0],
        characters=blocks[1],
        evidence=best.evidence_.astype(np.float32),
        numbers=weights[at:],
        intercept=best.logistic_.intercept_.astype(np.float64),
    )
