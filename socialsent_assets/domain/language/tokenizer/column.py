"""Token lists of a column of texts, compiled where that is worth it.

Imports numba only for large columns. Not here: what a token is (text.py), the compiled path (arrow.py).
"""

from __future__ import annotations

import pyarrow as pa

from socialsent_assets.domain.language.polarity import COMPILED_FROM, has_numba
from socialsent_assets.domain.language.text import token_lists

__all__ = ["token_column"]


def token_column(texts: pa.Array | pa.ChunkedArray) -> pa.ListArray:
    """`text.tokens` of each text, as list<string>; a missing text has none."""
    if len(texts) >= COMPILED_FROM and has_numba():
        from socialsent_assets.domain.language.tokenizer.arrow import compiled_token_column

        return compiled_token_column(texts)
    return pa.array(token_lists(texts.to_pylist()), pa.list_(pa.string()))
