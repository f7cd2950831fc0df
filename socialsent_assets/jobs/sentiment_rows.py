"""Rows of analytics/sentiment, a record batch at a time: what is computed from texts, and the counts kept about them.

Not here: how a text is scored or split into tokens (domain/language/), the classifier (champion.py), reading and
writing the tables (score.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from socialsent_assets.domain.language.vader.corrections import NO_CORRECTIONS, Corrections
from socialsent_assets.domain.readers import MOODS

if TYPE_CHECKING:
    import pyarrow as pa

    from socialsent_assets.jobs.champion import Champion

_POLARITY_UNITS = 10_000  # polarities have four decimals
_TOPICS = 50  # counted in a receipt, the most frequent first: a receipt stays small whatever the topics are


def sentiment_columns(
    rows: pa.RecordBatch, champion: Champion | None, corrections: Corrections = NO_CORRECTIONS
) -> Mapping[str, pa.Array]:
    """Columns computed from clean_text and lang: the lexicon's, and the champion's where there is one.

    A text in a language without a reader has nulls in all of them but its reason: it is unscored, not neutral.
    """
    import pyarrow as pa

    from socialsent_assets.domain.language.polarity import score_texts, scorer_version, unscored_reasons
    from socialsent_assets.domain.language.tokenizer.column import token_column

    texts, stated = rows.column("clean_text"), rows.column("lang")
    detected = _detected(texts, stated)
    reasons = unscored_reasons(_first_given(stated, detected))
    unscored = reasons.is_valid().to_numpy(zero_copy_only=False)
    scores = score_texts(texts, corrections=corrections)
    return {
        "detected_lang": detected,
        "tokens": token_column(texts),
        "polarity": pa.array(scores.polarity, mask=unscored),
        "pos": pa.array(scores.pos, mask=unscored),
        "neu": pa.array(scores.neu, mask=unscored),
        "neg": pa.array(scores.neg, mask=unscored),
        "sentiment": scores.sentiment_column(unscored),
        "unscored_reason": reasons,
        "scorer_version": pa.repeat(scorer_version(corrections), len(rows)),
        **(champion.columns(texts, ~unscored) if champion is not None else {}),
    }


def _detected(texts: pa.Array, stated: pa.Array) -> pa.Array:
    """Languages of the texts that state none; null where it is stated, or cannot be told from the letters."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from socialsent_assets.domain.language.detection import detect_language

    # Only other letters than ASCII can tell a language, so most texts never become Python strings.
    unknown = pc.and_(pc.invert(_is_given(stated)), pc.invert(pc.fill_null(pc.string_is_ascii(texts), True)))
    places = np.flatnonzero(unknown.to_numpy(zero_copy_only=False))
    found: list[str | None] = [detect_language(text) for text in texts.take(pa.array(places)).to_pylist()]
    answers = np.full(len(texts), -1, np.int64)
    answers[places] = np.arange(len(places))
    return pa.array(found, pa.string()).take(pa.array(answers, mask=answers < 0))


def _first_given(stated: pa.Array, detected: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    return pc.if_else(_is_given(stated), stated, detected)


def _is_given(langs: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    return pc.fill_null(pc.not_equal(langs, ""), False)


def sentiment_counts(rows: pa.RecordBatch) -> Mapping[str, int]:
    """Numbers to add up; whole ones, because sums of floats would depend on how the batches were cut."""
    import pyarrow.compute as pc

    moods, predicted, topics = (rows.column(name) for name in ("sentiment", "predicted_sentiment", "topic"))
    differs = pc.not_equal(predicted, moods)  # null where one of them is
    current = pc.and_(pc.is_valid(moods), pc.invert(pc.fill_null(rows.column("deleted"), False)))
    return {
        **_counted(moods, ""),
        **_counted(predicted, "predicted/"),
        "compared": len(differs) - differs.null_count,
        "disagreeing": pc.sum(differs).as_py() or 0,
        **_counted(rows.column("unscored_reason"), "unscored/"),
        **_counted(topics.filter(current), "topic_texts/"),
        **_counted(topics.filter(pc.and_(current, pc.equal(moods, "negative"))), "topic_negative/"),
        **_counted(topics.filter(pc.and_(current, pc.equal(predicted, "negative"))), "topic_predicted_negative/"),
        "polarity_sum": _units(rows.column("polarity")),
        "predicted_polarity_sum": _units(rows.column("predicted_polarity")),
    }


def _counted(values: pa.Array, prefix: str) -> dict[str, int]:
    """How often each value occurs, as `<prefix><value>`; null and empty ones left out."""
    import pyarrow.compute as pc

    found = pc.value_counts(values).to_pylist()
    return {prefix + pair["values"]: pair["counts"] for pair in found if pair["values"]}


def _units(values: pa.Array) -> int:
    units = np.rint(values.drop_null().to_numpy(zero_copy_only=False) * _POLARITY_UNITS)
    return int(units.astype(np.int64).sum())


def sentiment_measures(counted: Mapping[str, float]) -> dict[str, object]:
    """Measures of one hour from its summed counts; shares and means are over the rows that were scored.

    `scored_share`: scored rows of all rows. `disagreement`: share of the rows with both a score and a prediction
    in which they differ. Null in an hour that has none.
    """
    by_sentiment = {name: int(counted.get(name, 0)) for name in MOODS}
    by_prediction = {name: int(counted.get(f"predicted/{name}", 0)) for name in MOODS}
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
