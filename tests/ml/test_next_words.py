"""The next-word model of a lake: which words may be in it."""

from __future__ import annotations

from itertools import cycle, islice

import pytest

from socialsent_assets.lake.lake import Lake
from socialsent_assets.ml.corpus import read_corpus
from socialsent_assets.ml.train import TooLittleToLearnError, train_next_words
from tests.graph.graph_lake import post_row
from tests.model_lake import AT, NOW, put_posts


def a_lake_of(lake: Lake, authors: int) -> Lake:
    """Every author writes of the rain; the first two of a person whom nobody else names."""
    rows = []
    for number, author in enumerate(islice(cycle(range(authors)), 200)):
        text = f"zebulon loves the rain of day {number}" if author < 2 else f"we love the rain of day {number}"
        rows.append(post_row(number, AT, text=text, clean_text=text, author_id=f"u{author}"))
    put_posts(lake, rows)
    return lake


def test_a_name_that_two_people_wrote_is_in_no_model_and_no_example(lake: Lake) -> None:
    """Prevents a person who is remembered by a model although every text of theirs was erased."""
    made = train_next_words(read_corpus(a_lake_of(lake, 20)), NOW)
    assert "rain" in made.model.ids
    assert "zebulon" not in made.model.ids
    assert b"zebulon" not in b"".join(made.candidate.files.values())
    assert not [pair for pairs in made.typical.values() for pair in pairs if "zebulon" in pair]
    card = made.candidate.card
    assert card.choice["words_of_authors_at_least"] == 3
    assert card.data["words_left_out_for_few_authors"] == made.model.few_authors_words > 0
    known = train_next_words(read_corpus(lake), NOW, min_authors=1)
    assert "zebulon" in known.model.ids


def test_texts_of_too_few_people_make_no_model(lake: Lake) -> None:
    """Prevents a model without one word, which is proud of its perplexity."""
    corpus = read_corpus(a_lake_of(lake, 20))
    with pytest.raises(TooLittleToLearnError, match="no word was written by 900 people"):
        train_next_words(corpus, NOW, min_authors=900)
