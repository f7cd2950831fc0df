"""Decorators of functions that numba compiles.

Imports numba (about half a second), so only modules that are themselves imported late may import this one. Keep
every compiled function in one file with the compiled functions and constants that it uses: numba notices a change
of that file alone, and would go on with what it cached from the others.

Not here: compiled functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

__all__ = ["borrowing", "compiled"]


def compiled(function: Callable[..., Any], **options: Any) -> Any:
    """Compile on first use, without the GIL, and cache on disk where numba finds a folder that it may write."""
    try:
        return numba.njit(function, nogil=True, error_model="numpy", cache=True, **options)
    except RuntimeError:  # "no locator available": read-only install and no home; NUMBA_CACHE_DIR would help
        return numba.njit(function, nogil=True, error_model="numpy", **options)


def borrowing(function: Callable[..., Any]) -> Any:
    """Compile without reference counts: for functions that read arrays of their caller and make none.

    numba counts every array on each call, atomically, which took half of the lexicon's time.
    """
    return compiled(function, _nrt=False)
