"""Detect the language of a text whose source names none, from its script alone: cheap, with few false positives.

A script with one main language gives that language; one with several gives a tag such as und-Cyrl. A text in Latin
letters stays unknown, because a post is too short to distinguish English from Dutch by letters.

Not here: which languages are scored (polarity.py), tags that a source gives (ingest/values.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from socialsent_assets.domain.language.normalise import USER

LETTERS_PER_SIGN = 3
"""Latin letters that one Han, kana or Hangul sign counts for: words of those scripts are so much shorter."""

# Unicode's blocks. Kana before Han: Japanese writes both.
_SCRIPTS = (
    ("ja", re.compile("[\u3041-\u30ff\uff66-\uff9f]"), LETTERS_PER_SIGN),
    ("ko", re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]"), LETTERS_PER_SIGN),
    ("zh", re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f]"), LETTERS_PER_SIGN),
    ("und-Cyrl", re.compile("[\u0400-\u052f]"), 1),
    ("und-Arab", re.compile("[\u0620-\u06d3\u06d5-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]"), 1),
    ("el", re.compile("[\u0370-\u03ff\u1f00-\u1fff]"), 1),
    ("he", re.compile("[\u05d0-\u05ea]"), 1),
    ("th", re.compile("[\u0e01-\u0e4e]"), 1),
    ("und-Deva", re.compile("[\u0900-\u0963\u0966-\u097f]"), 1),
    ("und-Beng", re.compile("[\u0980-\u09ff]"), 1),
    ("pa", re.compile("[\u0a00-\u0a7f]"), 1),
    ("gu", re.compile("[\u0a80-\u0aff]"), 1),
    ("or", re.compile("[\u0b00-\u0b7f]"), 1),
    ("ta", re.compile("[\u0b80-\u0bff]"), 1),
    ("te", re.compile("[\u0c00-\u0c7f]"), 1),
    ("kn", re.compile("[\u0c80-\u0cff]"), 1),
    ("ml", re.compile("[\u0d00-\u0d7f]"), 1),
    ("si", re.compile("[\u0d80-\u0dff]"), 1),
    ("lo", re.compile("[\u0e80-\u0eff]"), 1),
    ("bo", re.compile("[\u0f00-\u0fff]"), 1),
    ("my", re.compile("[\u1000-\u109f]"), 1),
    ("ka", re.compile("[\u10a0-\u10ff]"), 1),
    ("und-Ethi", re.compile("[\u1200-\u137f]"), 1),
    ("km", re.compile("[\u1780-\u17ff]"), 1),
    ("hy", re.compile("[\u0531-\u0587]"), 1),
)
_LATIN = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_FOREIGN = re.compile("[\u0370-\u1cff\u1f00-\u1fff\u3041-\u318e\u3400-\u9fff\uac00-\ud7a3\ufb50-\ufefc\uff66-\uff9f\U00020000-\U0003134f]")  # fmt: skip  # noqa: E501


def detect_language(clean_text: str) -> str | None:
    """ISO 639-1 code, or und- and a script, of a clean text mostly in another script than Latin; else None.

    >>> detect_language("電車は遅い"), detect_language("поезд опоздал"), detect_language("great すごい movie")
    ('ja', 'und-Cyrl', None)
    """
    if clean_text.isascii() or _FOREIGN.search(clean_text) is None:
        return None
    latin = len(_LATIN.findall(clean_text.replace(USER, "")))
    weights = {name: weight * len(letters.findall(clean_text)) for name, letters, weight in _SCRIPTS}
    if sum(weights.values()) <= latin:
        return None
    if weights["ja"]:  # a few kana among many Han signs
        weights["ja"] += weights["zh"]
    return max(weights, key=lambda name: weights[name])


def detect_languages(clean_texts: Sequence[str | None], langs: Sequence[str | None]) -> list[str | None]:
    """`detect_language` of each text whose language is not stated; None for the others."""
    return [
        detect_language(text) if text and not lang else None for text, lang in zip(clean_texts, langs, strict=True)
    ]
