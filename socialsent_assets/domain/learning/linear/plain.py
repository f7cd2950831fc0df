"""The texts of a column that are readable as they are, found by one look at their bytes, compiled.

Imports numba. Not here: what makes a text readable (features.readable).
"""

from __future__ import annotations

import numpy as np

from socialsent_assets.domain.language.compiling import borrowing

__all__ = ["find_plain"]


@borrowing
def find_plain(data, offsets, longest, is_plain):  # type: ignore[no-untyped-def]
    """Marks texts that are readable as they are: `features.readable` gives them back unchanged.

    Printable ASCII with single spaces inside, and none of the signs with which a tag, an escape, an address, a
    mention or a doubled quote begins. Sure of those that it marks; the rest may still be readable.
    """
    for row in range(len(is_plain)):
        start, end = offsets[row], offsets[row + 1]
        plain = end - start <= longest
        previous = np.uint8(32)
        i = start
        while plain and i < end:
            byte = data[i]
            if byte < 48:
                plain = byte >= 32 and byte != 38  # control characters, "&"
                if byte == 32 or byte == 34:  # a second space or quote
                    plain = plain and previous != byte
                elif byte == 46:  # "www."
                    plain = previous | 32 != 119
                elif byte == 47:  # "://", "pic.twitter.com/"
                    plain = previous != 47 and previous | 32 != 109
            elif byte == 60:  # "<a", "</a"
                after = data[i + 1] | 32 if i + 1 < end else np.uint8(32)
                plain = after != 47 and not 97 <= after <= 122
            elif byte == 64:
                plain = _is_user(data, i, end)
            elif byte > 126 or byte == 92:  # not ASCII, "\\"
                plain = False
            elif byte == 116 and previous == 116 and i - start > 1:  # "http"
                plain = data[i - 2] != 104
            previous = byte
            i += 1
        is_plain[row] = plain and (previous != 32 or end == start)


@borrowing
def _is_user(data, i, end):  # type: ignore[no-untyped-def]
    """Whether "@user" starts at i, and no longer name does, as "@user@server" or "@user.host.tld" would."""
    if i + 5 > end or data[i + 1] != 117 or data[i + 2] != 115 or data[i + 3] != 101 or data[i + 4] != 114:
        return False
    after = data[i + 5] if i + 5 < end else np.uint8(32)
    if after == 64 or (after == 46 and i + 6 < end and data[i + 6] > 44):
        return False
    return after < 48 or 57 < after < 65 or 90 < after < 95 or after == 96 or 122 < after < 128
