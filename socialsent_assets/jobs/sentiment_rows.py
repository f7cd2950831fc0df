"""Rows of analytics/sentiment, a record batch at a time: what is computed from texts, and the counts kept about them.

Not here: how a text is scored or split into tokens (domain/language/), the classifier (champion.py), reading and
writing the tables (score.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from socialsent_assets.domain.language.vader.corrections import NO_CORRECTIONS, Corrections

if TYPE_CHECKING:
    import pyarrow as pa

    from socialsent_assets.jobs.champion import Champion

_POLARITY_UNITS = 10_000  # polarities have four decimals
_CLASSES = ("positive", "neutral", "negative")
_TOPICS = 50  # counted in a receipt, the most frequent first: a receipt stays small whatever the topics are


def sentiment_columns(
    rows: pa.RecordBatch, champion: Champion | None, corrections: Corrections = NO_CORRECTIONS
) -> Mapping[str, pa.Array]:
    """Columns computed from clean_text and lang: the lexicon's, and the champion's where there is one.

    A text in a language without a reader has nulls in all of them but its reason: it is unscored, not neutral.
    """
    import pyarrow as pa

    from socialsent_assets.domain.language.detection import detect_languages
    from socialsent_assets.domain.language.polarity import score_texts, scorer_version
    from socialsent_assets.domain.language.tokenizer.column import token_column

    texts, stated = rows.column("clean_text"), rows.column("lang").to_pylist()
    detected = detect_languages(texts.to_pylist(), stated)
    scores = score_texts(texts, [lang or found for lang, found in zip(stated, detected, strict=True)], corrections)
    unscored = np.isnan(scores.polarity)
    return {
        "detected_lang": pa.array(detected, pa.string()),
        "tokens": token_column(texts),
        "polarity": pa.array(scores.polarity, mask=unscored),
        "pos": pa.array(scores.pos, mask=unscored),
        "neu": pa.array(scores.neu, mask=unscored),
        "neg": pa.array(scores.neg, mask=unscored),
        "sentiment": pa.array(scores.sentiments(), pa.string(), mask=unscored),
        "unscored_reason": pa.array(scores.unscored_reason, pa.string()),
        "scorer_version": pa.repeat(scorer_version(corrections), len(rows)),
        **(champion.columns(texts, ~unscored) if champion is not None else {}),
    }


def sentiment_counts(rows: pa.RecordBatch) -> Mapping[str, int]:
    """Numbers to add up; whole ones, because sums of floats would depend on how the batches were cut."""
    lists = {name: rows.column(name).to_pylist() for name in _COUNTED}
    moods, predicted, unscored = lists["sentiment"], lists["predicted_sentiment"], lists["unscored_reason"]
    both = [(p, mood) for p, mood in zip(predicted, moods, strict=True) if p and mood]
    current = [
        (topic, mood, p)
        for topic, mood, p, deleted in zip(lists["topic"], moods, predicted, lists["deleted"], strict=True)
        if topic and mood and not deleted
    ]
    return {
        **Counter(mood for mood in moods if mood),
        **Counter(f"predicted/{answer}" for answer in predicted if answer),
        "compared": len(both),
        "disagreeing": sum(p != mood for p, mood in both),
        **Counter(f"unscored/{reason}" for reason in unscored if reason),
        **Counter(f"topic_texts/{topic}" for topic, _, _ in current),
        **Counter(f"topic_negative/{topic}" for topic, mood, _ in current if mood == "negative"),
        **Counter(f"topic_predicted_negative/{topic}" for topic, _, p in current if p == "negative"),
        "polarity_sum": _units(lists["polarity"]),
        "predicted_polarity_sum": _units(lists["predicted_polarity"]),
    }


_COUNTED = (
    *("sentiment", "predicted_sentiment", "unscored_reason", "topic", "deleted", "polarity", "predicted_polarity"),
)


def _units(values: list[float | None]) -> int:
    return sum(round(value * _POLARITY_UNITS) for value in values if value is not None)


def sentiment_measures(counted: Mapping[str, float]) -> dict[str, object]:
    """Measures of one hour from its summed counts; shares and means are over the rows that were scored.

    `scored_share`: scored rows of all rows. `disagreement`: share of the rows with both a score and a prediction
    in which they differ. Null in an hour that has none.
    """
    by_sentiment = {name: int(counted.get(name, 0)) for name in _CLASSES}
    by_prediction = {name: int(counted.get(f"predicted/{name}", 0)) for name in _CLASSES}
    scored, predicted = sum(by_sentiment.values()), sum(by_prediction.values())
    unscored = {key.partition("/")[2]: int(n) for key, n in counted.items() if key.startswith("unscored/")}
    rows = scored + sum(unscored.values())
    compared = counted.get("compared", 0)
    return {
        "rows_by_sentiment": by_sentiment,
        "share_by_sentiment": {name: count / scored if scored else None for name, count in by_sentiment.items()},
        "mean_polarity": counted["polarity_sum"] / _POLARITY_UNITS / scored if scored else None,
        "unscored_by_reason": unscored,
        "scored_share": scored / rows if rows else None,
        "rows_by_prediction": by_prediction,
        "share_by_prediction": {n: count / predicted if predicted else None for n, count in by_prediction.items()},
        "mean_predicted_polarity": (
            counted["predicted_polarity_sum"] / _POLARITY_UNITS / predicted if predicted else None
        ),
        "disagreement": counted["disagreeing"] / compared if compared else None,
        "moods_by_topic": _moods_by_topic(counted),
    }


def _moods_by_topic(counted: Mapping[str, float]) -> dict[str, dict[str, int]]:
    """Topic -> current texts that were scored, and how many are negative by lexicon and champion; frequent ones."""
    texts = {key.partition("/")[2]: int(n) for key, n in counted.items() if key.startswith("topic_texts/")}
    frequent = sorted(texts, key=lambda topic: (-texts[topic], topic))[:_TOPICS]
    return {
        topic: {
            "texts": texts[topic],
            "negative": int(counted.get(f"topic_negative/{topic}", 0)),
            "predicted_negative": int(counted.get(f"topic_predicted_negative/{topic}", 0)),
        }
        for topic in sorted(frequent)
    }
