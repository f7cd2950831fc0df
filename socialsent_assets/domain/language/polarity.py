"""Polarity of texts: VADER's four scores, of one text or of a batch.

    score_text("VADER is smart!").polarity        one text
    score_texts(texts, langs).polarity            a batch, as float64 arrays, at about fifty times the speed

Scores are those of vaderSentiment 3.3.2 on Python 3.11, bit for bit, whichever path computes them and on
whichever interpreter. The text is scored exactly as given: clean it first (text.py), never remove stop words.

Not here: the rules (vader/reference.py to read, vader/compiled.py to run), predictions of a model (domain/learning/).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

import numpy as np

from socialsent_assets.domain.language.vader import reference as vader_rules
from socialsent_assets.domain.language.vader.corrections import NO_CORRECTIONS, Corrections

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

SCORER_VERSION = "vader-3.3.2+2"
"""Reference release, then our revision: raised when any text's score, or the rule of languages, changes."""

POSITIVE_FROM = 0.05
NEGATIVE_TO = -0.05
"""Thresholds on the polarity that VADER's authors recommend (README of vaderSentiment, "About the Scoring")."""

COMPILED_FROM = 1_000
"""Texts from which on the compiled rules are used: for fewer, plain Python is done before numba is imported."""

_ENGLISH = frozenset({"en", "eng", "english"})
_NOT_STATED = frozenset({"", "nan", "none", "null", "unknown"})  # "nan": of a spreadsheet, seldom Min Nan

LANGUAGE_NOT_SUPPORTED = "language_not_supported"


class Polarity(NamedTuple):
    """Scores of one text: polarity in -1..1; pos, neu and neg are shares that sum to 1, or 0 for an empty text."""

    polarity: float
    pos: float
    neu: float
    neg: float
    sentiment: str


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of n texts, in their order: float64 arrays of shape (n,), ranges as in `Polarity`; NaN if not scored."""

    polarity: NDArray[np.float64]
    pos: NDArray[np.float64]
    neu: NDArray[np.float64]
    neg: NDArray[np.float64]
    unscored_reason: list[str | None]
    """Why a text was not scored; None for every text that was."""

    def sentiments(self) -> NDArray[np.str_]:
        """Sentiment of each text, as `sentiment_of` names it, "" if it was not scored: dtype <U8, shape (n,)."""
        return np.select(
            [self.polarity >= POSITIVE_FROM, self.polarity <= NEGATIVE_TO, np.isnan(self.polarity)],
            ["positive", "negative", ""],
            "neutral",
        )

    def sentiment_column(self, unscored: NDArray[np.bool_]) -> pa.StringArray:
        """`sentiments` as Arrow: null where a text is `unscored`, bool of shape (n,)."""
        import pyarrow as pa

        # Numbers first: an array of Python strings would keep other threads waiting for Python's lock.
        numbers = np.select([self.polarity >= POSITIVE_FROM, self.polarity <= NEGATIVE_TO], [0, 1], 2).astype(np.int8)
        names = pa.array(["positive", "negative", "neutral"])
        return names.take(pa.array(numbers, mask=unscored))


def sentiment_of(polarity: float) -> str:
    """Positive from 0.05 upwards, negative from -0.05 downwards, neutral between."""
    if polarity >= POSITIVE_FROM:
        return "positive"
    return "negative" if polarity <= NEGATIVE_TO else "neutral"


def is_scorable(lang: str | None) -> bool:
    """Whether the lexicon reads a language: English of any region (en-GB, eng, English), and one that is not stated.

    Elsewhere VADER would score emoji and loan words alone, which looks like a sentiment and is none.
    """
    primary = (lang or "").replace("_", "-").split("-", 1)[0].strip().lower()
    if primary == "und":
        return "-" not in (lang or "").replace("_", "-")  # und-Cyrl: no language, but not the lexicon's letters
    return primary in _ENGLISH or primary in _NOT_STATED


def unscored_reasons(langs: pa.Array) -> pa.StringArray:
    """The reason why a text in that language is not scored, for each of the tags; null where it is scored."""
    import pyarrow as pa

    tags = langs.dictionary_encode()
    known = [None if is_scorable(tag) else LANGUAGE_NOT_SUPPORTED for tag in tags.dictionary.to_pylist()]
    return pa.array(known, pa.string()).take(tags.indices)


def scorer_version(corrections: Corrections) -> str:
    """Version of the scores with these corrections: that of the reference and our revision, and of the corrections.

    >>> scorer_version(Corrections()) == SCORER_VERSION
    True
    """
    return SCORER_VERSION + corrections.version


def score_text(text: str | None, corrections: Corrections = NO_CORRECTIONS) -> Polarity:
    """The scores of one text exactly as given; all zeros and neutral for an empty or missing one."""
    polarity, pos, neu, neg = vader_rules.score(text, corrections) if text else vader_rules.NO_WORDS
    return Polarity(polarity, pos, neu, neg, sentiment_of(polarity))


def score_texts(
    texts: Sequence[str | None] | pa.Array | pa.ChunkedArray,
    langs: Iterable[str | None] | pa.Array | None = None,
    corrections: Corrections = NO_CORRECTIONS,
) -> Scores:
    """The scores of a batch; each equals what `score_text` gives for that text.

    `texts`: any sequence of str and None (list, pandas or numpy column), or an Arrow string array, which is
    read where it lies. `langs`: a BCP 47 tag or None for each text; texts in other languages than English get
    NaN and a reason. `corrections`: of the lexicon.

    Raises:
        ValueError: the lengths differ.
        TypeError: a text is no string.
    """
    rows = _score_rows(texts, corrections)
    reasons = _unscored_reasons(langs, len(rows))
    if langs is not None:
        rows[[reason is not None for reason in reasons]] = np.nan
    polarity, pos, neu, neg = (np.ascontiguousarray(column) for column in rows.T)
    return Scores(polarity, pos, neu, neg, reasons)


def _score_rows(
    texts: Sequence[str | None] | pa.Array | pa.ChunkedArray, corrections: Corrections
) -> NDArray[np.float64]:
    """float64 (n, 4): polarity, pos, neu, neg."""
    if len(texts) >= COMPILED_FROM and has_numba():
        from socialsent_assets.domain.language.vader.arrow import score_column  # imports numba: a second

        return score_column(texts, corrections)
    listed = texts.to_pylist() if hasattr(texts, "to_pylist") else texts
    rows = [vader_rules.score(text, corrections) if _is_text(text) else vader_rules.NO_WORDS for text in listed]
    return np.array(rows, np.float64).reshape(-1, 4)


def _is_text(text: object) -> TypeGuard[str]:
    """True for a string, False for a missing value of Python, numpy or pandas."""
    if isinstance(text, str):
        return True
    if text is None or text != text or type(text).__name__ == "NAType":  # NaN differs from itself
        return False
    raise TypeError(f"a text must be a string or None, not {type(text).__name__}")


@cache
def has_numba() -> bool:
    """Whether the compiled rules can be used; without numba every text takes the path of plain Python."""
    return find_spec("numba") is not None


def _unscored_reasons(langs: Iterable[str | None] | pa.Array | None, count: int) -> list[str | None]:
    if langs is None:
        return [None] * count
    tags = langs.to_pylist() if hasattr(langs, "to_pylist") else list(langs)
    if len(tags) != count:
        raise ValueError(f"{count} texts, but {len(tags)} languages: give one (or None) for each text")
    reason_of = {tag: None if is_scorable(tag) else LANGUAGE_NOT_SUPPORTED for tag in set(tags)}
    return [reason_of[tag] for tag in tags]
