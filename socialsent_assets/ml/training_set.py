"""Training set of the classifier: human labels joined to their texts, or labels by the lexicon.

Labels of people come first. Only where there are too few of them does the lexicon label its most certain texts,
and everything that is made of such labels is marked.

Not here: importing labels (ingest/label_file.py), training (domain/learning/), other texts (corpus.py).
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from socialsent_assets.domain.events.layout import LANDING_LABELS
from socialsent_assets.domain.language.polarity import score_texts
from socialsent_assets.domain.language.vader.corrections import Corrections
from socialsent_assets.domain.learning.labels import (
    CLASSES,
    HUMAN,
    WEAK,
    LabelledPosts,
    from_pairs,
    is_held_out,
    same_text_key,
)
from socialsent_assets.domain.learning.slices import tags_of
from socialsent_assets.domain.learning.training import FEWEST_PER_CLASS, HELD_OUT_SHARE
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.lexicon_corrections import read_corrections
from socialsent_assets.ml.corpus import Corpus, current_texts

FEWEST_HELD_OUT = 5
"""Posts of each class to measure on; with fewer, a class's recall is a coin toss."""

FEW_LABELS = 2000
"""Labels below which a quarter of the authors is held out instead of a seventh: with some hundred labels, noise
would else hide any gain. The larger part holds the smaller one, so a champion stays measured on strangers."""

WEAK_PER_CLASS = 2000
_SHARE_OF_FEW = 0.25
_CERTAIN = 0.5
"""Polarity beyond which the lexicon's label is taken for certain; neutral is certain when no word has a valence."""


@dataclass(frozen=True)
class LabelledLake:
    """Posts to learn from and to measure on; the authors of the two are different people, and so are the texts.

    Attributes:
        source: labels.HUMAN or labels.WEAK.
        left_out: why labels are not used -> how many.
    """

    posts: LabelledPosts
    held_out: LabelledPosts
    source: str
    left_out: Mapping[str, int]

    @property
    def shortage(self) -> str:
        """Why this is too little to train on; "" if it is enough."""
        few = [
            f"{count} {name} posts to {purpose} (at least {least})"
            for purpose, part, least in (
                ("learn from", self.posts, FEWEST_PER_CLASS),
                ("measure on", self.held_out, FEWEST_HELD_OUT),
            )
            for name, count in part.counts().items()
            if count < least
        ]
        return ", ".join(few)


@dataclass(frozen=True)
class HumanLabel:
    """One line of a label file; a text without an id, or an id without its text, has "" there."""

    text_id: str
    text: str
    label: str


def labelled_lake(lake: Lake, corpus: Corpus) -> LabelledLake:
    """Human labels where there are enough of them, else the lexicon's most certain ones."""
    human = human_labels(lake)
    if not human.shortage:
        return human
    weak = _weak_labels(corpus, read_corrections(lake.artifacts))
    return replace(weak, left_out={**human.left_out, "too few human labels": len(human.posts) + len(human.held_out)})


def human_labels(lake: Lake) -> LabelledLake:
    """Every label in landing/labels whose text is known and not deleted.

    The text is the one that was labelled; where a label names a text by its id alone, it is the text's latest
    version. A deleted text is left out.
    """
    left_out: Counter[str] = Counter()
    labels = list(read_labels(lake, left_out))
    known = current_texts(lake, (label.text_id for label in labels if label.text_id))
    usable: list[tuple[str, str, str, tuple[str, ...]]] = []
    for label in labels:
        text = known.get(label.text_id)
        tags = tags_of(text.lang, text.topic) if text else ()
        if text is not None and text.is_deleted:
            left_out["deleted since"] += 1
        elif label.text:
            usable.append((label.text, label.label, text.author_id if text else "", tags))
        elif text is not None:
            usable.append((text.clean_text, label.label, text.author_id, tags))
        else:
            left_out["text not in the lake"] += 1
    texts, classes, authors, tags_found = (
        (list(column) for column in zip(*usable, strict=True)) if usable else ([],) * 4
    )
    return _parted(texts, classes, authors, HUMAN, left_out, tags_found)


def _weak_labels(corpus: Corpus, corrections: Corrections) -> LabelledLake:
    scores = score_texts(corpus.texts, corpus.langs, corrections)
    polarity, is_scored = scores.polarity, np.array([reason is None for reason in scores.unscored_reason], bool)
    chosen: list[int] = []
    for certain in (polarity <= -_CERTAIN, polarity == 0, polarity >= _CERTAIN):
        chosen += np.flatnonzero(certain & is_scored)[:WEAK_PER_CLASS].tolist()
    labels = [CLASSES[1 + int(np.sign(polarity[i]))] for i in chosen]
    return _parted([corpus.texts[i] for i in chosen], labels, [corpus.authors[i] for i in chosen], WEAK, {})


def _parted(
    texts: list[str],
    labels: list[str],
    authors: list[str],
    source: str,
    left_out: Mapping[str, int],
    tags: list[tuple[str, ...]] | None = None,
) -> LabelledLake:
    """Distinct texts, parted by author; a text without one is an author of its own."""
    posts = from_pairs(texts, labels, tags=tags or ())
    author_of: dict[str, str] = {}
    for text, author in zip(texts, authors, strict=True):
        author_of.setdefault(text, author or f"text {same_text_key(text)}")
    share = _SHARE_OF_FEW if len(posts) < FEW_LABELS else HELD_OUT_SHARE
    held_out = [is_held_out(author_of[text], share) for text in posts.texts]
    return LabelledLake(
        posts=replace(
            posts.take(row for row, held in enumerate(held_out) if not held),
            duplicates=posts.duplicates,
            conflicting=posts.conflicting,
        ),
        held_out=posts.take(row for row, held in enumerate(held_out) if held),
        source=source,
        left_out={reason: count for reason, count in sorted(left_out.items()) if count},
    )


def read_labels(lake: Lake, left_out: Counter[str]) -> Iterator[HumanLabel]:
    """Every line that is a label; the others are counted by what is wrong with them."""
    for info in lake.landing.list(LANDING_LABELS):
        packed = lake.landing.read(info.key)  # a store that cannot be read is no label file that cannot be
        try:
            lines = gzip.decompress(packed).splitlines()
        except (OSError, EOFError, zlib.error):
            left_out["unreadable label files"] += 1
            continue
        for line in lines:
            label = _label(line)
            if label is None:
                left_out["lines that are no label"] += 1
            else:
                yield label


def _label(line: bytes) -> HumanLabel | None:
    try:
        row: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(row, dict) or row.get("label") not in CLASSES:
        return None
    text_id, text = (str(row.get(name) or "") for name in ("text_id", "text"))
    return HumanLabel(text_id, text, row["label"]) if text_id or text else None
