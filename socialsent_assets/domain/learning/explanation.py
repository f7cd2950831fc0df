"""Explanation of an answer: what each part of a text adds to the lexicon's polarity and to the classifier's logits.

A linear model is its own explanation: the contributions of its features and the intercept add up to the logit of each
class, whose softmax are the probabilities. For people, those of pairs and letters are also shared out to the words
that they stand in, which changes no sum.

An answer that an encoder helped with is explained by occlusion: what it loses when a word is left out. What no word
alone accounts for is the remainder, listed where a linear model has its intercept.

Not here: the lexicon's rules (language/vader/explanation.py), how reasons look (cli/, insights/, dashboard/).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from socialsent_assets.domain.language.detection import detect_languages
from socialsent_assets.domain.language.polarity import is_scorable, sentiment_of
from socialsent_assets.domain.language.text import clean_text
from socialsent_assets.domain.language.vader.corrections import NO_CORRECTIONS, Corrections
from socialsent_assets.domain.language.vader.explanation import PolarityReasons, explain_polarity
from socialsent_assets.domain.learning.cascade import Cascade
from socialsent_assets.domain.learning.classifier import calibrated
from socialsent_assets.domain.learning.encoder.encoder import as_read
from socialsent_assets.domain.learning.features import NEGATED, NUMBERS, Document, documents
from socialsent_assets.domain.learning.labels import CLASSES

if TYPE_CHECKING:
    import scipy.sparse as sp

    from socialsent_assets.domain.learning.cascade import SentimentModel
    from socialsent_assets.domain.learning.classifier import Classifier, Terms

__all__ = ["MOST_FEATURES", "Feature", "ModelReasons", "WordShare", "explain", "explain_prediction"]

Floats = npt.NDArray[np.float64]

MOST_FEATURES = 40
"""Features and words that `explain` lists, the strongest; the others are added up."""

MOST_OCCLUDED = 48
"""Words that are left out one by one: an encoder reads no more of a text than these, give or take."""

SURFACE, VALENCES = "the way it is written", "the lexicon's valences"
_SURFACE_NUMBERS = frozenset(NUMBERS[9:21])
_LONGEST_NAME = 80  # characters of a word that are shown
_LONGEST_TEXT = 1_000  # characters of the text that are given back


class Feature(NamedTuple):
    """One feature of the model in a text.

    Attributes:
        kind: word, pair, negated word, letters or number.
        name: the term, or the name of a number in `features.NUMBERS`.
        adds: float64, shape (3,): to the logit of each class.
    """

    kind: str
    name: str
    adds: Floats


class WordShare(NamedTuple):
    """A word of the text, or `SURFACE` or `VALENCES`, with the contributions of all features shared out to it."""

    word: str
    adds: Floats

    @property
    def centred(self) -> Floats:
        """`adds` minus its mean over the classes: what is added to all alike moves no probability."""
        centred: Floats = self.adds - self.adds.mean()
        return centred


@dataclass(frozen=True)
class ModelReasons:
    """Reasons of a prediction; intercept plus the sum of `features`, or of `words`, is the logit of each class.

    Attributes:
        label: the likeliest class.
        probabilities, logits, intercept: float64, shape (3,), in the order of `CLASSES`.
        is_silent: no word to go by: neutral by definition, whatever the features say.
        by_occlusion: whether `words` says what the answer loses without each; `features` is then empty, and
            `intercept` the remainder.
    """

    label: str
    probabilities: Floats
    logits: Floats
    intercept: Floats
    features: tuple[Feature, ...]
    words: tuple[WordShare, ...]
    is_silent: bool
    by_occlusion: bool = False


def explain_prediction(model: SentimentModel, text: str) -> ModelReasons:
    """Reasons of the answer that the model gives for a text as it came in."""
    if isinstance(model, Cascade):
        return _by_occlusion(model, text) if _asks(model, text) else explain_prediction(model.linear, text)
    classifier = model
    [post] = documents([text])
    sharpness, bias = classifier.sharpness, np.asarray(classifier.bias)
    intercept = classifier.intercept * sharpness + bias
    if not post.words:
        label = "neutral"
        certain = np.eye(len(CLASSES))[CLASSES.index(label)]
        return ModelReasons(label, certain, intercept, intercept, (), (), True)
    features = [
        Feature(kind, name, adds * sharpness) for kind, name, adds in _features(classifier, post) if adds.any()
    ]
    logits = intercept + np.sum([feature.adds for feature in features], axis=0)
    [probabilities] = calibrated(logits[np.newaxis], 1.0, np.zeros(len(CLASSES)))
    return ModelReasons(
        label=CLASSES[int(probabilities.argmax())],
        probabilities=probabilities,
        logits=logits,
        intercept=intercept,
        features=tuple(sorted(features, key=lambda each: _strength(each.adds), reverse=True)),
        words=_shared_out(classifier, post, features),
        is_silent=False,
    )


def explain(
    text: str,
    classifier: SentimentModel | None = None,
    most: int = MOST_FEATURES,
    corrections: Corrections = NO_CORRECTIONS,
) -> dict[str, Any]:
    """Why a text is scored and classified as it is, as plain values; the text is cleaned as the pipeline does.

    `text` is the beginning of what was read. `lexicon` has polarity, sentiment, words, others and emphasis, whose
    `adds` sum to the polarity. `model` has label, probabilities, logits, intercept, features and other_features,
    whose `adds` and the intercept sum to the logits, and words, which share out the same sums. Each is None where
    there is nothing to explain: `unscored` then names the language without a reader; or there is no classifier.
    """
    clean = clean_text(text)
    [detected] = detect_languages([clean], [None])
    if not is_scorable(detected):
        return {"text": clean[:_LONGEST_TEXT], "unscored": detected, "lexicon": None, "model": None}
    return {
        "text": clean[:_LONGEST_TEXT],
        "unscored": None,
        "lexicon": polarity_as_json(explain_polarity(clean, most, corrections)),
        "model": prediction_as_json(explain_prediction(classifier, clean), most) if classifier else None,
    }


def polarity_as_json(found: PolarityReasons) -> dict[str, Any]:
    """See `explain`."""
    count, others = found.others
    valence, emphasis = found.emphasis
    words = [
        {
            "word": each.word[:_LONGEST_NAME],
            "emoji": each.emoji or None,
            "valence": round(each.valence, 4),
            "adds": each.adds,
            "steps": [{"rule": s.rule, "by": s.by[:_LONGEST_NAME], "adds": round(s.adds, 4)} for s in each.steps],
        }
        for each in found.words
    ]
    return {
        "polarity": found.polarity,
        "sentiment": sentiment_of(found.polarity),
        "words": words,
        "others": {"count": count, "adds": others},
        "emphasis": {"valence": round(valence, 4), "adds": emphasis},
    }


def prediction_as_json(found: ModelReasons, most: int = MOST_FEATURES) -> dict[str, Any]:
    """See `explain`."""
    listed, others = found.features[:most], found.features[most:]
    return {
        "label": found.label,
        "is_silent": found.is_silent,
        "method": "occlusion" if found.by_occlusion else "exact",
        "probabilities": _by_class(found.probabilities),
        "logits": _by_class(found.logits),
        "intercept": _by_class(found.intercept),
        "features": [
            {"kind": each.kind, "name": each.name[:_LONGEST_NAME], "adds": _by_class(each.adds)} for each in listed
        ],
        "other_features": {"count": len(others), "adds": _by_class(_sum(each.adds for each in others))},
        "words": [{"word": w.word[:_LONGEST_NAME], "adds": _by_class(w.adds)} for w in found.words[:most]],
        "other_words": {
            "count": len(found.words[most:]),
            "adds": _by_class(_sum(w.adds for w in found.words[most:])),
        },
    }


def _sum(adds: Iterable[Floats]) -> Floats:
    total: Floats = np.sum([np.zeros(len(CLASSES)), *adds], axis=0)
    return total


def _by_class(values: Floats) -> dict[str, float]:
    return dict(zip(CLASSES, values.tolist(), strict=True))


def _strength(adds: Floats) -> float:
    return float(np.abs(adds - adds.mean()).max())


# ---------------------------------------------------------------------------------------------- occlusion


def _asks(model: Cascade, text: str) -> bool:
    return bool(model.is_unsure(model.linear.probabilities([text]))[0])


def _by_occlusion(model: Cascade, text: str) -> ModelReasons:
    """What the log probabilities of both lose without each of the first words, a repeated word everywhere."""
    words = as_read(text).split(" ")
    tried = list(dict.fromkeys(words[:MOST_OCCLUDED]))
    without = [" ".join(word for word in words if word != left_out) for left_out in tried]
    asked = [text, *without]
    sums = model.sums(model.linear.probabilities(asked), model.encoder.scores(asked))
    logits = sums * model.of_both.sharpness + np.asarray(model.of_both.bias)
    [probabilities] = calibrated(logits[:1], 1.0, np.zeros(len(CLASSES)))
    centred = logits - logits.mean(axis=1, keepdims=True)
    shares = tuple(WordShare(word, centred[0] - centred[place]) for place, word in enumerate(tried, start=1))
    return ModelReasons(
        label=CLASSES[int(probabilities.argmax())],
        probabilities=probabilities,
        logits=centred[0],
        intercept=centred[0] - _sum(share.adds for share in shares),
        features=(),
        words=tuple(sorted(shares, key=lambda share: _strength(share.adds), reverse=True)),
        is_silent=False,
        by_occlusion=True,
    )


# ------------------------------------------------------------------------------------------ contributions


def _features(classifier: Classifier, post: Document) -> list[tuple[str, str, Floats]]:
    """(kind, name, what it adds to the uncalibrated scores) of every feature of a post."""
    found: list[tuple[str, str, Floats]] = []
    for kind, terms, evidence in (
        ("words", classifier.words, classifier.evidence),
        ("letters", classifier.characters, None),
    ):
        for row, weight in _weights(classifier, kind, post):
            adds = weight * terms.weights[row].astype(np.float64)
            if evidence is not None:
                adds = adds + evidence[row]
            name = terms.vocabulary[row]
            found.append(("letters" if kind == "letters" else _kind(name), name, adds))
    rows = post.numbers[:, np.newaxis] * classifier.numbers.astype(np.float64)
    return [*found, *(("number", name, row) for name, row in zip(NUMBERS, rows, strict=True))]


def _weights(classifier: Classifier, kind: str, post: Document) -> list[tuple[int, float]]:
    """(row among the terms, TF-IDF) of every term of a post, as `Classifier.scores` weighs it."""
    from socialsent_assets.domain.learning.tfidf import weigh  # imports scikit-learn: a second

    place = ("words", "letters").index(kind)
    terms: Terms = (classifier.words, classifier.characters)[place]
    counts: sp.csr_matrix = classifier.counters[place].transform([post]).astype(np.float64)
    weighed = weigh(counts, terms.rarity)
    return list(zip(weighed.indices.tolist(), weighed.data.tolist(), strict=True))


def _kind(term: str) -> str:
    # No token holds a space or a capital, so a term's form says its kind.
    return "pair" if " " in term else "negated word" if term.endswith(NEGATED) else "word"


def _shared_out(classifier: Classifier, post: Document, features: Sequence[Feature]) -> tuple[WordShare, ...]:
    """Words of a post, strongest first: of a pair each word takes half, of letters every word that holds them."""
    holders = _holders(classifier, post)
    shares: dict[str, Floats] = defaultdict(lambda: np.zeros(len(CLASSES)))
    for kind, name, adds in features:
        if kind == "number":
            shares[SURFACE if name in _SURFACE_NUMBERS else VALENCES] += adds
        elif kind == "letters":
            held_by = holders[name]
            times = sum(held_by.values())
            for word, count in held_by.items():
                shares[word] += adds * (count / times)
        elif kind == "pair":
            for word in name.split(" "):
                shares[word] += adds / 2
        else:
            shares[name.removesuffix(NEGATED)] += adds
    made = (WordShare(word, adds) for word, adds in shares.items())
    return tuple(sorted(made, key=lambda share: _strength(share.adds), reverse=True))


def _holders(classifier: Classifier, post: Document) -> Mapping[str, Mapping[str, int]]:
    """n-gram -> how often each word of the post holds it."""
    cut = classifier.counters[1].build_analyzer()
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for word in post.words:
        for gram in cut(Document([word], [], post.numbers)):
            found[gram][word] += 1
    return found
