"""The storage that a setting names: one scheme, one implementation.

Not here: the implementations (local.py, s3.py).
"""

from __future__ import annotations

from pathlib import Path

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.lake.storage.base import Storage
from socialsent_assets.lake.storage.local import FolderStorage


def storage_at(uri: str) -> Storage:
    """The storage that a `SOCIALSENT_LAKE_*` value names.

    Raises:
        UserError: a scheme that this version does not speak, or no bucket.
    """
    if uri.startswith("s3://"):
        from socialsent_assets.lake.storage.s3 import S3Storage

        return S3Storage(uri)
    if uri.startswith("file:"):
        return FolderStorage(Path(uri.removeprefix("file://").removeprefix("file:")))
    if "://" in uri:
        raise UserError(f"{uri}: a lake is in folders (file: or a plain path) or in S3 (s3://BUCKET/PREFIX)")
    return FolderStorage(Path(uri))
