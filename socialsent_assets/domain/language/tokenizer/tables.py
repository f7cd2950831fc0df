"""Tables of characters for the compiled tokenizer, read off the patterns of text.py by this interpreter.

A character's kinds come from the very patterns that plain Python matches, so a change of a set of characters there
changes the tables too. Not here: the grammar (text.py, and compiled.py, which repeats its alternatives).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from socialsent_assets.domain.language import text
from socialsent_assets.domain.language.tokenizer.compiled import (
    BRACKET,
    CODE_POINTS,
    EYES,
    LETTER,
    LOWER,
    MOUTH,
    NOSE,
    PICTURE,
    REGION,
    SPACE,
    STOP,
    TAIL,
    UPPER,
    WORD,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["kinds", "lowered", "straightened"]

_SETS = {
    WORD: r"\w",
    STOP: f"[{text._SIGN}']",
    SPACE: r"\s",
    PICTURE: text._PICTURE,
    TAIL: text._PICTURE_TAIL,
    REGION: "[\U0001f1e6-\U0001f1ff]",
    MOUTH: r"[)\](\[dDpPoO/\\|}{@3*]",
    NOSE: r"[\-o*']",
    EYES: "[:;=]",
    BRACKET: r"[)\](\[]",
    LETTER: r"[^\W\d_]",
}
_FINAL_SIGMA = 0x3A3
"""Its lower case depends on what follows."""


@cache
def kinds() -> NDArray[np.uint16]:
    """(CODE_POINTS,) flags of each character."""
    found = np.zeros(CODE_POINTS, np.uint16)
    characters = _characters()
    for bit, pattern in _SETS.items():
        found[[match.start() for match in re.finditer(pattern, characters)]] |= bit
    found[[i for i, c in enumerate(characters) if c.isupper()]] |= UPPER
    # A title-case letter (U+01C5) keeps a word from being upper case, as a lower-case one does.
    found[[i for i, c in enumerate(characters) if c.islower() or (c.istitle() and not c.isupper())]] |= LOWER
    return found


@cache
def straightened() -> NDArray[np.int32]:
    """(CODE_POINTS,) each character with curly apostrophes made straight."""
    return np.array([ord(c) for c in _characters().translate(text._STRAIGHT_QUOTE)], np.int32)


@cache
def lowered() -> NDArray[np.int32]:
    """(CODE_POINTS,) the straight character's lower case; -1 where that is not one character by itself."""
    forms = (c.lower() for c in _characters().translate(text._STRAIGHT_QUOTE))
    found = np.array([ord(form) if len(form) == 1 else -1 for form in forms], np.int32)
    found[_FINAL_SIGMA] = -1
    return found


def _characters() -> str:
    return "".join(map(chr, range(CODE_POINTS)))
