"""An overwrite that merges manifests as it goes, as pyiceberg's own appends do.

pyiceberg 0.12 merges manifests for appends alone (`commit.manifest.min-count-to-merge`); without merging, a table
that is overwritten every minute gains a manifest an hour, and planning reads them all.

Not here: what is overwritten (commit.py).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyiceberg.manifest import ManifestFile


@cache
def merging_overwrite() -> Any:
    """The snapshot producer class, made at the first commit, because importing pyiceberg takes a second."""
    from pyiceberg.manifest import ManifestContent
    from pyiceberg.table import TableProperties
    from pyiceberg.table.update.snapshot import _ManifestMergeManager, _OverwriteFiles

    class MergingOverwrite(_OverwriteFiles):
        """`_OverwriteFiles` with the merge step of `_MergeAppendFiles`."""

        def _process_manifests(self, manifests: list[ManifestFile]) -> list[ManifestFile]:
            properties = self._transaction.table_metadata.properties
            merge = _ManifestMergeManager(
                target_size_bytes=TableProperties.MANIFEST_TARGET_SIZE_BYTES_DEFAULT,
                min_count_to_merge=int(properties.get(TableProperties.MANIFEST_MIN_MERGE_COUNT, 20)),
                merge_enabled=True,
                snapshot_producer=self,
            )
            # A manifest that only lists what an earlier snapshot deleted has nothing for a reader of this one.
            live = [m for m in manifests if m.has_added_files() or m.has_existing_files() or self._is_own(m)]
            data = [manifest for manifest in live if manifest.content == ManifestContent.DATA]
            others = [manifest for manifest in live if manifest.content != ManifestContent.DATA]
            return [*merge.merge_manifests(data), *others]

        def _is_own(self, manifest: ManifestFile) -> bool:
            return manifest.added_snapshot_id in (None, self._snapshot_id)

    return MergingOverwrite
