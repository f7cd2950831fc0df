"""A tier that is read and not written: what a command would do, without doing it.

Not here: the tiers themselves (base.py).
"""

from __future__ import annotations

from socialsent_assets.lake.storage.base import Storage


class DryRunStorage:
    """Reads from a tier; discards writes, and returns what a write would return."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def read(self, key: str) -> bytes:
        """See `Storage.read`."""
        return self._storage.read(key)

    def write(self, key: str, content: bytes) -> bool:
        """Whether the content would be new there; nothing is written."""
        try:
            return self._storage.read(key) != content
        except FileNotFoundError:
            return True

    def delete(self, key: str) -> None:
        """Nothing."""
