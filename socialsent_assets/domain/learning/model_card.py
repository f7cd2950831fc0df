"""Model card: origin of the labels, quality beside baselines, fingerprint.

The card travels with the model's files and names the SHA-256 of each, so the digest of the card vouches for
all of it. A consumer that cannot verify a card, or has another text or feature version, raises ModelRefusedError.

Not here: the pages people read (card_page.py), where models are kept (ml/registry.py).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import version
from typing import Any

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.language.polarity import SCORER_VERSION
from socialsent_assets.domain.language.text import TEXT_VERSION
from socialsent_assets.domain.learning.evaluation import Interval, gate
from socialsent_assets.domain.learning.features import FEATURES_VERSION
from socialsent_assets.domain.learning.labels import CLASSES, HUMAN, WEAK

__all__ = [
    "BEST",
    "BIGRAM",
    "CARD",
    "CARD_VERSION",
    "CHAMPION",
    "CLASSIFIER",
    "ENCODER",
    "LINEAR",
    "WITHOUT",
    "ModelCard",
    "ModelRefusedError",
    "digest",
    "fingerprints",
    "library_versions",
    "obstacles",
    "read_card",
    "require_usable",
    "verified",
    "write_card",
]

CARD = "card.json"
CARD_VERSION = 1
BIGRAM, CLASSIFIER = "bigram", "sentiment_classifier"
CHAMPION = "champion"
"""Name of the champion among a candidate's baselines."""
BEST = "best champion of the past"
"""The same of the earlier champion that does best on these posts, where it is another model."""
WITHOUT = "the same without self-training"
"""The same of the model that people's labels alone made."""
LINEAR, ENCODER = "its linear classifier alone", "its encoder alone"
"""The same of both parts of a cascade."""
_RETRAIN = {
    CLASSIFIER: "socialsent train --labels TRAIN.csv --out DIR",
    BIGRAM: "socialsent materialize --select models/bigram",
}
_LIBRARIES = ("numpy", "scipy", "scikit-learn", "numba", "nltk")


class ModelRefusedError(UserError):
    """A model that must not answer: damaged, tampered with, or made for other text or another version."""


@dataclass(frozen=True)
class ModelCard:
    """What a reader and a consumer must know about one model; plain JSON values throughout.

    Attributes:
        kind: CLASSIFIER or BIGRAM.
        created_at: RFC 3339, UTC; passed in by the caller.
        label_source: HUMAN, or WEAK when the lexicon labelled; None for a model without labels.
        data: what it learned from: window of event times or file name, number of posts, class mix.
        metrics: what was measured on held-out posts (`evaluation.Evaluation` or `bigrams.Perplexity`); of a
            classifier also `slices` (slices.py), `behaviour` (behaviour.py) and `discordance` with the champion.
        baselines: the same measures of the baselines, on the same posts, by name.
        gains: macro recall minus that of each baseline, as an interval, by name.
        choice: tried and chosen settings.
        files: SHA-256 by file name.
        libraries: versions that trained it.
        card_version, text_version, features_version, scorer_version, classes: of the code that trained it.
    """

    kind: str
    created_at: str
    label_source: str | None
    data: Mapping[str, Any]
    metrics: Mapping[str, Any]
    baselines: Mapping[str, Any]
    gains: Mapping[str, Any]
    choice: Mapping[str, Any]
    files: Mapping[str, str]
    libraries: Mapping[str, str]
    card_version: int = CARD_VERSION
    text_version: int = TEXT_VERSION
    features_version: int = FEATURES_VERSION
    scorer_version: str = SCORER_VERSION
    classes: list[str] = field(default_factory=lambda: list(CLASSES))

    @property
    def is_weak(self) -> bool:
        """Whether its labels are the lexicon's own opinion, so that its metrics measure agreement, not truth."""
        return self.label_source == WEAK

    @property
    def headline(self) -> str:
        """Its main figure in one line, with a loud mark when the labels are weak."""
        if self.kind == BIGRAM:
            return f"perplexity {self.metrics['value']:.1f} on {self.metrics['tokens']:,} held-out tokens"
        recall = self.metrics["macro_recall"]
        mark = "WEAK LABELS: " if self.is_weak else ""
        return (
            f"{mark}macro recall {100 * recall['value']:.1f} % "
            f"[{100 * recall['low']:.1f}, {100 * recall['high']:.1f}] on {self.metrics['posts']:,} posts"
        )


def write_card(card: ModelCard) -> bytes:
    """The card as canonical JSON: the same card gives the same bytes."""
    return (json.dumps(asdict(card), ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def read_card(content: bytes) -> ModelCard:
    """The card that `write_card` wrote.

    Raises:
        ModelRefusedError: it is no card, or of a newer version than this code can read.
    """
    try:
        found = json.loads(content)
        written_by = int(found["card_version"])
    except (ValueError, TypeError, KeyError) as error:
        raise ModelRefusedError(
            "the model's card.json is damaged: restore the model folder, or train again"
        ) from error
    if written_by > CARD_VERSION:
        raise ModelRefusedError(
            f"the model's card has version {written_by}, this SocialSent reads {CARD_VERSION}: "
            "upgrade SocialSent, or train the model again with this version"
        )
    names = {item.name for item in fields(ModelCard)}
    if set(found) != names:
        odd = ", ".join(sorted(names ^ set(found)))
        raise ModelRefusedError(f"the model's card.json lacks or adds fields ({odd}): train the model again")
    return ModelCard(**found)


def digest(card_content: bytes) -> str:
    """Name of the model: SHA-256 of its card, which holds those of its files."""
    return hashlib.sha256(card_content).hexdigest()


def fingerprints(files: Mapping[str, bytes]) -> dict[str, str]:
    """SHA-256 of each file by its name."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}


def library_versions() -> dict[str, str]:
    """Installed versions of the libraries that a model depends on."""
    return {name: version(name) for name in _LIBRARIES}


def verified(card: ModelCard, files: Mapping[str, bytes], where: str) -> Mapping[str, bytes]:
    """The files, when they are the very ones that the card names.

    Raises:
        ModelRefusedError: a file is missing or has other bytes.
    """
    found = fingerprints(files)
    wrong = [name for name, sha in card.files.items() if found.get(name) != sha]
    if wrong:
        raise ModelRefusedError(
            f"{where}: {', '.join(wrong)} does not match its digest in card.json. "
            "Restore the folder from a trusted copy, or train again"
        )
    return {name: files[name] for name in card.files}


def require_usable(card: ModelCard, kind: str) -> None:
    """Raises ModelRefusedError unless this version may answer with the model."""
    if card.kind != kind:
        raise ModelRefusedError(f"this is a {card.kind} model, not a {kind}")
    compared = {
        "text": (card.text_version, TEXT_VERSION),
        "features": (card.features_version, FEATURES_VERSION),
        "scorer": (card.scorer_version, SCORER_VERSION),
        "classes": (card.classes, list(CLASSES)),
    }
    if kind == BIGRAM:
        compared = {"text": compared["text"]}
    for what, (theirs, ours) in compared.items():
        if theirs != ours:
            raise ModelRefusedError(
                f"the model was trained for {what} {theirs}, this version has {what} {ours}: "
                f"train it again ({_RETRAIN[kind]})"
            )
    if kind == CLASSIFIER and card.label_source not in (HUMAN, WEAK):
        raise ModelRefusedError(
            f"the model's card does not name its annotators ({card.label_source!r}): train it again"
        )


def obstacles(card: ModelCard) -> list[str]:
    """Reasons not to promote a candidate, from its own card; see `evaluation.gate`. None for a bigram model
    that beats both add-one baselines.
    """
    if card.kind == BIGRAM:
        best = min(card.metrics["laplace_bigram"], card.metrics["laplace_unigram"])
        ours = card.metrics["value"]
        return [] if ours < best else [f"perplexity {ours:.1f} is not below the add-one baseline's {best:.1f}"]
    gains = {name: Interval(**gain) for name, gain in card.gains.items()}
    slices = {
        name: Interval(**found["against_champion"])
        for name, found in card.metrics.get("slices", {}).items()
        if found["against_champion"]
    }
    itself = (WITHOUT, LINEAR, ENCODER)  # the same model with less to it, which it need not beat by more than noise
    baselines = {name: gain for name, gain in gains.items() if name not in (CHAMPION, BEST, *itself)}
    reasons = gate(baselines, gains.get(CHAMPION), gains.get(BEST), slices)
    if WITHOUT in gains and gains[WITHOUT].high < 0:
        reasons.append(f"worse than {WITHOUT}: train it without --unlabelled")
    if LINEAR in gains and gains[LINEAR].high < 0:
        reasons.append(f"worse than {LINEAR}: train it without --encoder")
    return reasons
