"""Polarity is the reference's, bit for bit, by whichever path and on whichever interpreter."""

import csv
import json
import math
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socialsent_assets.domain.language import polarity
from socialsent_assets.domain.language.polarity import (
    LANGUAGE_NOT_SUPPORTED,
    is_scorable,
    score_text,
    score_texts,
    sentiment_of,
)
from socialsent_assets.domain.language.text import clean_text
from socialsent_assets.domain.language.vader import arrow as vader_columns
from socialsent_assets.domain.language.vader import reference as vader_rules
from socialsent_assets.domain.language.vader.lexicon import (
    BOOSTERS,
    IDIOMS,
    NEGATIONS,
    emoji_descriptions,
    valences,
)

GOLDEN = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "golden" / "polarity.jsonl").read_text("utf-8").splitlines()
]
REFERENCE_SUMS = pytest.mark.skipif(
    sys.version_info >= (3, 12),
    reason="the reference's own sums changed in Python 3.12; golden scores stand in for it",
)


def bits(rows):
    """Scores as bytes, so that 0.0 differs from -0.0 and nothing is rounded away."""
    return [np.array(row, np.float64).tobytes() for row in rows]


def by_rules(posts):
    return [vader_rules.score(post) for post in posts]


def by_columns(posts):
    return vader_columns.score_column(posts).tolist()


@pytest.fixture(scope="module")
def by_reference():
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    polarity_scores = SentimentIntensityAnalyzer().polarity_scores

    def score(posts):
        found = map(polarity_scores, posts)
        return [(scores["compound"], scores["pos"], scores["neu"], scores["neg"]) for scores in found]

    return score


def assert_same(posts, scores, expected):
    wrong = [i for i, (one, other) in enumerate(zip(bits(scores), bits(expected), strict=True)) if one != other]
    shown = [(posts[i][:200], scores[i], expected[i]) for i in wrong[:5]]
    assert not wrong, f"{len(wrong)} of {len(posts)} differ, such as {shown}"


# ------------------------------------------------------------------------------ equal to the reference


@pytest.mark.parametrize("score", [by_rules, by_columns])
def test_posts_score_what_was_stored(score):
    """Prevents a changed rule, lexicon or sum on any interpreter (the stored scores are those of Python 3.11)."""
    posts = [case["text"] for case in GOLDEN]
    assert_same(posts, score(posts), [[case[key] for key in ("compound", "pos", "neu", "neg")] for case in GOLDEN])


@REFERENCE_SUMS
def test_the_stored_scores_are_the_references_own(by_reference):
    posts = [case["text"] for case in GOLDEN]
    stored = [[case[key] for key in ("compound", "pos", "neu", "neg")] for case in GOLDEN]
    assert_same(posts, stored, by_reference(posts))


def test_stored_posts_include_sums_that_python_3_12_would_change():
    """Prevents losing the only posts that distinguish left-to-right sums from compensated ones."""

    def compensated(text):
        return math.fsum(valences().get(word.strip("!").lower(), 0.0) for word in text.split())

    cancelling = [case for case in GOLDEN if case["kind"] == "sums that cancel"]
    assert len(cancelling) >= 5
    assert all((compensated(case["text"]) != 0.0) != (case["compound"] != 0.0) for case in cancelling)


@REFERENCE_SUMS
def test_five_thousand_hostile_posts_equal_the_reference(hostile_posts, by_reference):
    posts = list(hostile_posts(1, 5_000))
    expected = by_reference(posts)
    assert_same(posts, by_columns(posts), expected)
    assert_same(posts, by_rules(posts), expected)
    assert sum(row[0] != 0 for row in expected) > 3_000  # a fuzz of neutral posts would prove nothing


@pytest.mark.slow
@REFERENCE_SUMS
@pytest.mark.parametrize("seed", range(2, 12))
def test_two_hundred_thousand_hostile_posts_equal_the_reference(seed, hostile_posts, by_reference):
    posts = list(hostile_posts(seed, 20_000))
    expected = by_reference(posts)
    assert_same(posts, by_columns(posts), expected)
    assert_same(posts, by_rules(posts), expected)


@given(st.lists(st.text(st.characters(codec=None), max_size=60), max_size=8))
@settings(max_examples=300)
def test_compiled_and_plain_rules_agree_on_any_text(posts):
    assert bits(by_columns(posts)) == bits(by_rules(posts))


_RULE_WORDS = {*sorted(NEGATIONS)[:9], *sorted(BOOSTERS)[:9], *(" ".join(phrase) for phrase in IDIOMS)}
_RULE_WORDS |= {"good", "BAD", "but", "BUT", "no", "nor", "or", "never", "so", "this", "least", "at", "very"}
_RULE_WORDS |= {"kind", "of", "the", "without", "doubt", "just", "enough", "VERY", "!", "??", "😁"}
_RULE_TEXT = st.lists(st.sampled_from(sorted(_RULE_WORDS)), max_size=12).map(" ".join)


@REFERENCE_SUMS
@given(_RULE_TEXT)
@settings(max_examples=500)
def test_every_mix_of_rules_equals_the_reference(by_reference, text):
    expected = bits(by_reference([text]))
    assert bits(by_rules([text])) == expected
    assert bits(by_columns([text])) == expected


@pytest.mark.skipif(
    "SOCIALSENT_LABELLED_POSTS" not in os.environ, reason="SOCIALSENT_LABELLED_POSTS names no folder of real posts"
)
@REFERENCE_SUMS
def test_real_posts_equal_the_reference_raw_and_cleaned(by_reference):
    posts = []
    for path in Path(os.environ["SOCIALSENT_LABELLED_POSTS"]).glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            posts += [row["text"] for row in csv.DictReader(file)]
    posts = posts[:20_000]
    posts += [clean_text(post) for post in posts[:5_000]]
    expected = by_reference(posts)
    assert_same(posts, by_columns(posts), expected)
    assert_same(posts, by_rules(posts), expected)


def test_the_shipped_data_are_the_references():
    """Prevents a typing error in the word lists that the rules name, and a lexicon of another release."""
    from vaderSentiment import vaderSentiment as reference

    analyzer = reference.SentimentIntensityAnalyzer()
    assert valences() == analyzer.lexicon
    assert emoji_descriptions() == {emoji: text for emoji, text in analyzer.emojis.items() if len(emoji) == 1}
    assert set(reference.NEGATE) == NEGATIONS
    assert {word: boost for word, boost in reference.BOOSTER_DICT.items() if " " not in word} == BOOSTERS
    assert {tuple(k.split()): v for k, v in reference.SPECIAL_CASES.items() if " " in k} == IDIOMS


def test_what_the_rules_take_for_granted_about_the_lexicon():
    assert 0.0 not in valences().values()
    assert not (BOOSTERS.keys() | NEGATIONS) & valences().keys()


def test_characters_beyond_the_tables_have_no_case_and_are_no_white_space():
    """Prevents a Unicode release that puts cased letters or emoji where the compiled rules do not look."""
    from socialsent_assets.domain.language.vader.compiled import CODE_POINTS

    beyond = [chr(code_point) for code_point in range(CODE_POINTS, 0x110000)]
    assert not any(c.isspace() or c.isupper() or c.islower() or c.istitle() for c in beyond)
    assert max(map(ord, emoji_descriptions())) < CODE_POINTS


# ------------------------------------------------------------------------------------- batches and columns


@pytest.mark.parametrize("count", [0, 1, 7, 3_000])
def test_a_batch_scores_what_its_texts_score_alone(count, hostile_posts):
    """Prevents scores that depend on the neighbours in a batch, or on its size (small ones take another path)."""
    posts = list(hostile_posts(20, count))
    batch = score_texts(posts)
    alone = [score_text(post) for post in posts]
    assert bits(zip(batch.polarity, batch.pos, batch.neu, batch.neg, strict=True)) == bits(one[:4] for one in alone)
    assert batch.sentiments().tolist() == [one.sentiment for one in alone]
    assert batch.unscored_reason == [None] * count
    assert batch.polarity.dtype == np.float64
    assert batch.polarity.shape == (count,)


MIXED = ["great!", None, "", "awful 😁", "meh"]


@pytest.mark.parametrize("repeat", [1, 1_000], ids=["plain", "compiled"])
@pytest.mark.parametrize(
    "column",
    [
        lambda texts: texts,
        tuple,
        pa.array,
        lambda texts: pa.array(["sliced off", *texts]).slice(1),
        lambda texts: pa.array(texts, pa.large_string()),
        lambda texts: pa.array(texts, pa.string_view()),
        lambda texts: pa.array(texts).dictionary_encode(),
        lambda texts: pa.chunked_array([texts[:2], texts[2:], []], pa.string()),
        lambda texts: np.array(texts, object),
        pd.Series,
        lambda texts: pd.Series(texts, dtype=object).fillna(np.nan),
    ],
)
def test_every_kind_of_column_scores_alike(column, repeat):
    texts = MIXED * repeat
    expected = [score_text(text).polarity for text in MIXED] * repeat
    assert score_texts(column(texts)).polarity.tolist() == expected


def test_a_null_with_bytes_behind_it_is_not_scored():
    """Prevents Arrow's undefined bytes of a masked value from being read as text."""
    shown = pa.array(["great", "awful"] * 1_000)
    hidden = pa.StringArray.from_buffers(
        len(shown), shown.buffers()[1], shown.buffers()[2], pa.py_buffer(bytes([0b01010101] * 250))
    )
    assert set(score_texts(hidden).polarity[1::2]) == {0.0}


@pytest.mark.parametrize("repeat", [1, 1_000])
def test_half_a_surrogate_pair_is_scored_like_any_other_character(repeat):
    """Prevents one broken emoji of a careless client from failing a whole batch."""
    posts = ["good \ud83d", "great", None] * repeat
    assert score_texts(posts).polarity.tolist() == [score_text(post).polarity for post in posts]


def test_broken_utf8_in_a_column_never_reads_past_its_text():
    """Prevents the compiled decoder from running on into the next text when a character is cut short."""
    cut = [b"good \xf0\x9f", b"great", b"\xc3", b"bad \xff", b"good \x80", b"\xed\xa0\x80 good"] * 200
    column = pa.array(cut, pa.large_binary()).view(pa.large_string())
    with pytest.raises(UnicodeDecodeError):
        score_texts(column)


@pytest.mark.parametrize("repeat", [1, 1_000])
def test_a_number_among_the_texts_is_an_error_not_a_score(repeat):
    with pytest.raises(TypeError, match="a text must be a string or None"):
        score_texts(["good", 3] * repeat)


def test_scoring_works_without_numba(monkeypatch):
    monkeypatch.setattr(polarity, "has_numba", lambda: False)
    monkeypatch.setitem(sys.modules, "socialsent_assets.domain.language.vader.arrow", None)
    assert score_texts(MIXED * 1_000).polarity[:5].tolist() == [score_text(text).polarity for text in MIXED]


def test_the_compiled_rules_start_where_no_cache_can_be_written(monkeypatch):
    """Prevents a read-only install without a home folder from failing at import ("no locator available")."""
    import numba

    from socialsent_assets.domain.language import compiling

    plain_njit = numba.njit

    def njit(*arguments, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return plain_njit(*arguments, **options)

    monkeypatch.setattr(numba, "njit", njit)
    assert compiling.compiled(lambda x: x + 1)(1) == 2


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", ["good ", "good but bad ", "😁", "!", "(", "but good ", "a"])
def test_a_megabyte_is_scored_in_seconds(unit):
    """Prevents quadratic work: the reference looks sentiments up one by one around every "but"."""
    post = unit * (1_000_000 // len(unit.encode()))
    assert bits(by_columns([post])) == bits(by_rules([post]))


# ------------------------------------------------------------------------------- sentiments and languages


@pytest.mark.parametrize(
    ("score", "sentiment"),
    [(0.05, "positive"), (0.0499, "neutral"), (0.0, "neutral"), (-0.0499, "neutral"), (-0.05, "negative")],
)
def test_the_thresholds_belong_to_the_polar_sides(score, sentiment):
    assert sentiment_of(score) == sentiment


@pytest.mark.parametrize("text", ["", None, "   "])
def test_an_empty_text_scores_nothing_at_all(text):
    assert score_text(text) == (0.0, 0.0, 0.0, 0.0, "neutral")


def test_a_text_without_lexicon_words_is_wholly_neutral():
    assert score_text("the table") == (0.0, 0.0, 1.0, 0.0, "neutral")


@pytest.mark.parametrize(
    "lang", [None, "", "und", "en", "EN", "en-GB", "en_US", "en-Latn-US", "eng", "English", "nan"]
)
def test_english_and_unstated_languages_are_scored(lang):
    assert is_scorable(lang)


@pytest.mark.parametrize("lang", ["de", "fr-CA", "ja", "enm", "tr", "zh_CN", "und-Cyrl"])
def test_other_languages_are_not_scored(lang):
    assert not is_scorable(lang)


@pytest.mark.parametrize("repeat", [1, 1_000])
def test_an_unsupported_language_is_not_scored_and_says_why(repeat):
    """Prevents "Gift 😁" in a German post from counting as a sentiment, and as a neutral one."""
    scores = score_texts(["love it", "Gift 😁", "love it"] * repeat, pa.array(["en-GB", "de", None] * repeat))
    assert scores.polarity[[0, 2]].tolist() == [score_text("love it").polarity] * 2
    assert all(math.isnan(column[1]) for column in (scores.polarity, scores.pos, scores.neu, scores.neg))
    assert scores.sentiments()[1] == ""
    assert scores.unscored_reason == [None, LANGUAGE_NOT_SUPPORTED, None] * repeat


def test_a_missing_language_per_text_is_an_error():
    with pytest.raises(ValueError, match="2 texts, but 1 languages"):
        score_texts(["a", "b"], ["en"])
