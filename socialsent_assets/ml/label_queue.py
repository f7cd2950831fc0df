"""Queue of the lake's texts that are most worth labelling, in the form that `labels import` takes back.

Predictions are left out on purpose: a person who sees one tends to agree with it.

Not here: how texts are chosen (domain/learning/suggestions.py), importing labels (ingest/label_file.py).
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.language.detection import detect_languages
from socialsent_assets.domain.language.polarity import score_texts
from socialsent_assets.domain.learning.labels import same_text_key
from socialsent_assets.domain.learning.model_card import CLASSIFIER
from socialsent_assets.domain.learning.suggestions import margin_doubt, polarity_doubt, suggested
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.lexicon_corrections import read_corrections
from socialsent_assets.ml.corpus import read_corpus
from socialsent_assets.ml.registry import ModelRegistry
from socialsent_assets.ml.training_set import read_labels

__all__ = ["Suggestion", "suggest_labels"]


class Suggestion(NamedTuple):
    """A text to label: its id in the lake, and its clean text."""

    text_id: str
    text: str


def suggest_labels(lake: Lake, count: int, seed: int = 0) -> list[Suggestion]:
    """Current texts without a label, the most useful first, by the doubt of the champion, or else of the lexicon.

    Texts in a language without a reader are left out.

    Raises:
        UserError: the lake holds no text that could be labelled.
        ModelRefusedError: the champion must not answer.
    """
    corpus = read_corpus(lake)
    labels = list(read_labels(lake, Counter()))
    ids = {label.text_id for label in labels if label.text_id}
    said = {same_text_key(label.text) for label in labels if label.text}
    detected = detect_languages(corpus.texts, corpus.langs)
    langs = [stated or found for stated, found in zip(corpus.langs, detected, strict=True)]
    scores = score_texts(corpus.texts, langs, read_corrections(lake.artifacts))
    rows = [
        row
        for row, (text_id, text, reason) in enumerate(
            zip(corpus.ids, corpus.texts, scores.unscored_reason, strict=True)
        )
        if reason is None and text_id not in ids and same_text_key(text) not in said
    ]
    if not rows:
        raise UserError(
            f"none of the {len(corpus):,} current texts is left to label. Bring more: socialsent ingest or follow, "
            "then socialsent materialize"
        )
    texts = [corpus.texts[row] for row in rows]
    doubt = _doubt(lake, texts)
    if doubt is None:
        doubt = polarity_doubt(scores.polarity[rows])
    return [Suggestion(corpus.ids[rows[row]], texts[row]) for row in suggested(texts, doubt, count, seed)]


def _doubt(lake: Lake, texts: list[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]] | None:
    from socialsent_assets.domain.learning.cascade import opened

    registry = ModelRegistry(lake.artifacts)
    if registry.champion_digest(CLASSIFIER) is None:
        return None
    return margin_doubt(opened(registry.champion(CLASSIFIER).files).probabilities(texts))
