"""A text in a script that no reader reads is noticed without a tag, and English never taken for one."""

from __future__ import annotations

import pytest

from socialsent_assets.domain.language.detection import detect_language, detect_languages
from socialsent_assets.domain.language.polarity import is_scorable

FOREIGN = {
    "電車は遅い": "ja",
    "今日は最高 wow": "ja",
    "地铁晚点了": "zh",
    "정말 좋아요": "ko",
    "поезд опоздал": "und-Cyrl",
    "مرحبا بالعالم": "und-Arab",
    "πολύ καλό": "el",
    "טוב מאוד": "he",
    "ภาษาไทยดีมาก": "th",
    "हिन्दी में अच्छा": "und-Deva",
    "மிகவும் நல்லது": "ta",
    "@user привет": "und-Cyrl",
}


@pytest.mark.parametrize(("text", "language"), FOREIGN.items())
def test_a_script_names_its_language(text: str, language: str) -> None:
    """Prevents untagged Japanese posts from being scored by an English lexicon, as neutral."""
    assert detect_language(text) == language
    assert not is_scorable(language)


@pytest.mark.parametrize(
    "text",
    [
        "I love it",
        "",
        "😀🔥",
        "1234",
        "café, naïve résumé",
        "great すごい movie",
        "μ is 5 for the sample",
        "été à Paris",
        ":)",
    ],
)
def test_latin_letters_and_signs_stay_unknown(text: str) -> None:
    """Prevents English with a Greek letter, or a lone emoji, from being left out."""
    assert detect_language(text) is None


def test_a_stated_language_wins() -> None:
    assert detect_languages(["電車は遅い", "電車は遅い", None], ["en", None, None]) == [None, "ja", None]
