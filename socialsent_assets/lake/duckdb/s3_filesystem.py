"""S3 for DuckDB, through s3fs: read-only, and only below given tiers.

DuckDB's own S3 extension has to be downloaded from its site. Data files never change once they are committed, so no
version has to be pinned.

Not here: who makes a connection (connection.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import s3fs

from socialsent_assets.aws.s3 import SCHEME, endpoint_url

if TYPE_CHECKING:
    import duckdb

_BLOCK_BYTES = 1024 * 1024


class ReadOnlyS3(s3fs.S3FileSystem):  # type: ignore[misc]  # s3fs has no types
    """Objects below `roots` (URIs of tiers), for reading alone."""

    cachable = False  # fsspec would otherwise hand out an earlier instance, with its roots

    def __init__(self, roots: Sequence[str], **options: Any) -> None:
        super().__init__(**options)
        self._roots = tuple(f"{root.removeprefix(SCHEME).rstrip('/')}/" for root in roots)

    def open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        """An object. Raises PermissionError for writing, and outside of the tiers."""
        stripped = str(self._strip_protocol(path))
        if mode != "rb" or not stripped.startswith(self._roots) or ".." in stripped.split("/"):
            raise PermissionError(f"only objects of the lake can be read: {path}")
        return super().open(path, mode, **options)


def let_read_s3(connection: duckdb.DuckDBPyConnection, roots: Sequence[str]) -> None:
    """Let a connection read `s3://` objects below `roots`; credentials come from the SDK's own chain."""
    connection.register_filesystem(
        ReadOnlyS3(
            roots,
            default_block_size=_BLOCK_BYTES,
            use_listings_cache=False,
            client_kwargs={"endpoint_url": endpoint_url()} if endpoint_url() else {},
        )
    )
