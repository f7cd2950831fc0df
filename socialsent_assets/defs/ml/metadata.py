"""Metadata of models for the Dagster UI: figures beside their baselines, tables and pictures.

Not here: the figures themselves (domain/learning/), metadata of tables and hours (defs/metadata.py).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import dagster as dg

from socialsent_assets.domain.learning.card_page import PAGE
from socialsent_assets.domain.learning.model_card import ModelCard
from socialsent_assets.ml.train import NextWords


def classifier_metadata(card: ModelCard, files: Mapping[str, bytes]) -> dict[str, Any]:
    """Numbers to plot, each baseline's too, with the pictures and the whole card."""
    from socialsent_assets.insights.figure import png
    from socialsent_assets.insights.model_charts import model_charts

    found = card.metrics
    pictures = {
        chart.name: dg.MetadataValue.md(
            f"![{chart.alt}](data:image/png;base64,{base64.b64encode(png(chart)).decode('ascii')})"
        )
        for chart in model_charts(card)
    }
    return {
        "headline": card.headline,
        "labels by": "the lexicon: WEAK LABELS" if card.is_weak else "people",
        "training posts": card.data["training_posts"],
        "held-out posts": found["posts"],
        **{name: found[name]["value"] for name in ("macro_recall", "macro_f1", "accuracy")},
        **{f"macro_recall/{name}": other["macro_recall"]["value"] for name, other in card.baselines.items()},
        "calibration error": found["calibration_error"],
        **pictures,
        "card": dg.MetadataValue.md(files[PAGE].decode()),
    }


def next_words_metadata(made: NextWords) -> dict[str, Any]:
    """Size, perplexity beside both add-one baselines, what sets sentiments apart, and likely next words."""
    card = made.candidate.card
    found = card.metrics
    return {
        "headline": card.headline,
        "training tokens": card.data["training_tokens"],
        "vocabulary": card.data["vocabulary"],
        "words left out for few authors": card.data["words_left_out_for_few_authors"],
        "bigrams": card.data["bigrams"],
        "held-out tokens": found["tokens"],
        "perplexity": found["value"],
        "perplexity/add-one unigrams": found["laplace_unigram"],
        "perplexity/add-one bigrams": found["laplace_bigram"],
        "typical bigrams": dg.MetadataValue.md(_typical(made)),
        "next words": dg.MetadataValue.md(_examples(made)),
        "card": dg.MetadataValue.md(made.candidate.files[PAGE].decode()),
    }


def _typical(made: NextWords) -> str:
    rows = [
        f"| {sentiment} | {_cell(f'{pair.first} {pair.second}')} | {pair.times} | {pair.z:.1f} |"
        for sentiment, pairs in made.typical.items()
        for pair in pairs
    ]
    return "\n".join(["| sentiment | bigram | times | z |", "|---|---|---|---|", *rows])


def _examples(made: NextWords) -> str:
    rows = [
        f"| {_cell(word) or '(start of a post)'} | "
        f"{_cell(', '.join(f'{following} {100 * p:.1f} %' for following, p in found))} |"
        for word, found in made.examples.items()
    ]
    return "\n".join(["| after | likely next words |", "|---|---|", *rows])


def _cell(text: str) -> str:
    """People's words in a Markdown table: no column, and no markup, may begin in them."""
    return "".join(f"\\{sign}" if sign in "\\|`*_[]<>" else sign for sign in text)
