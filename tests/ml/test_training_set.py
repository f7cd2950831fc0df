"""Training set of the classifier: human labels joined to texts, and the lexicon's where there are too few."""

from __future__ import annotations

from socialsent_assets.domain.learning.labels import HUMAN, WEAK, is_held_out, same_text_key
from socialsent_assets.lake.lake import Lake
from socialsent_assets.ml.corpus import read_corpus
from socialsent_assets.ml.training_set import human_labels, labelled_lake
from tests.graph.graph_lake import post_row
from tests.model_lake import AT, filled, invented, label_of, put_labels, put_posts


def texts_of(found) -> set[str]:
    return {*found.posts.texts, *found.held_out.texts}


def test_a_label_by_id_alone_finds_its_text(lake: Lake) -> None:
    """Prevents imported `text_id,label` files from teaching nothing."""
    put_posts(lake, [post_row(1, AT, clean_text="well well")])
    put_labels(lake, [{"text_id": "p1", "label": "neutral"}, {"text_id": "p404", "label": "neutral"}])
    found = human_labels(lake)
    assert texts_of(found) == {"well well"}
    assert found.left_out == {"text not in the lake": 1}


def test_a_deleted_post_teaches_nothing_even_where_the_label_repeats_its_text(lake: Lake) -> None:
    """Prevents a deleted text from surviving in a model."""
    put_posts(lake, [post_row(1, AT, deleted=True, clean_text="", text=None)])
    put_labels(lake, [{"text_id": "p1", "text": "forget me", "label": "negative"}])
    found = human_labels(lake)
    assert texts_of(found) == set()
    assert found.left_out == {"deleted since": 1}


def test_lines_and_files_that_are_no_labels_are_counted_not_guessed(lake: Lake) -> None:
    """Prevents one broken line from stopping every training, or from becoming a label."""
    good = {"text": "fine words", "label": "positive"}
    put_labels(lake, [good, "{broken", '{"label": "meh", "text": "x"}', '{"label": "neutral"}', "[]"])
    lake.landing.write("labels/broken.jsonl.gz", b"\x1f\x8b cut")
    found = human_labels(lake)
    assert texts_of(found) == {"fine words"}
    assert found.left_out == {"lines that are no label": 4, "unreadable label files": 1}


def test_no_author_and_no_text_stands_on_both_sides(lake: Lake) -> None:
    """Prevents metrics that measure memory of a person's turns of phrase."""
    rows = invented(320)
    copies = [
        {**row, "post_id": f"copy-{row['post_id']}", "text": row["text"].upper(), "author_id": "parrot"}
        for row in rows
    ]
    put_posts(lake, [*rows, *({**row, "event_id": row["post_id"]} for row in copies)])
    put_labels(lake, map(label_of, [*rows, *copies]))
    found = human_labels(lake)
    author = {row["text"]: row["author_id"] for row in [*rows, *copies]}
    learned, measured = ({author[text] for text in part.texts} for part in (found.posts, found.held_out))
    assert learned
    assert measured
    assert not learned & measured
    keys = [{same_text_key(text) for text in part.texts} for part in (found.posts, found.held_out)]
    assert not keys[0] & keys[1]
    assert found.posts.duplicates == 320


def test_an_author_who_is_held_out_of_many_labels_was_held_out_of_few() -> None:
    """Prevents a champion of few labels from being measured later on authors that it learned from."""
    authors = [f"u{number}" for number in range(2000)]
    assert {a for a in authors if is_held_out(a, 0.15)} < {a for a in authors if is_held_out(a, 0.25)}


def test_too_few_people_hand_over_to_the_lexicon_and_it_says_so(lake: Lake) -> None:
    """Prevents numbers of the lexicon's own labels that look like people's."""
    moods = ("I love this great song", "awful terrible hate", "a street and a station")
    rows = [post_row(n, AT, author_id=f"u{n % 40}", clean_text=f"{moods[n % 3]} {n}") for n in range(300)]
    put_posts(lake, [*rows, post_row(301, AT, clean_text="love love love", lang="de")])
    put_labels(lake, [{"text": "one", "label": "positive"}])
    found = labelled_lake(lake, read_corpus(lake))
    assert (found.source, found.shortage) == (WEAK, "")
    assert found.left_out == {"too few human labels": 1}
    assert "love love love" not in texts_of(found)


def test_enough_people_are_never_mixed_with_the_lexicon(lake: Lake) -> None:
    found = labelled_lake(filled(lake), read_corpus(lake))
    assert (found.source, found.shortage) == (HUMAN, "")
    assert len(texts_of(found)) == 320


def test_a_shortage_says_of_what(lake: Lake) -> None:
    """Prevents an error of the training without a next step."""
    put_labels(lake, [{"text": f"text {n}", "label": "positive"} for n in range(90)])
    assert "0 negative posts to learn from (at least 10)" in human_labels(lake).shortage
