"""Rows of a label file that can be learned from, and errors about wrong files."""

import numpy as np
import pytest

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.learning.labels import from_pairs, is_held_out, read_csv, same_text_key


@pytest.fixture
def csv_file(tmp_path):
    def write(content: str | bytes):
        path = tmp_path / "labels.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_labels_become_class_numbers_whatever_their_case_and_column_order(csv_file):
    posts = read_csv(csv_file('id,label,text\n1,Positive,good\n2, negative ,bad\n3,NEUTRAL,"a, b\nc"\n'))
    assert posts.texts == ["good", "bad", "a, b\nc"]
    assert posts.labels.tolist() == [2, 0, 1]
    assert posts.counts() == {"negative": 1, "neutral": 1, "positive": 1}


def test_a_byte_order_mark_is_not_part_of_the_first_column(csv_file):
    assert len(read_csv(csv_file("\ufefftext,label\na,neutral\n"))) == 1


def test_the_same_text_counts_once():
    """Prevents a repost from being on both sides of a split, which inflates the metrics."""
    posts = from_pairs(["So good!! @ann", "so GOOD @bob https://t.co/x", "bad"], ["positive", "positive", "negative"])
    assert posts.texts == ["So good!! @ann", "bad"]
    assert (posts.duplicates, posts.conflicting) == (1, 0)


def test_a_text_with_two_labels_teaches_nothing():
    """Prevents the label from depending on the order of rows."""
    rows = [("fine", "positive"), ("Fine!", "negative"), ("ok", "neutral"), ("fine", "positive")]
    for order in (rows, rows[::-1]):
        posts = from_pairs(*zip(*order, strict=True))  # type: ignore[arg-type]
        assert (posts.texts, posts.conflicting, posts.duplicates) == (["ok"], 3, 0)


def test_emoji_alone_are_different_texts():
    assert same_text_key("😀") != same_text_key("😢") != ""


def test_held_out_texts_are_kept_out_of_training():
    train = from_pairs(["good", "bad", "so so"], ["positive", "negative", "neutral"])
    held_out = from_pairs(["BAD!"], ["negative"])
    left = train.without(held_out)
    assert left.texts == ["good", "so so"]
    assert np.array_equal(left.labels, [2, 1])


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("text,label\nfine,happy\n", "row 1: unknown label 'happy'. Use one of: negative, neutral, positive"),
        ("text,label\nfine,\n", "row 1: unknown label ''"),
        ("text,label\nfine\n", "row 1: has no label"),
        ("tweet,label\nfine,neutral\n", "no column text (found: tweet, label)"),
        ("text;label\nfine;neutral\n", "no column text and label (found: text;label)"),
        ("text,text,label\na,b,neutral\n", "two columns named text"),
        ("", "no column text and label (found: nothing)"),
        (b"text,label\ncaf\xe9,neutral\n", "not UTF-8"),
    ],
)
def test_a_wrong_file_is_told_what_is_wrong_with_it(csv_file, content, complaint):
    with pytest.raises(UserError, match=complaint.replace("(", r"\(").replace(")", r"\)")):
        read_csv(csv_file(content))


def test_a_missing_file_is_an_input_error(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        read_csv(tmp_path / "none.csv")


def test_a_post_of_a_megabyte_is_read(csv_file):
    assert len(read_csv(csv_file("text,label\n" + "a" * 1_000_000 + ",neutral\n")).texts[0]) == 1_000_000


def test_an_author_stays_on_one_side_from_one_training_to_the_next():
    """Prevents an author's habits, or yesterday's training posts, from flattering today's metrics."""
    sides = [is_held_out(f"author-{n}") for n in range(4000)]
    assert sides == [is_held_out(f"author-{n}") for n in range(4000)]
    assert 0.13 < sum(sides) / len(sides) < 0.17
    assert [n for n in range(30) if sides[n]] == [2, 16, 27]  # stored: another rule would move authors across
