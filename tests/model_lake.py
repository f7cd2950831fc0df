"""A lake for training, made without Spark: cleansed posts of many authors, and labels of some.

Moods show in words that the lexicon does not hold, so a classifier can know more than the lexicon.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.learning.candidates import Candidate
from socialsent_assets.domain.tables import POSTS
from socialsent_assets.lake.builds import Receipt
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.staleness import cleanse_code_version
from socialsent_assets.ml.corpus import read_corpus
from socialsent_assets.ml.train import train_classifier
from socialsent_assets.ml.training_set import labelled_lake
from tests.built_lake import keep_receipts, write_table
from tests.graph.graph_lake import post_row

AT = EventHour.from_key("2026-11-22-08:00")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MOODS = {
    "negative": ["blurgh", "grotty", "naff", "yucko"],
    "neutral": ["station", "monday", "report", "street"],
    "positive": ["zingy", "corking", "belter", "spiffo"],
}
PHRASES = ["we went to the city today", "they met us in the hall", "it is about the food", "a game of two halves"]


def invented(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Rows of cleansed/posts with a `mood` of their own; forty authors."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        mood = rng.choice(list(MOODS))
        text = " ".join([rng.choice(PHRASES), *rng.choices(MOODS[mood], k=3), f"n{number}s{seed}"])
        changes = {"post_id": f"p{seed}-{number}", "event_id": f"e{seed}-{number}", "author_id": f"u{number % 40}"}
        rows.append({**post_row(number, AT, text=text, clean_text=text, **changes), "mood": mood})
    return rows


def put_posts(lake: Lake, rows: Iterable[Mapping[str, Any]], at: EventHour = AT) -> None:
    """The rows as one finished cleansed hour."""
    kept = [{name: value for name, value in row.items() if name != "mood"} for row in rows]
    write_table(lake, POSTS, at, kept)
    receipt = Receipt(
        job="cleanse",
        hour=at,
        input_version="any",
        output_version="any",
        code_version=cleanse_code_version(),
        counts=Counts(len(kept), len(kept), 0, 0),
        rows={POSTS.name: len(kept)},
    )
    keep_receipts(lake, [receipt])


def put_labels(lake: Lake, labels: Iterable[Mapping[str, Any] | str], name: str = "people") -> None:
    """Lines of one label file; strings go as they are."""
    lines = [label if isinstance(label, str) else json.dumps(label) for label in labels]
    lake.landing.write(f"labels/{name}.jsonl.gz", gzip.compress("\n".join(lines).encode() + b"\n", mtime=0))


def label_of(row: Mapping[str, Any]) -> dict[str, str]:
    """The correct label of a row of `invented`."""
    return {"text_id": row["post_id"], "text": row["text"], "label": row["mood"], "annotator": "a"}


def filled(lake: Lake, count: int = 320) -> Lake:
    """A lake with `count` labelled posts."""
    rows = invented(count)
    put_posts(lake, rows)
    put_labels(lake, map(label_of, rows))
    return lake


def candidate(lake: Lake) -> Candidate:
    """A classifier trained on the lake, not kept anywhere."""
    corpus = read_corpus(lake)
    return train_classifier(lake, corpus, labelled_lake(lake, corpus), NOW, lambda _: None)
