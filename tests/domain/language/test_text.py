"""The two forms of a text: nothing that carries sentiment is lost, nothing hostile gets through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialsent_assets.domain.language import text as text_chain
from socialsent_assets.domain.language.normalise import USER
from socialsent_assets.domain.language.text import clean_text, clean_texts, token_lists, tokens, words

SCRIPTS = {
    "Devanagari": "हिन्दी में अच्छा",
    "Arabic": "مرحبا بالعالم",
    "Persian": "می‌خواهم بروم",
    "Thai": "ภาษาไทยดีมาก",
    "Japanese": "すごい 映画",
    "Korean": "정말 좋아요",
    "Greek": "πολύ καλό",
    "Cyrillic": "очень хорошо",
    "Hebrew": "טוב מאוד",
    "Tamil": "மிகவும் நல்லது",
    "decomposed accents": "cafe\u0301 nai\u0308ve",
}


def test_negation_survives_cleaning():
    """Prevents "not good" from being scored, or learned from, as "good"."""
    for sentence in ("I do not like it", "It isn't good", "No, never again", "cannot stand it, nor them"):
        assert clean_text(sentence) == sentence
    assert tokens("it is not good, isn't it? no, never, nor can I, cannot") == [
        "not", "good", "isn't", "no", "never", "nor", "can", "cannot",
    ]  # fmt: skip
    assert tokens("don’t") == tokens("don't") == ["don't"]


@pytest.mark.parametrize("sample", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_cleaning_keeps_emoji_emphasis_and_every_script(sample):
    """Prevents a cleaner for ASCII letters, after which emoji, "!" and whole languages are gone before scoring."""
    post = f"GREAT!!! {sample} 👍🏽 :-) ❤️ 👨‍👩‍👧 ???"
    assert clean_text(post) == f"GREAT!!! {sample} 👍 :-) ❤ 👨👩👧 ???"


@pytest.mark.parametrize("sample", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_words_of_every_script_stay_whole(sample):
    """Prevents \\w from ending a Hindi or Tamil word at its vowel signs."""
    assert words(sample) == sample.split()


def test_running_and_runs_share_a_stem():
    """Prevents a stemmer that returns its input."""
    assert tokens("running") == tokens("runs") == tokens("RUN") == ["run"]


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("a &amp; b", "a & b"),
        ("escaped twice &amp;lt;3", "escaped twice <3"),
        ("wow https://t.co/abc!", "wow !"),
        ("see http://example.com/a?b=c&d=e, ok", "see , ok"),
        ("cut off https://…", "cut off ..."),
        ("https://t.co/x“great”", '"great"'),
        ("WWW.Example.com/x and pic.twitter.com/Abc1", "and"),
        ("https://t.co/abcすごい", "すごい"),
        ("nul\x00 and bell\x07 and\x9f bom\ufeff", "nul and bell and bom"),
        (" a\tb\n\nc\u00a0d\u3000e\u2028f\x85g\x1ch ", "a b c d e f g h"),
        ("half a pair \ud83d here", "half a pair \ufffd here"),
        ("e.g. this/that stays", "e.g. this/that stays"),
        ("", ""),
    ],
)
def test_cleaning_removes_only_markup_addresses_and_control_characters(raw, clean):
    assert clean_text(raw) == clean


@given(st.text(st.characters(codec=None), max_size=80))
def test_clean_text_is_storable_and_clean(raw):
    """Prevents lone surrogates and NULs in Parquet, and scores that change with a second cleaning."""
    clean = clean_text(raw)
    clean.encode("utf-8")
    assert "\x00" not in clean
    assert clean_text(clean) == clean


def test_hashtags_mentions_emoji_and_stretched_words_become_features():
    assert tokens("#BestDayEver #café #NBAFinals #") == ["best", "day", "ever", "café", "nba", "final"]
    assert tokens("@ann @Bob_1 @") == [USER, USER]
    assert tokens("👍 👍🏽 ❤️ ❤ 🇺🇸🇫🇷 👨‍👩‍👧") == ["👍", "👍", "❤", "❤", "🇺🇸", "🇫🇷", "👨‍👩‍👧"]
    assert tokens(":) :-( <3 :D 10:30") == [":)", ":-(", "<3", ":d", "10", "30"]
    assert tokens("sooooo goooood loooove yesssss noooo") == ["good", "love", "yes", "no"]


def test_words_keep_stop_words_and_punctuation_for_the_bigram_model():
    assert words("The @ann isn’t SO sure, #Winning!") == ["the", USER, "isn't", "so", "sure", ",", "#winning", "!"]


def test_latin_k_is_not_mistaken_for_the_kelvin_sign():
    """Prevents case-insensitive matching from cutting every word at its "k"."""
    assert words("like KIND books") == ["like", "kind", "books"]


def test_missing_texts_are_empty_and_batches_equal_single_calls():
    posts = ["Running to work…", None, "", "not bad!"]
    assert clean_texts(posts) == [clean_text(post or "") for post in posts]
    assert token_lists(posts) == [tokens(post or "") for post in posts]


def test_the_memo_stays_bounded(monkeypatch):
    """Prevents a week-long worker from keeping every misspelling it ever saw."""
    monkeypatch.setattr(text_chain, "_MEMO_LIMIT", 10)
    for number in range(50):
        assert tokens(f"word{number}") == [f"word{number}"]
        assert words(f"word{number}") == [f"word{number}"]
    assert len(text_chain._MODEL_TOKENS) <= 10
    assert len(text_chain._WORDS) <= 10


@pytest.mark.timeout(20)
@pytest.mark.parametrize("unit", ["(", ":", "https://!", "&amp;", "www.", "a'", "#A", "👍\u200d", "o", "<"])
def test_a_megabyte_of_one_sign_takes_linear_time(unit):
    """Prevents regular expressions that back up over the whole text from every position."""
    post = unit * (1_000_000 // len(unit))
    clean = clean_text(post)
    assert len(tokens(clean)) + len(words(clean)) >= 0
