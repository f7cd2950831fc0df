"""Meanings of the values in a label column: words, and the numbers that leave no doubt.

Not here: label files of their own (label_file.py), columns (columns.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.ingest.columns import value_of
from socialsent_assets.ingest.source import Record
from socialsent_assets.ingest.values import is_missing

_MEANINGS: tuple[Mapping[str, str], ...] = (
    {"negative": "negative", "neutral": "neutral", "positive": "positive", "neg": "negative", "pos": "positive"},
    {"-1": "negative", "0": "neutral", "1": "positive"},
    {"0": "negative", "2": "neutral", "4": "positive"},
    {"1": "negative", "2": "negative", "3": "neutral", "4": "positive", "5": "positive"},
)


def label_meanings(sample: Sequence[Record], label: str, name: str) -> Mapping[str, str]:
    """What the values of a label column mean; words and the numbers that leave no doubt. Raises UserError."""
    if not label:
        return {}
    values = {str(v).strip().lower() for record in sample if not is_missing(v := value_of(record, label))}
    fitting = [meanings for meanings in _MEANINGS if values and values <= set(meanings)]
    if len(fitting) != 1:
        found = ", ".join(sorted(values)[:6]) or "nothing"
        raise UserError(
            f"{name}: the labels in column {label} ({found}) cannot be mapped to classes with certainty; write "
            "negative, neutral and positive, or use socialsent labels import FILE --map VALUE=CLASS,…"
        )
    return fitting[0]
