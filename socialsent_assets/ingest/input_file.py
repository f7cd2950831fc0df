"""One file to read, wherever its bytes are.

Not here: finding files (files.py, archives.py), what their bytes mean (file_bytes.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO


@dataclass(frozen=True)
class InputFile:
    """One file to read.

    Attributes:
        name: as printed, whatever bytes the file system holds.
        size: bytes to read, packed ones if it is packed.
        open: a new stream at its beginning; the caller closes it.
    """

    name: str
    size: int
    open: Callable[[], BinaryIO]
