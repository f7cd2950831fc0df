"""Posts per second of our scorer and of the scorers that people would use instead, in one run.

    python benchmarks/scoring.py [--posts N] [--rounds N] [--spark]

Every contender scores the same chunk once before the next chunk, so that a busy machine slows all of them
alike; what counts is CPU time of this one thread, and the ratio of two times for the same chunk. Texts are
real posts when SOCIALSENT_LABELLED_POSTS names a folder of CSV files with a `text` column, else generated.

Where our time goes, by leaving parts out (2 cores, busy, 106 bytes a post): 0.75 microseconds, of which walking and
hashing the bytes takes 0.48, looking words up 0.21, the rules 0.06. A hundred times the reference needs half of that.

Not here: whether the scores are right (tests/domain/language/test_polarity.py).
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from socialsent_assets.domain.language import polarity
from socialsent_assets.domain.language.vader import reference as vader_rules
from socialsent_assets.domain.language.vader.lexicon import BOOSTERS, NEGATIONS, emoji_descriptions, valences

CHUNK = 8_000  # about what Spark hands to a Python worker at a time
REFERENCE = "vaderSentiment 3.3.2"
OURS = "ours, batch from Arrow"  # what the pipeline does: a batch is an Arrow column
OURS_FROM_LIST = "ours, batch from a list"


class Chunk(NamedTuple):
    """The same posts as Python strings and as an Arrow column."""

    texts: list[str]
    column: pa.Array


Contender = Callable[[Chunk], object]


def main() -> None:
    """Parses the options, runs, prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--posts", type=int, default=24_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--spark", action="store_true", help="also inside Spark, by mapInArrow on one core")
    options = parser.parse_args()
    posts, source = corpus(options.posts)
    print(f"{len(posts)} {source}, {statistics.mean(map(len, posts)):.0f} characters each; chunks of {CHUNK}, "
          f"{options.rounds} rounds; CPU time of one thread")  # fmt: skip
    seconds = measure(contenders(), posts, options.rounds)
    report(seconds)
    compare(posts)
    if options.spark:
        report_spark(posts)


# ------------------------------------------------------------------------------------------------- texts


def corpus(count: int) -> tuple[list[str], str]:
    """Up to `count` posts, in whole chunks, and what they are."""
    folder = os.environ.get("SOCIALSENT_LABELLED_POSTS")
    posts = real_posts(Path(folder)) if folder else generated_posts(count)
    whole_chunks = max(min(count, len(posts)) // CHUNK, 1)
    return posts[: whole_chunks * CHUNK], "real posts" if folder else "generated posts"


def real_posts(folder: Path) -> list[str]:
    """The `text` column of every CSV file in a folder."""
    posts = []
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            posts += [row["text"] for row in csv.DictReader(file)]
    return posts


def generated_posts(count: int, seed: int = 7) -> list[str]:
    """Posts of 8 to 22 words: common words, some of the lexicon, boosters, negations, emoji, punctuation."""
    rng = random.Random(seed)
    common = [
        "the",
        "a",
        "to",
        "and",
        "of",
        "in",
        "is",
        "it",
        "you",
        "my",
        "for",
        "on",
        "at",
        "tomorrow",
        "day",
        "see",
    ]
    kinds = [common, *map(sorted, (valences(), BOOSTERS, NEGATIONS, emoji_descriptions())), ["!", "?", "...", ","]]
    return [
        " ".join(rng.choice(kind) for kind in rng.choices(kinds, [80, 10, 3, 2, 1, 4], k=rng.randint(8, 22)))
        for _ in range(count)
    ]


# -------------------------------------------------------------------------------------------- contenders


def contenders() -> dict[str, Contender]:
    """Name -> a function that scores a chunk."""
    return {
        REFERENCE: each(vader_sentiment()),
        "nltk VADER": each(nltk_vader()),
        "TextBlob": each(textblob()),
        "ours, one by one": each(polarity.score_text),
        "ours, without numba": each(vader_rules.score),
        OURS_FROM_LIST: lambda chunk: polarity.score_texts(chunk.texts),
        OURS: lambda chunk: polarity.score_texts(chunk.column),
    }


def each(score: Callable[[str], object]) -> Contender:
    """A contender that scores texts one by one."""
    return lambda chunk: [score(text) for text in chunk.texts]


def vader_sentiment() -> Callable[[str], object]:
    """The reference."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    score: Callable[[str], object] = SentimentIntensityAnalyzer().polarity_scores
    return score


def nltk_vader() -> Callable[[str], object]:
    """nltk's port, with the lexicon that we ship instead of its download."""
    import nltk
    from nltk.sentiment.vader import SentimentIntensityAnalyzer

    folder = resources.files(polarity.__package__).joinpath("lexicon")
    with resources.as_file(folder) as path:
        nltk.data.path.insert(0, str(path))  # nltk reads from its data folders alone
        score: Callable[[str], object] = SentimentIntensityAnalyzer(lexicon_file="vader_lexicon.txt").polarity_scores
        return score


def textblob() -> Callable[[str], object]:
    """TextBlob's default analyzer, which needs no corpus."""
    from textblob import TextBlob

    return lambda text: TextBlob(text).sentiment


# --------------------------------------------------------------------------------------------- measuring


def measure(scorers: dict[str, Contender], posts: list[str], rounds: int) -> dict[str, list[float]]:
    """CPU seconds per chunk of each contender, chunks of all rounds in order, after one chunk of warm-up."""
    parts = [posts[start : start + CHUNK] for start in range(0, len(posts), CHUNK)]
    chunks = [Chunk(texts, pa.array(texts, pa.large_string())) for texts in parts]
    for scorer in scorers.values():
        scorer(chunks[0])
    seconds: dict[str, list[float]] = {name: [] for name in scorers}
    for _ in range(rounds):
        for chunk in chunks:
            for name, scorer in scorers.items():
                start = time.thread_time()
                scorer(chunk)
                seconds[name].append(time.thread_time() - start)
    return seconds


def report(seconds: dict[str, list[float]]) -> None:
    """The table, and the line that other tools read."""
    print(f"{'scorer':26s} {'posts/s':>10s} {'ratio':>7s}  [p10-p90]")
    for name, times in seconds.items():
        ratios = [reference / own for reference, own in zip(seconds[REFERENCE], times, strict=True)]
        low, *_, high = statistics.quantiles(ratios, n=10) if len(ratios) > 1 else ratios * 2
        print(f"{name:26s} {CHUNK / statistics.median(times):10,.0f} {statistics.median(ratios):7.2f}  "
              f"[{low:.2f}-{high:.2f}]")  # fmt: skip
    for name, label in ((OURS, ""), (OURS_FROM_LIST, ", given a Python list")):
        ratio = statistics.median(r / o for r, o in zip(seconds[REFERENCE], seconds[name], strict=True))
        print(f"scoring ratio vs vaderSentiment{label}: {ratio:.1f}")


def compare(posts: list[str]) -> None:
    """How many posts our batch scores otherwise than the reference: none on Python 3.11."""
    found = polarity.score_texts(pa.array(posts, pa.large_string()))
    ours = zip(found.polarity.tolist(), found.pos.tolist(), found.neu.tolist(), found.neg.tolist(), strict=True)
    score = vader_sentiment()
    names = ("compound", "pos", "neu", "neg")
    different = sum(
        tuple(theirs[name] for name in names) != own  # type: ignore[index]
        for own, theirs in zip(ours, map(score, posts), strict=True)
    )
    print(f"scores that differ from {REFERENCE}: in {different:,} of {len(posts):,} posts")


# ------------------------------------------------------------------------------------------- inside Spark


def report_spark(posts: list[str]) -> None:
    """The same scorers in a Spark Python worker: CPU seconds of the worker, Arrow transport included."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "10000")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    frame = spark.createDataFrame([(post,) for post in posts], "text string").repartition(1).cache()
    frame.count()
    cpu: dict[str, list[float]] = {}
    for _ in range(3):
        for name, score in {REFERENCE: score_batches_by_reference, "ours, batch": score_batches}.items():
            scored = frame.mapInArrow(score, "polarity double, seconds double").agg({"seconds": "max"}).collect()
            cpu.setdefault(name, []).append(scored[0][0])
    spark.stop()
    print(f"inside Spark, one core, mapInArrow, {len(posts)} posts (the first run of three is warm-up)")
    for name, runs in cpu.items():
        best = min(runs[1:])
        print(f"{name:26s} {len(posts) / best:10,.0f} {min(cpu[REFERENCE][1:]) / best:7.2f}")


def score_batches(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
    """polarity by our scorer, and the worker's CPU seconds so far."""
    start = time.process_time()
    for batch in batches:
        scores = polarity.score_texts(batch.column(0)).polarity
        yield _scored(pa.array(scores), start)


def score_batches_by_reference(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
    """polarity by vaderSentiment, and the worker's CPU seconds so far."""
    score = vader_sentiment()
    start = time.process_time()
    for batch in batches:
        found = [score(text)["compound"] for text in batch.column(0).to_pylist()]  # type: ignore[index]
        yield _scored(pa.array(found), start)


def _scored(scores: pa.Array, start: float) -> pa.RecordBatch:
    seconds = pa.array([time.process_time() - start] * len(scores))
    return pa.RecordBatch.from_arrays([scores, seconds], ["polarity", "seconds"])


if __name__ == "__main__":
    main()
