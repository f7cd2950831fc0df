"""The compiled tokenizer finds what text.py finds, token by token."""

import csv
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from socialsent_assets.domain.language import text
from socialsent_assets.domain.language.tokenizer import arrow, compiled, memo
from socialsent_assets.domain.language.tokenizer.arrow import compiled_token_column
from socialsent_assets.domain.language.tokenizer.column import token_column
from socialsent_assets.domain.language.tokenizer.tables import kinds, lowered
from tests.domain.hostile_texts import TEXTS, hostile_texts

FOLDER = os.environ.get("SOCIALSENT_LABELLED_POSTS")


def unbroken(texts):
    """The lake's texts: an Arrow column holds no half surrogate pairs, text.clean_text has replaced them."""
    return [each.encode("utf-8", "replace").decode() for each in texts]


def assert_same_tokens(texts):
    found = compiled_token_column(pa.array(texts, pa.string()))
    found.validate(full=True)
    expected = text.token_lists(texts)
    wrong = [i for i, one in enumerate(found.to_pylist()) if one != expected[i]]
    assert not wrong, [(texts[i], found[i].as_py(), expected[i]) for i in wrong[:5]]


class RawTokens(memo.TokenMemo):
    """What the grammar finds, as strings."""

    def __init__(self, **options):
        super().__init__(lowered(), **options)
        self.tokens = []

    def _learn(self, first, tokens):
        self.tokens[first:] = tokens

    def lists(self, texts):
        column = pa.array(texts, pa.large_string())
        _, offsets, data = column.buffers()
        bounds = np.frombuffer(offsets, np.int64)[: len(texts) + 1]
        found = []
        for part in self.read(np.frombuffer(data or b"", np.uint8).copy(), bounds.copy()):
            raw = [self.tokens[i] for i in part.ids]
            ends = [0, *part.ends.tolist()]
            rows = zip(part.left_over, ends, ends[1:], strict=False)
            found += [None if left_over else raw[a:b] for left_over, a, b in rows]
        return found


def assert_same_raw_tokens(texts):
    found = RawTokens(with_signs=True).lists(texts)
    for given_text, tokens in zip(texts, found, strict=True):
        if tokens is not None:
            assert tokens == text._TOKEN_OR_SIGN.findall(text._straight(given_text).lower()), given_text


@given(TEXTS)
@settings(max_examples=600)
def test_every_text_has_the_tokens_of_the_patterns(given_text):
    """Prevents a change of a pattern in text.py that the compiled grammar does not follow."""
    texts = unbroken([given_text])
    assert_same_tokens(texts)


def test_hostile_texts_have_the_same_tokens_with_and_without_signs():
    texts = unbroken(hostile_texts(1, 3_000))
    assert_same_tokens(texts)
    assert_same_raw_tokens(texts)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_two_hundred_thousand_hostile_texts_have_the_same_tokens(seed):
    texts = unbroken(hostile_texts(seed, 20_000))
    assert_same_tokens(texts)
    assert_same_raw_tokens(texts)


@pytest.mark.slow
@pytest.mark.skipif(not FOLDER, reason="SOCIALSENT_LABELLED_POSTS does not name a folder")
def test_real_posts_have_the_same_tokens():
    with (Path(FOLDER) / "train.csv").open(encoding="utf-8", newline="") as file:  # type: ignore[arg-type]
        texts = [text.clean_text(row["text"]) for row in csv.DictReader(file)]
    assert_same_tokens(texts)
    assert_same_raw_tokens(texts)


def test_only_characters_that_no_table_holds_are_left_over():
    """Prevents a script whose every post takes the slow path unnoticed."""
    texts = ["plain", "Ünïcödé ελληνικά", "素晴らしい 👍🏾", "ΣΑΣ", "İ", "𠮷", "x" * (compiled.LONGEST_ROW + 1)]
    left_over = [tokens is None for tokens in RawTokens(with_signs=True).lists(texts)]
    assert left_over == [False, False, False, True, True, True, True]


def test_a_full_memo_starts_again_and_finds_the_same(monkeypatch):
    """Prevents a feed with endless new words from ending in an error, or from mixing up numbers."""
    monkeypatch.setattr(memo, "LIMIT", 50)
    texts = [f"word{i} other{i} the #Tag{i}" for i in range(200)]
    assert RawTokens(with_signs=True).lists(texts) == [text._TOKEN_OR_SIGN.findall(each.lower()) for each in texts]


def test_tokens_that_were_read_hold_while_another_thread_makes_the_memo_start_again(monkeypatch):
    """Prevents token lists of other texts when two threads share a memo: they build lists without its lock."""
    monkeypatch.setattr(memo, "LIMIT", 50)
    tokens = arrow._ModelTokenMemo()
    columns = [pa.array([f"{name}{i} Running #Tag{i}" for i in range(200)], pa.large_string()) for name in "abc"]
    read = [tokens.read_all(*arrow.buffers_of(column), tokens.known) for column in columns]
    for column, parts in zip(columns, read, strict=True):
        assert len(parts) > 1  # it started again in the middle of a column, too
        found = [row for part, known in parts for row in arrow._lists(part, known, column).to_pylist()]
        assert found == text.token_lists(column.to_pylist())


def test_a_row_that_alone_fills_the_memo_is_left_over(monkeypatch):
    """Prevents an endless loop around a row with more tokens than a memo may hold."""
    monkeypatch.setattr(memo, "LIMIT", 50)
    many = " ".join(f"w{i}" for i in range(100))
    assert RawTokens(with_signs=True).lists(["a", many, "b"]) == [["a"], None, ["b"]]


def test_tokens_that_collide_cost_a_bounded_search():
    """Prevents hash flooding: words chosen to meet in one slot would make every look-up a walk over all of them."""
    tokens = RawTokens(with_signs=True)
    assert tokens.lists(["a"]) == [["a"]]
    tokens._store.slots.fill(0)  # every slot leads to "a"
    assert tokens.lists(["new words", "a"]) == [["new", "words"], ["a"]]
    assert tokens.size == 3


@pytest.mark.parametrize("repeat", [1, 1_000], ids=["plain", "compiled"])
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_a_column_with_missing_texts_has_lists_for_all(repeat, kind):
    texts = ["Not running", None, "", "the"] * repeat
    expected = [["not", "run"], [], [], []] * repeat
    assert token_column(pa.array(texts, kind)).to_pylist() == expected
    assert token_column(pa.chunked_array([pa.array(texts, kind)] * 2)).to_pylist() == expected * 2
    assert token_column(pa.array(["x", *texts], kind)[1:]).to_pylist() == expected


def test_an_empty_column_has_no_lists():
    assert compiled_token_column(pa.array([], pa.string())).to_pylist() == []
    assert compiled_token_column(pa.chunked_array([], pa.string())).to_pylist() == []


def test_the_tables_hold_every_character_of_the_patterns():
    """Prevents a picture, stop or quote beyond the tables, which would never be tokenized."""
    beyond = "".join(map(chr, range(compiled.CODE_POINTS, 0x110000)))
    assert not any(pattern in beyond for pattern in map(chr, text._STRAIGHT_QUOTE))
    assert len(kinds()) == len(lowered()) == compiled.CODE_POINTS
