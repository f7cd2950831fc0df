"""A staging area: files that a run makes for itself alone, removed at its end.

Not here: data files of tables, which are written where they stay (lake/iceberg/data_files.py).
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.lake.storage.base import Storage
from socialsent_assets.lake.storage.open import storage_at

STAGING = "_staging"
_ABANDONED_AFTER_S = 24 * 3600.0


@dataclass(frozen=True)
class StagingArea:
    """A folder of a tier for files of one run: two strings, so that every task can carry it.

    Attributes:
        tier: URI of the tier.
        prefix: folder in the tier.
    """

    tier: str
    prefix: str

    def scratch(self) -> contextlib.AbstractContextManager[Path]:
        """A folder of this machine to write files in before they are kept; what was not kept is lost."""
        return storage_at(self.tier).scratch(self.prefix)

    def keep(self, name: str, file: Path) -> None:
        """Keep a finished file of `scratch`, `name` below it; the same name again replaces it."""
        storage_at(self.tier).adopt(f"{self.prefix}/{name}", file)

    def path(self, name: str) -> str:
        """What Spark opens to read a kept file."""
        return storage_at(self.tier).path(f"{self.prefix}/{name}")


@contextlib.contextmanager
def staging(tier: Storage) -> Iterator[StagingArea]:
    """A new empty staging area of the tier, removed at the end, failed or not.

    What a killed process left behind for a day is removed on the way.
    """
    tier.remove(STAGING, _ABANDONED_AFTER_S)
    area = StagingArea(tier.uri, f"{STAGING}/{uuid.uuid4().hex}")
    try:
        yield area
    finally:
        with contextlib.suppress(OSError, UserError):  # never hides why the run failed; a later run removes it
            tier.remove(area.prefix)
