"""Explanation of a polarity: contribution of each word, measured by scoring the text without it.

The sum of these differences is not the polarity, because words act on each other ("not good"); each is exact for
its word in this text.

Not here: the rules of the score (domain/language/), the model's reasons.
"""

from __future__ import annotations

from typing import Any

from socialsent_assets.domain.language.polarity import score_text

WORDS_TRIED = 120
SMALLEST = 0.0005  # of a score that has four decimals


def reasons(clean_text: str) -> dict[str, Any]:
    """Polarity of a text and the words that move it: `{"polarity": …, "words": [{"word", "adds"}, …], "cut": …}`."""
    words = clean_text.split()
    tried = words[:WORDS_TRIED]
    whole = score_text(clean_text)
    adds: list[dict[str, Any]] = []
    for place, word in enumerate(tried):
        without = score_text(" ".join([*words[:place], *words[place + 1 :]])).polarity
        adds.append({"word": word[:80], "adds": round(whole.polarity - without, 4)})
    return {
        "polarity": whole.polarity,
        "words": [{**word, "adds": word["adds"] if abs(word["adds"]) >= SMALLEST else 0} for word in adds],
        "cut": len(words) > len(tried),
    }
