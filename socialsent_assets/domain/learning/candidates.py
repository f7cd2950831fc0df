"""A trained model ready for evaluation: its files, its metrics beside baselines, its card.

One way for the command line and the graph alike: posts in, `Candidate` out.

Not here: search and calibration (training.py), keeping and promoting (ml/registry.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from socialsent_assets.domain.language.bigram import files as bigram_files
from socialsent_assets.domain.language.bigram import model as bigrams
from socialsent_assets.domain.language.polarity import score_texts
from socialsent_assets.domain.language.text import clean_texts
from socialsent_assets.domain.learning import cascade, training
from socialsent_assets.domain.learning.behaviour import SENTENCES, behaviour
from socialsent_assets.domain.learning.card_page import PAGE, markdown
from socialsent_assets.domain.learning.cascade import SentimentModel
from socialsent_assets.domain.learning.encoder.encoder import Encoder
from socialsent_assets.domain.learning.evaluation import (
    Interval,
    difference,
    discordance,
    evaluate,
    hard,
    majority_class,
)
from socialsent_assets.domain.learning.labels import CLASSES, LabelledPosts
from socialsent_assets.domain.learning.model_card import (
    BEST,
    BIGRAM,
    CARD,
    CHAMPION,
    CLASSIFIER,
    ENCODER,
    LINEAR,
    WITHOUT,
    ModelCard,
    fingerprints,
    library_versions,
    write_card,
)
from socialsent_assets.domain.learning.self_training import joined, pseudo_labelled
from socialsent_assets.domain.learning.slices import sliced

__all__ = ["Candidate", "bigram_candidate", "classifier_candidate", "lexicon_classes"]


LEXICON = "lexicon (VADER)"
_INVENTED = [sentence.text for sentence in SENTENCES]


@dataclass(frozen=True)
class Candidate:
    """A model that may become champion.

    Attributes:
        files: everything that is kept, by name: the model, card.json and card.md.
        card: what is written about it.
        against_champion: macro recall minus the champion's on the same held-out posts; None without a champion.
    """

    files: Mapping[str, bytes]
    card: ModelCard
    against_champion: Interval | None = None


def lexicon_classes(texts: Sequence[str]) -> npt.NDArray[np.int64]:
    """Class number that VADER's thresholds give each text, shape (n,): a baseline, and the weak labels."""
    sentiments = score_texts(clean_texts(texts)).sentiments()
    return np.array([CLASSES.index(str(sentiment)) for sentiment in sentiments], dtype=np.int64)


def classifier_candidate(
    posts: LabelledPosts,
    held_out: LabelledPosts,
    *,
    label_source: str,
    created_at: datetime,
    data: Mapping[str, Any] | Callable[[SentimentModel], Mapping[str, Any]],
    champion: SentimentModel | None = None,
    earlier: Sequence[SentimentModel] = (),
    unlabelled: Sequence[str] = (),
    encoder: Encoder | None = None,
    grid: Sequence[float] = training.GRID,
    seed: int = 0,
    jobs: int = 1,
    progress: bool = False,
) -> Candidate:
    """Train, measure on held-out posts beside the baselines, and write the card.

    Args:
        posts: to learn from.
        held_out: to calibrate and measure on; each metric by a calibration that did not see the post.
        label_source: labels.HUMAN or labels.WEAK.
        created_at: aware, UTC.
        data: origin of the posts, for the card; a function is called after the classifier is trained.
        champion: the model in use, measured on the same posts.
        earlier: champions of the past, of which the best is measured too.
        unlabelled: texts to learn from by self-training (self_training.py), measured beside the model without.
        encoder: second reader of a cascade (cascade.py), measured beside the linear classifier alone.
        grid: as `training.train`.
        seed: as `training.train`, and of the bootstrap.
        jobs: as `training.train`.
        progress: as `training.train`.

    Raises:
        UserError: too few posts of a class.
    """
    trained = training.train(posts, held_out, grid=grid, seed=seed, jobs=jobs, progress=progress)
    alone, taught = trained, LabelledPosts([], np.zeros(0, np.int64))
    if len(unlabelled):
        taught = pseudo_labelled(alone.classifier, unlabelled, posts, held_out)
        best = (alone.strength,)
        trained = training.train(joined(posts, taught), held_out, grid=best, seed=seed, jobs=jobs, progress=progress)
    model: SentimentModel = trained.classifier
    said, parts, joined_by = trained.held_out_probabilities, {}, {}
    if encoder is not None:
        fitted = cascade.fit(trained.classifier, encoder, held_out.texts, said, held_out.labels, seed)
        parts = {LINEAR: said, ENCODER: fitted.encoder_probabilities}
        model, said = fitted.cascade, fitted.held_out_probabilities
        joined_by = {
            "encoder": encoder.digest,
            "asks_the_encoder_below": fitted.cascade.threshold,
            "share_asked": fitted.asked,
        }
    measured = evaluate(held_out.labels, said, seed)
    others = {
        "majority class": hard(np.full(len(held_out), majority_class(posts.labels))),
        LEXICON: hard(lexicon_classes(held_out.texts)),
        **parts,
    }
    if champion is not None:
        others[CHAMPION] = champion.probabilities(held_out.texts)
    if len(unlabelled):
        others[WITHOUT] = alone.held_out_probabilities
    best_before = _best(held_out, [*earlier], others.get(CHAMPION))
    if best_before is not None:
        others[BEST] = best_before
    ours = said.argmax(axis=1)
    gains = {name: difference(held_out.labels, ours, theirs.argmax(axis=1), seed) for name, theirs in others.items()}
    files = model.dump()
    learned = posts.without(held_out)
    card = ModelCard(
        kind=CLASSIFIER,
        created_at=created_at.isoformat(),
        label_source=label_source,
        data={
            **(data(model) if callable(data) else data),
            "training_posts": len(learned),
            "training_class_counts": learned.counts(),
            "held_out_posts": len(held_out),
            "held_out_class_counts": held_out.counts(),
            "also_held_out": len(posts) - len(learned),
            "duplicates_left_out": posts.duplicates + held_out.duplicates,
            "conflicting_left_out": posts.conflicting + held_out.conflicting,
        },
        metrics={
            **asdict(measured),
            "slices": sliced(held_out, said, others[LEXICON], others.get(CHAMPION), seed),
            "behaviour": behaviour(model.probabilities(_INVENTED), lexicon_classes(_INVENTED).tolist()),
            "discordance": None
            if champion is None
            else asdict(discordance(held_out.labels, ours, others[CHAMPION].argmax(axis=1))),
        },
        baselines={name: asdict(evaluate(held_out.labels, p, seed)) for name, p in others.items()},
        gains={name: asdict(gain) for name, gain in gains.items()},
        choice={
            "inverse_penalty": trained.strength,
            "cross_validated_macro_recall": {str(k): v for k, v in alone.cross_validation.items()},
            **({"self_training": {"texts": len(unlabelled), "learned_from": taught.counts()}} if unlabelled else {}),
            **joined_by,
            "sharpness": trained.classifier.sharpness,
            "bias": dict(zip(CLASSES, trained.classifier.bias, strict=True)),
            "seed": seed,
        },
        files=fingerprints(files),
        libraries=library_versions(),
    )
    return Candidate(_with_card(files, card), card, gains.get(CHAMPION))


def _best(
    held_out: LabelledPosts, earlier: Sequence[SentimentModel], champion: npt.NDArray[np.float64] | None
) -> npt.NDArray[np.float64] | None:
    """Probabilities of the earlier champion with the highest macro recall; None where the champion itself is best."""
    answers = [each.probabilities(held_out.texts) for each in earlier]
    if champion is not None:
        answers.insert(0, champion)
    if not answers:
        return None
    recalls = [evaluate(held_out.labels, each).macro_recall.value for each in answers]
    best = answers[int(np.argmax(recalls))]
    return None if best is champion else best


def bigram_candidate(
    sentences: Iterable[Sequence[str]],
    held_out: Sequence[Sequence[str]],
    *,
    created_at: datetime,
    data: Mapping[str, Any],
    min_count: int = 2,
    authors: Iterable[str] | None = None,
    min_authors: int = 1,
) -> Candidate:
    """Train the next-word model on sentences of `text.words`, measure it on others, and write the card.

    `min_count`, `authors` and `min_authors` as `bigram.model.train`.

    Raises:
        NoSentencesError: not one word to train or measure on.
    """
    model = bigrams.train(sentences, min_count, authors, min_authors)
    files = bigram_files.dump(model)
    card = ModelCard(
        kind=BIGRAM,
        created_at=created_at.isoformat(),
        label_source=None,
        data={
            **data,
            "training_tokens": model.tokens,
            "vocabulary": model.size,
            "words_left_out_for_few_authors": model.few_authors_words,
            "bigrams": len(model.counts),
        },
        metrics=asdict(model.perplexity(held_out)),
        baselines={},
        gains={},
        choice={
            "smoothing": "interpolated modified Kneser-Ney",
            "words_seen_at_least": min_count,
            "words_of_authors_at_least": min_authors,
        },
        files=fingerprints(files),
        libraries=library_versions(),
    )
    return Candidate(_with_card(files, card), card)


def _with_card(files: Mapping[str, bytes], card: ModelCard) -> dict[str, bytes]:
    return {**files, CARD: write_card(card), PAGE: markdown(card).encode()}
