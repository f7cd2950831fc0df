"""One version of an S3 object as a file that can be read and searched, range by range.

Every range is asked for with the ETag of the version that was opened, so a reader never mixes two versions of an
object: when it is replaced, the next range fails with ReplacedError.

Not here: whole objects (s3_storage.py).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from socialsent_assets.lake.s3_client import get

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
        self._block, self._block_at = b"", 0

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
        start = self._at - self._block_at
        if not 0 <= start <= start + wanted <= len(self._block):
            self._fetch(wanted)
            start = self._at - self._block_at
        target[:wanted] = self._block[start : start + wanted]
        self._at += wanted
        return wanted

    def _fetch(self, wanted: int) -> None:
        first, last = self._at, min(self._at + max(wanted, _BLOCK), self.size)
        if self.size <= _SMALL:
            first, last = 0, self.size
        self._block = get(self._bucket, self._key, IfMatch=self._etag, Range=f"bytes={first}-{last - 1}")
        self._block_at = first
