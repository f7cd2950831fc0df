"""Models made from this lake: its texts and labels in, candidates of the registry out.

Not here: training and evaluation of a model (domain/learning/), which model answers (registry.py), when
training happens (defs/ml/assets.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.language.bigram import files as bigram_files
from socialsent_assets.domain.language.bigram.distinctive import TypicalBigram, typical_bigrams
from socialsent_assets.domain.language.bigram.model import BigramModel
from socialsent_assets.domain.language.polarity import score_texts
from socialsent_assets.domain.language.text import words
from socialsent_assets.domain.language.vader.corrections import NO_CORRECTIONS, Corrections
from socialsent_assets.domain.learning.candidates import Candidate, bigram_candidate, classifier_candidate
from socialsent_assets.domain.learning.cascade import SentimentModel, opened
from socialsent_assets.domain.learning.classifier import UnreadableModelError
from socialsent_assets.domain.learning.drift import profile
from socialsent_assets.domain.learning.labels import is_held_out, same_text_key
from socialsent_assets.domain.learning.model_card import CLASSIFIER
from socialsent_assets.domain.learning.training import GRID
from socialsent_assets.domain.readers import MOODS
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.lexicon_corrections import read_corrections
from socialsent_assets.ml.corpus import Corpus
from socialsent_assets.ml.registry import ModelRegistry
from socialsent_assets.ml.training_set import LabelledLake

Log = Callable[[str], None]

MOST_EARLIER = 5
"""Champions of the past that a candidate is measured against: a bound on the work."""

PROFILED_TEXTS = 20_000
"""Number of texts in the card's profile, the reference for drift."""

MIN_WORD_AUTHORS = 3
"""Different people who must have written a word of the next-word model: two could be a person and a reply."""

_EXAMPLES = (None, "i", "the", "not", "so", "love")
_HELD_OUT_WORDS = 0.1  # share of the authors


def keep(lake: Lake, candidate: Candidate) -> str:
    """Put a candidate into the registry and return its digest; that of the model itself, if it is there already.

    A training that finds nothing new makes the same files under a card of another time: not another model.
    """
    registry = ModelRegistry(lake.artifacts)
    for digest in registry.digests(candidate.card.kind):
        with contextlib.suppress(UserError):  # a card that cannot be read vouches for nothing
            if registry.card(candidate.card.kind, digest).files == candidate.card.files:
                return registry.read(candidate.card.kind, digest).digest
    return registry.add(candidate.files)


class TooLittleToLearnError(UserError):
    """The lake does not hold enough training data yet; the message names what is missing."""


@dataclass(frozen=True)
class NextWords:
    """A trained next-word model with what a reader wants to see of it.

    Attributes:
        typical: sentiment -> pairs of words that set its texts apart.
        examples: word so far ("" is the start of a post) -> likely next words.
    """

    candidate: Candidate
    model: BigramModel
    typical: dict[str, list[TypicalBigram]]
    examples: dict[str, list[tuple[str, float]]]


def train_next_words(
    corpus: Corpus, now: datetime, corrections: Corrections = NO_CORRECTIONS, min_authors: int = MIN_WORD_AUTHORS
) -> NextWords:
    """Train the bigram model on current texts; evaluate it on held-out authors.

    Args:
        corpus: to learn from and to measure on.
        now: aware, UTC.
        corrections: of the lexicon that groups texts by sentiment.
        min_authors: different people who must have written a word, or it is in no vocabulary and no example.

    Raises:
        TooLittleToLearnError: no words to learn from, or none to measure on.
    """
    sentences = [words(text) for text in corpus.texts]
    learned, held_out, writers = _parted(corpus, sentences)
    if not learned or not held_out:
        raise TooLittleToLearnError(
            f"{len(corpus)} current texts are too few for a next-word model: it needs texts of several authors"
        )
    data = corpus.as_card_data()
    candidate = bigram_candidate(
        learned, held_out, created_at=now, data=data, authors=writers, min_authors=min_authors
    )
    model = bigram_files.load(candidate.files)
    if not model.ids:
        raise TooLittleToLearnError(
            f"{len(corpus)} current texts are too few for a next-word model: no word was written by {min_authors} "
            "people (SOCIALSENT_WORD_AUTHORS)"
        )
    sentiments = score_texts(corpus.texts, corpus.langs, corrections).sentiments()
    groups: dict[str, list[list[str]]] = {name: [] for name in MOODS}
    for sentiment, sentence in zip(sentiments, sentences, strict=True):
        if sentiment:  # a text that was not scored belongs to no group
            groups[str(sentiment)].append(sentence)
    return NextWords(
        candidate,
        model,
        typical_bigrams(groups, vocabulary=model.ids),
        {word or "": model.top_k(word, 5) for word in _EXAMPLES},
    )


def _parted(corpus: Corpus, sentences: Sequence[list[str]]) -> tuple[list[list[str]], list[list[str]], list[str]]:
    """Sentences for training, the sentences of a tenth of the authors that no other author wrote, and who wrote
    those for training.
    """
    writers = [author or text for author, text in zip(corpus.authors, corpus.texts, strict=True)]
    aside = [is_held_out(writer, _HELD_OUT_WORDS) for writer in writers]
    rows = list(zip(sentences, corpus.texts, aside, writers, strict=True))
    said = {text for _, text, held, _ in rows if not held}
    learned = [sentence for sentence, _, held, _ in rows if sentence and not held]
    held_out = [sentence for sentence, text, held, _ in rows if sentence and held and text not in said]
    return learned, held_out, [writer for sentence, _, held, writer in rows if sentence and not held]


def train_classifier(lake: Lake, corpus: Corpus, labelled: LabelledLake, now: datetime, log: Log) -> Candidate:
    """A classifier of the lake's labels, measured beside the baselines and the champion on held-out authors.

    Raises:
        TooLittleToLearnError: too few labelled posts of a class.
    """
    if labelled.shortage:
        raise TooLittleToLearnError(
            f"too few labelled posts, even with the lexicon's own labels: {labelled.shortage}. "
            "Import some: socialsent labels import PATH"
        )
    log(
        f"{len(labelled.posts)} posts to learn from, {len(labelled.held_out)} to measure on, labels by "
        f"{labelled.source}; searching {len(GRID)} settings"
    )
    champion, earlier = _champions(lake, log)

    def about(classifier: SentimentModel) -> dict[str, Any]:
        return {
            **corpus.as_card_data(),
            "labels_left_out": dict(labelled.left_out),
            "profile": _profile(corpus, labelled, classifier, read_corrections(lake.artifacts)),
        }

    return classifier_candidate(
        labelled.posts,
        labelled.held_out,
        label_source=labelled.source,
        created_at=now,
        data=about,
        champion=champion,
        earlier=earlier,
    )


def _profile(
    corpus: Corpus, labelled: LabelledLake, classifier: SentimentModel, corrections: Corrections
) -> dict[str, Any]:
    """Of the texts in the lexicon's languages, as drift will see them; words of those that were not learned from."""
    step = slice(None, None, 1 + len(corpus) // PROFILED_TEXTS)
    scores = score_texts(corpus.texts[step], corpus.langs[step], corrections)
    rows = [row for row, reason in enumerate(scores.unscored_reason) if reason is None]
    texts, sentiments = corpus.texts[step], scores.sentiments()
    learned = {same_text_key(text) for text in labelled.posts.texts}
    return profile(
        scores.polarity[rows],
        [str(sentiments[row]) for row in rows],
        [texts[row] for row in rows if same_text_key(texts[row]) not in learned],
        frozenset(classifier.words.vocabulary),
    ).as_json()


def _champions(lake: Lake, log: Log) -> tuple[SentimentModel | None, list[SentimentModel]]:
    """The champion, and those of the past that can still answer, newest first."""
    registry = ModelRegistry(lake.artifacts)
    try:
        digests = list(dict.fromkeys(str(entry["digest"]) for entry in reversed(registry.history(CLASSIFIER))))
    except UserError as error:
        log(f"who was champion is not known, so the candidate is measured without: {error}")
        return None, []
    found: list[SentimentModel] = []
    champion = None
    for place, digest in enumerate(digests[: 1 + MOST_EARLIER]):
        try:
            classifier = opened(registry.read(CLASSIFIER, digest).files)
        except (UserError, UnreadableModelError) as error:
            log(f"champion {digest[:12]} cannot answer, so the candidate is measured without it: {error}")
            continue
        if place:
            found.append(classifier)
        else:
            champion = classifier
    return champion, found
