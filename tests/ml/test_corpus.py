"""The training corpus: which version counts, what is left out, and how a large lake is bounded."""

from __future__ import annotations

from datetime import timedelta

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import COMMENTS, DELETIONS, MODERATION_LABELS
from socialsent_assets.lake.lake import Lake
from socialsent_assets.ml.corpus import current_texts, read_corpus
from tests.built_lake import build_table
from tests.graph.graph_lake import post_row
from tests.model_lake import AT, invented, put_posts

LATER = EventHour.from_key("2026-11-22-09:00")


def test_only_the_latest_version_of_a_current_text_is_learned_from(lake: Lake) -> None:
    """Prevents models that keep what people corrected or deleted."""
    first = [post_row(n, AT, clean_text=f"first {n}") for n in range(3)]
    later = {"event_id": "e-a", "event_time": AT.start + timedelta(minutes=1)}
    put_posts(lake, [*first, post_row(0, AT, clean_text="second 0", **later)])
    put_posts(lake, [post_row(1, LATER, clean_text="", text=None, author_id=None, deleted=True)], LATER)
    build_table(lake, COMMENTS, LATER, [post_row(9, LATER, comment_id="c9", clean_text="a reply", lang="de")])
    found = read_corpus(lake)
    assert found.texts == ["a reply", "second 0", "first 2"]
    assert (found.langs, found.authors) == (["de", None, None], ["ann"] * 3)
    assert (found.versions, found.first, found.last) == (6, AT, LATER)


def test_what_a_network_took_back_is_not_learned_from(lake: Lake) -> None:
    """Prevents models that keep the words of a deleted reply, or of an account that is gone."""
    put_posts(
        lake,
        [
            post_row(1, AT, clean_text="kept"),
            post_row(2, AT, clean_text="of cat", author_id="cat"),
            post_row(4, AT, clean_text="taken down"),
            post_row(5, AT, clean_text="shown again"),
        ],
    )
    build_table(lake, COMMENTS, AT, [post_row(3, AT, comment_id="c3", clean_text="a reply", author_id="bob")])
    plain = {"event_time": AT.start, "source": "s", "restored": False}
    gone = [("d1", "c3", None), ("d2", "cat", "user"), ("d3", "p1", "interaction")]
    rows = [{**plain, "event_id": one, "subject_id": subject, "subject_kind": kind} for one, subject, kind in gone]
    build_table(lake, DELETIONS, AT, rows)
    said = [
        ("l1", "p4", "!hide", False),
        ("l2", "p5", "!hide", False),
        ("l3", "p5", "!hide", True),
        ("l4", "p1", "spam", False),
    ]
    rows = [
        {"event_id": one, "event_time": AT.start, "source": "s", "subject_id": subject, "subject_kind": "post",
         "labeler_id": "m", "label_value": value, "withdrawn": withdrawn}
        for one, subject, value, withdrawn in said
    ]  # fmt: skip
    build_table(lake, MODERATION_LABELS, AT, rows)
    assert sorted(read_corpus(lake).texts) == ["kept", "shown again"]
    assert current_texts(lake, ["c3"])["c3"].is_deleted


def test_a_large_lake_gives_the_same_share_each_time_whole_texts_only(lake: Lake) -> None:
    """Prevents memory that grows with the history, and an edit without its original, or the other way round."""
    rows = invented(400)
    edits = [
        {**row, "event_id": f"{row['event_id']}b", "event_time": LATER.start, "clean_text": f"edited {row['text']}"}
        for row in rows
    ]
    put_posts(lake, rows)
    put_posts(lake, edits, LATER)
    found = read_corpus(lake, most=200)
    assert 60 < len(found) < 140
    assert found.share == 0.25
    assert all(text.startswith("edited") for text in found.texts)
    assert read_corpus(lake, most=200).texts == found.texts
    assert set(found.texts) < set(read_corpus(lake, most=400).texts)


def test_an_empty_lake_is_an_empty_corpus(lake: Lake) -> None:
    found = read_corpus(lake)
    assert (found.texts, found.first, found.as_card_data()["window"]) == ([], None, "none")
    assert current_texts(lake, ["p1"]) == {}


def test_texts_are_found_by_id_posts_and_comments_alike(lake: Lake) -> None:
    put_posts(lake, [post_row(1, AT, clean_text="a post"), post_row(2, AT, deleted=True, clean_text="")])
    build_table(lake, COMMENTS, AT, [post_row(3, AT, comment_id="c3", clean_text="a reply", author_id="bob")])
    found = current_texts(lake, ["p1", "p2", "c3", "unknown"])
    assert {key: (text.clean_text, text.author_id, text.is_deleted) for key, text in found.items()} == {
        "p1": ("a post", "ann", False),
        "p2": ("", "ann", True),
        "c3": ("a reply", "bob", False),
    }
