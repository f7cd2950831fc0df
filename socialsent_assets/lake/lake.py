"""The lake: four tiers by name, its event hours and the fingerprint of what landed in one.

Not here: which hours are stale (lake/staleness.py), SQL (warehouse/duckdb/engine.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from socialsent_assets.domain.events.layout import LANDING_EVENTS, EventHour, table_prefix
from socialsent_assets.lake.storage.base import ObjectInfo, Storage
from socialsent_assets.lake.storage.open import storage_at
from socialsent_assets.lake.storage.parallel import each
from socialsent_assets.settings import Settings

NOTHING_LANDED = "empty"


@dataclass(frozen=True)
class Lake:
    """Handles on the four tiers; cheap to make, opens nothing."""

    landing: Storage
    cleansed: Storage
    analytics: Storage
    artifacts: Storage

    @classmethod
    def of(cls, settings: Settings) -> Lake:
        """The lake that the settings name. Raises UserError for a URI that cannot be used."""
        return cls(
            landing=storage_at(settings.landing),
            cleansed=storage_at(settings.cleansed),
            analytics=storage_at(settings.analytics),
            artifacts=storage_at(settings.artifacts),
        )

    def tier(self, name: str) -> Storage:
        """The storage of `landing`, `cleansed`, `analytics` or `artifacts`."""
        tiers: dict[str, Storage] = {
            "landing": self.landing,
            "cleansed": self.cleansed,
            "analytics": self.analytics,
            "artifacts": self.artifacts,
        }
        return tiers[name]

    def landed(self, hour: EventHour) -> list[ObjectInfo]:
        """Landing objects of one event hour, sorted by key; names that start with `_` are not read by anything."""
        objects = self.landing.list(table_prefix(LANDING_EVENTS, hour))
        return [info for info in objects if not info.key.rpartition("/")[2].startswith("_")]

    def landing_fingerprint(self, hour: EventHour) -> str:
        """Changes whenever an object of the hour is added, rewritten or deleted; `empty` if there is none."""
        return fingerprint(self.landed(hour))


def fingerprint(objects: Iterable[ObjectInfo]) -> str:
    """Digest of names, sizes and versions, whatever the order; `empty` for no object."""
    lines = sorted(f"{info.key}\t{info.size}\t{info.version}" for info in objects)
    if not lines:
        return NOTHING_LANDED
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def hours_under(storage: Storage, prefix: str) -> list[EventHour]:
    """Event hours that have a folder under `prefix`, in order; folders of other names are ignored."""
    days = storage.folders(prefix)
    listed = each(storage, lambda day: storage.folders(f"{prefix}/{day}"), days)
    found = [EventHour.from_path(f"{day}/{hour}") for day, hours in zip(days, listed, strict=True) for hour in hours]
    return sorted(hour for hour in found if hour is not None)
