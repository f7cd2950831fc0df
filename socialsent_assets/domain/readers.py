"""The two readers that give a text its sentiment, and the columns of the marts that hold their answers.

The report, the dashboard and QuickSight's sheets (infra/stacks/dashboards.py) count by these columns, so that one
number has one definition.

Not here: which one leads a report (insights/report_data.py), how they read (language/, learning/).
"""

from __future__ import annotations

from typing import NamedTuple

MOODS = ("positive", "neutral", "negative")


class Reader(NamedTuple):
    """Columns of one reader.

    Attributes:
        name: lexicon or champion.
        counted: number of texts that it read, in the agg_* marts.
        prefix: of its counts and shares there.
        mean: its mean polarity there.
        sentiment, polarity: its answer in the fct_* marts; polarity has four decimals.
    """

    name: str
    counted: str
    prefix: str
    mean: str
    sentiment: str
    polarity: str

    @property
    def mood_counts(self) -> tuple[str, ...]:
        """Columns of the agg_* marts that count its texts by mood, as in `MOODS`; they add up over any rows."""
        return tuple(f"{self.prefix}{mood}_count" for mood in MOODS)


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
