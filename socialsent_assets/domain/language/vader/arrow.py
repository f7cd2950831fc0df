"""Columns of texts for the compiled rules: Arrow's buffers in, scores out, rows left over scored one by one.

Imports numba. Not here: the public API (domain/language/polarity.py), the rules (compiled.py, reference.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from socialsent_assets.domain.language.vader import compiled as vader_batch
from socialsent_assets.domain.language.vader import reference as vader_rules
from socialsent_assets.domain.language.vader.corrections import NO_CORRECTIONS, Corrections
from socialsent_assets.domain.language.vader.tables import tables

if TYPE_CHECKING:
    from numpy.typing import NDArray


def score_column(
    texts: Sequence[str | None] | pa.Array | pa.ChunkedArray, corrections: Corrections = NO_CORRECTIONS
) -> NDArray[np.float64]:
    """float64 (n, 4) of polarity, pos, neu, neg; a missing text has zeros. TypeError when a text is no string."""
    if isinstance(texts, pa.ChunkedArray):
        return np.concatenate([np.empty((0, 4)), *(score_column(chunk, corrections) for chunk in texts.chunks)])
    try:
        column = _as_large_string(texts)
    except UnicodeEncodeError:  # half a surrogate pair, which no UTF-8 column can hold
        return _score_around_surrogates(list(texts), corrections)
    except (pa.ArrowTypeError, pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise TypeError(f"a text must be a string or None ({error})") from error
    return _score_large_string(column, corrections)


def _as_large_string(texts: Sequence[str | None] | pa.Array) -> pa.LargeStringArray:
    if isinstance(texts, pa.Array):
        return texts.cast(pa.large_string())
    column = pa.array(texts, pa.large_string(), from_pandas=True)  # NaN and pandas.NA are missing texts
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _score_large_string(column: pa.LargeStringArray, corrections: Corrections) -> NDArray[np.float64]:
    if len(column) == 0:
        return np.zeros((0, 4))
    _, offset_buffer, data_buffer = column.buffers()
    offsets = np.frombuffer(offset_buffer, np.int64)[column.offset : column.offset + len(column) + 1]
    # Copies, because Arrow's memory is read-only and numba would compile everything twice, once for each kind.
    data = np.frombuffer(data_buffer or b"", np.uint8)[offsets[0] : offsets[-1]].copy()
    scores, left_over = vader_batch.score_rows(data, offsets - offsets[0], tables(corrections))
    for row in np.flatnonzero(left_over):
        scores[row] = vader_rules.score(column[int(row)].as_py() or "", corrections)
    if column.null_count:
        scores[column.is_null().to_numpy(zero_copy_only=False)] = 0.0
    return scores


def _score_around_surrogates(texts: list[str | None], corrections: Corrections) -> NDArray[np.float64]:
    broken = [row for row, text in enumerate(texts) if isinstance(text, str) and not _is_unicode(text)]
    whole = list(texts)
    for row in broken:
        whole[row] = None
    scores = score_column(whole, corrections)
    for row in broken:
        scores[row] = vader_rules.score(texts[row] or "", corrections)
    return scores


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
