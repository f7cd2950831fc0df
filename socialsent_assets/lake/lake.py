"""The lake: four tiers by name, the catalog of its tables, its event hours and the fingerprint of what landed in one.

Not here: which hours are stale (lake/staleness.py), how tables are read and changed (lake/iceberg/).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.layout import LANDING_EVENTS, EventHour, table_prefix
from socialsent_assets.domain.tables import Table
from socialsent_assets.lake.iceberg.catalog import CatalogConfig
from socialsent_assets.lake.iceberg.data_files import TableFolder
from socialsent_assets.lake.iceberg.schema import load_table
from socialsent_assets.lake.storage.base import ObjectInfo, Storage
from socialsent_assets.lake.storage.open import storage_at
from socialsent_assets.lake.storage.parallel import each
from socialsent_assets.settings import Settings

if TYPE_CHECKING:
    from pyiceberg.table import Table as IcebergTable

NOTHING_LANDED = "empty"
_LISTED_BY_DAY = 40  # days; beyond that one listing of everything takes fewer requests


@dataclass(frozen=True)
class Lake:
    """Handles on the four tiers and the catalog; cheap to make, opens nothing."""

    landing: Storage
    cleansed: Storage
    analytics: Storage
    artifacts: Storage
    catalog: CatalogConfig

    @classmethod
    def of(cls, settings: Settings) -> Lake:
        """The lake that the settings name. Raises UserError for a URI that cannot be used."""
        found = settings.catalog
        return cls(
            landing=storage_at(settings.landing),
            cleansed=storage_at(settings.cleansed),
            analytics=storage_at(settings.analytics),
            artifacts=storage_at(settings.artifacts),
            catalog=CatalogConfig(found.kind, found.uri, found.cleansed, found.analytics),
        )

    @classmethod
    def in_folder(cls, root: Path) -> Lake:
        """A lake in one folder of this machine, its catalog beside the tiers."""
        return cls(
            landing=storage_at(str(root / "landing")),
            cleansed=storage_at(str(root / "cleansed")),
            analytics=storage_at(str(root / "analytics")),
            artifacts=storage_at(str(root / "artifacts")),
            catalog=CatalogConfig.in_folder(root),
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

    def table(self, table: Table) -> IcebergTable:
        """The table as it is now, made if it is missing. Raises as `load_table`."""
        return load_table(self.catalog, table, self.tier(table.tier).uri)

    def folder(self, table: Table) -> TableFolder:
        """Where new data files of the table go."""
        return TableFolder(self.tier(table.tier).uri, table.name)

    def landed(self, hour: EventHour) -> list[ObjectInfo]:
        """Landing objects of one event hour, sorted by key; names that start with `_` are not read by anything."""
        return readable(self.landing.list(table_prefix(LANDING_EVENTS, hour)))

    def landed_by_hour(self, hours: Collection[EventHour] | None = None) -> dict[EventHour, list[ObjectInfo]]:
        """Landing objects of `hours`, or of every hour; hours without any are left out.

        In S3 that is one request per thousand objects, whatever the number of hours.
        """
        days = None if hours is None else sorted({hour.path.partition("/")[0] for hour in hours})
        whole = days is None or len(days) > _LISTED_BY_DAY
        prefixes = [LANDING_EVENTS] if whole else [f"{LANDING_EVENTS}/{day}" for day in days or ()]
        found: dict[EventHour, list[ObjectInfo]] = defaultdict(list)
        for objects in each(self.landing, self.landing.walk, prefixes):
            for info in readable(objects):
                hour = EventHour.from_path(info.key)
                if hour is not None and (hours is None or hour in hours):
                    found[hour].append(info)
        return dict(sorted(found.items()))

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


def readable(objects: Iterable[ObjectInfo]) -> list[ObjectInfo]:
    """Those of the objects that jobs read: names that start with `_` are left out."""
    return [info for info in objects if not info.key.rpartition("/")[2].startswith("_")]
