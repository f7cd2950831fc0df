"""Text as phones and networks write it reads as what it means, and the reference still agrees on the clean text."""

from __future__ import annotations

import unicodedata

import pyarrow as pa
import pytest
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from socialsent_assets.domain.language.normalise import added_emoji, mask_mentions, plain_writing, without_markup
from socialsent_assets.domain.language.polarity import score_text, score_texts
from socialsent_assets.domain.language.text import clean_text, tokens

SAME = {
    "curly apostrophe": ("I don’t like this tram", "I don't like this tram"),
    "curly apostrophe before a negated word": ("This isn’t a bad idea", "This isn't a bad idea"),
    "quotes around a word": ("so “great”", 'so "great"'),
    "ellipsis on a word": ("good…", "good..."),
    "dash between words": ("good—but late", "good - but late"),
    "paragraph": ("<p>I am happy</p>", "I am happy"),
    "mention of the Fediverse": (
        '<p><span class="h-card"><a href="https://fedi.example/@lena" class="u-url mention">@<span>lena</span></a>'
        "</span> Lovely!</p>",
        "@lena Lovely!",
    ),
    "line break": ("so good<br>so bad<br />", "so good so bad"),
    "escaped tag": ("&lt;p&gt;I am happy&lt;/p&gt;", "I am happy"),
    "mention that is a lexicon word": ("@united my flight is at 5", "@someone my flight is at 5"),
    "mention after a dot": (".@united my flight", ".@someone my flight"),
    "mention with a host": ("@love.bsky.social hello @great@good.example", "@someone hello @someone"),
    "mathematical bold": ("𝗜 𝗹𝗼𝘃𝗲 𝘁𝗵𝗶𝘀", "I love this"),
    "script with letter-like holes": ("ℐ ℓℴ𝓋ℯ it", "I love it"),
    "full width": ("ｌｏｖｅ ｉｔ！", "love it!"),
    "circled": ("ⓛⓞⓥⓔ 🅛🅞🅥🅔", "love LOVE"),
    "zero width": ("lo\u200bve it, ha\u200dte\u2060 it", "love it, hate it"),
    "soft hyphen": ("won\u00adder\u00adful", "wonderful"),
    "right-to-left override": ("\u202elove\u202c it", "love it"),
    "variation selector": ("❤\ufe0f", "❤"),
    "skin tone": ("👍🏾", "👍"),
    "emoji glued to a word": ("love❤it", "love ❤ it"),
    "emoji glued by what is not seen": ("love❤\u200bit", "love ❤ it"),
    "sequence": ("❤️‍🔥", "loving heart"),
}


@pytest.mark.parametrize(("raw", "plain"), SAME.values(), ids=SAME.keys())
def test_a_phones_spelling_reads_as_the_plain_one(raw: str, plain: str) -> None:
    """Prevents isn’t and isn't from differing by sign, and a brand called @united from being praised."""
    assert clean_text(raw) == clean_text(plain) == clean_text(clean_text(raw))
    assert score_text(clean_text(raw)) == score_text(clean_text(plain))


def test_a_curly_negation_is_one() -> None:
    assert score_text(clean_text("can’t recommend it")).polarity < 0


@pytest.mark.parametrize(
    "text",
    [
        "a <b and c> d", "I <3 you", "x < y > z", "mail me@home.example", "5 @ 10", "می‌خواهم بروم", "ภาษา\u200bไทย",
        "cafe\u0301", "½ ™ ① ｶﾅ", "Mañana, 日本語。",
    ],
)  # fmt: skip
def test_what_is_language_is_left_alone(text: str) -> None:
    """Prevents arithmetic taken for markup, addresses for mentions, and joiners of Persian taken for noise."""
    assert plain_writing(mask_mentions(without_markup(text))) == text


def test_added_emoji_are_words_of_their_own_and_nothing_that_cleaning_would_change() -> None:
    """Prevents data lines that never match (a variation selector left in) or clean differently the second time."""
    assert added_emoji().keys() >= {"🫶", "🥲", "💀", "🤡"}
    for emoji, meaning in added_emoji().items():
        assert clean_text(f"so{emoji}so") == f"so {meaning} so"
        assert clean_text(meaning) == meaning
        assert meaning.isascii()
    signs = {emoji: score_text(clean_text(emoji)).sentiment for emoji in "🫶🥹🫡💀🤡🥱🪦"}
    assert signs == dict(zip("🫶🥹🫡💀🤡🥱🪦", ["positive"] * 4 + ["negative"] * 2 + ["neutral"], strict=True))


def test_on_clean_text_every_score_is_the_references() -> None:
    """Prevents normalisation that hides inside the scorer: what is stored is what was scored."""
    written = [raw for raw, _ in SAME.values()] + [f"It is {emoji}not{emoji} good" for emoji in added_emoji()]
    clean = [clean_text(raw) for raw in written]
    reference = SentimentIntensityAnalyzer()
    wanted = [reference.polarity_scores(text)["compound"] for text in clean]
    assert [score_text(text).polarity for text in clean] == wanted
    assert score_texts(pa.array(clean * 40)).polarity.tolist() == wanted * 40


def test_a_text_as_given_is_scored_as_given() -> None:
    """Prevents `score` without --clean from normalising: outside comparisons rely on it."""
    reference = SentimentIntensityAnalyzer()
    for raw, _ in SAME.values():
        assert score_text(raw).polarity == reference.polarity_scores(raw)["compound"]


def test_every_styled_letter_of_the_alphabets_becomes_ascii() -> None:
    """Prevents an alphabet with holes: ℎ and 𝒾 are not neighbours in Unicode."""
    for point in range(0x1D400, 0x1D6A4):
        styled = chr(point)
        if unicodedata.name(styled, ""):
            assert plain_writing(styled).isascii()


def test_model_tokens_of_both_spellings_are_equal() -> None:
    assert tokens(clean_text("𝗹𝗼𝘃𝗲 it, @united")) == tokens(clean_text("love it, @other"))


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "unit", ["<", "<a x=y ", "<p>", "@a.", "@", "💀", "😀a", "’", "\u200d", "&lt;p&gt;", '<a x="', "\u202e", "ⓛ"]
)
def test_a_megabyte_of_one_sign_takes_linear_time(unit: str) -> None:
    """Prevents markup and mention patterns that start over at every sign."""
    text = clean_text(unit * (1_000_000 // len(unit)))
    assert clean_text(text) == text
