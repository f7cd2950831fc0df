"""The lake as a Dagster resource: which roots the tiers have.

Not here: what is done with them (lake/).
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import dagster as dg

from socialsent_assets.lake.iceberg.catalog import CatalogConfig, CatalogKind
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.open import storage_at
from socialsent_assets.settings import Settings


class LakeResource(dg.ConfigurableResource[None]):
    """The four tiers by URI (a folder, `file:` or `s3://`), and the Iceberg catalog of their tables.

    Attributes:
        catalog_kind, catalog_uri, namespaces: see `settings.CatalogSettings`; namespaces of cleansed and analytics.
            Without an address, SQLite keeps its file beside the folder of the cleansed tier.
    """

    landing: str
    cleansed: str
    analytics: str
    artifacts: str
    catalog_kind: str = "sqlite"
    catalog_uri: str = ""
    namespaces: list[str] = ["cleansed", "analytics"]  # noqa: RUF012 - a field of a resource

    def open(self) -> Lake:
        """Handles on the tiers; opens nothing. Raises UserError for a URI that cannot be used."""
        return Lake(
            landing=storage_at(self.landing),
            cleansed=storage_at(self.cleansed),
            analytics=storage_at(self.analytics),
            artifacts=storage_at(self.artifacts),
            catalog=self.catalog_config(),
        )

    def catalog_config(self) -> CatalogConfig:
        """Address of the catalog."""
        if self.catalog_kind == "sqlite" and not self.catalog_uri:
            return CatalogConfig.in_folder(Path(self.cleansed).parent)
        return CatalogConfig(cast(CatalogKind, self.catalog_kind), self.catalog_uri, *self.namespaces)

    @classmethod
    def of(cls, settings: Settings) -> LakeResource:
        """The lake that the settings name."""
        found = settings.catalog
        return cls(
            landing=settings.landing,
            cleansed=settings.cleansed,
            analytics=settings.analytics,
            artifacts=settings.artifacts,
            catalog_kind=found.kind,
            catalog_uri=found.uri,
            namespaces=[found.cleansed, found.analytics],
        )
