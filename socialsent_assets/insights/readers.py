"""The two readers that give a text its sentiment, and the columns of the marts that hold their answers.

Not here: which one leads a report (report_data.py), how they read (domain/language/, domain/learning/).
"""

from __future__ import annotations

from typing import NamedTuple


class Reader(NamedTuple):
    """Columns of one reader.

    Attributes:
        name: lexicon or champion.
        counted: number of texts that it read, in the agg_* marts.
        prefix: of its counts and shares there.
        mean: its mean polarity there.
        sentiment, polarity: its answer in the fct_* marts.
    """

    name: str
    counted: str
    prefix: str
    mean: str
    sentiment: str
    polarity: str


LEXICON = Reader("lexicon", "scored_count", "", "mean_polarity", "sentiment", "polarity")
CHAMPION = Reader(
    "champion",
    "predicted_count",
    "predicted_",
    "mean_predicted_polarity",
    "predicted_sentiment",
    "predicted_polarity",
)
READERS = {reader.name: reader for reader in (LEXICON, CHAMPION)}
