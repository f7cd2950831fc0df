"""One version of an S3 object as a file that can be read and searched, range by range.

Every range is asked for with the ETag of the version that was opened, so a reader never mixes two versions of an
object: when it is replaced, the next range fails with ReplacedError.

Not here: whole objects (s3.py).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from socialsent_assets.aws.s3 import get

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_SMALL = 4 * 1024 * 1024
_BLOCK = 1024 * 1024


class S3File(io.RawIOBase):
    """Bytes of `s3://bucket/key` at `etag`; small objects are fetched whole by the first read.

    Attributes:
        size: in bytes.
    """

    def __init__(self, bucket: str, key: str, etag: str, size: int) -> None:
        super().__init__()
        self._bucket, self._key, self._etag = bucket, key, etag
        self.size = size
        self._at = 0
        self._block = (0, b"")

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Position in bytes."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; nothing is fetched."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill `buffer` from here on; 0 at the end.

        Raises:
            ReplacedError: the object is another one now.
            UserError, StorageError: see `s3_client.told`.
        """
        target = memoryview(buffer).cast("B")
        wanted = min(len(target), self.size - self._at)
        if wanted <= 0:
            return 0
        at = self._at
        first, block = self._block
        if not first <= at <= at + wanted <= first + len(block):
            first, block = self._block = self._fetch(at, wanted)
        target[:wanted] = block[at - first : at - first + wanted]
        self._at = at + wanted
        return wanted

    def _fetch(self, at: int, wanted: int) -> tuple[int, bytes]:
        """Where a block begins that holds `wanted` bytes from `at` on, and the block."""
        first, last = at, min(at + max(wanted, _BLOCK), self.size)
        if self.size <= _SMALL:
            first, last = 0, self.size
        return first, get(self._bucket, self._key, IfMatch=self._etag, Range=f"bytes={first}-{last - 1}")
