"""The catalog that other engines read the lake by, as a Dagster resource: none, or the Glue Data Catalog.

Not here: how partitions are registered (lake/glue_catalog.py), the choice of an environment (build.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable

import dagster as dg

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.lake.lake import Lake
from socialsent_assets.settings import CatalogSettings, Settings


class Catalog(dg.ConfigurableResource, ABC):
    """Something that tells other engines which event hours the lake has."""

    @abstractmethod
    def register(self, lake: Lake, hours: Iterable[EventHour], tell: Callable[[str], object]) -> None:
        """Make what stands of these hours known, and what is gone unknown. Raises whatever prevents it."""


class NoCatalog(Catalog):
    """DuckDB and Spark look into the folders themselves."""

    def register(self, lake: Lake, hours: Iterable[EventHour], tell: Callable[[str], object]) -> None:
        """See `Catalog.register`; there is nothing to do."""


class GlueDataCatalog(Catalog):
    """Databases of the Glue Data Catalog, which Athena and Redshift Spectrum read.

    Attributes:
        cleansed, analytics: see `settings.CatalogSettings`.
    """

    cleansed: str
    analytics: str

    def register(self, lake: Lake, hours: Iterable[EventHour], tell: Callable[[str], object]) -> None:
        """See `Catalog.register`. Raises as `lake.glue_catalog.GlueCatalog.register`."""
        from socialsent_assets.aws.client import aws_client
        from socialsent_assets.lake.glue_catalog import GlueCatalog

        asked = list(hours)
        if not asked:
            return
        catalog = GlueCatalog(aws_client("glue"), CatalogSettings(self.cleansed, self.analytics))
        tell(str(catalog.register(lake, asked)))


def catalog_of(settings: Settings) -> Catalog:
    """The catalog that the settings name."""
    if settings.catalog is None:
        return NoCatalog()
    return GlueDataCatalog(cleansed=settings.catalog.cleansed, analytics=settings.catalog.analytics)
