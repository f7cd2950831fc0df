"""Athena as the warehouse: connection settings for dbt, and the graph's queries on the marts.

Not here: the engine (warehouse/athena/engine.py), how dbt builds there (dbt_project/macros/athena.sql).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from socialsent_assets.aws.client import AwsCallError, aws_client
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.insights.day_measures import DayMeasures
from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.resources.remote_warehouse import SENSOR_DEADLINE_S, BilledWarehouse
from socialsent_assets.settings import AthenaSettings, CatalogSettings, Settings
from socialsent_assets.warehouse.athena.engine import AthenaSql
from socialsent_assets.warehouse.dbt.environment import athena_environment
from socialsent_assets.warehouse.engine import SqlEngine
from socialsent_assets.warehouse.errors import WarehouseUnreachableError
from socialsent_assets.warehouse.marts import versions_in


class AthenaWarehouse(BilledWarehouse):
    """A database of Iceberg marts in the Glue Data Catalog.

    Attributes:
        home, duckdb_file: see `BilledWarehouse`.
        cleansed, analytics: see `settings.CatalogSettings`.
        workgroup, marts, data, deadline_seconds: see `settings.AthenaSettings`.
    """

    cleansed: str
    analytics: str
    workgroup: str
    marts: str
    data: str
    deadline_seconds: int

    @classmethod
    def of(cls, settings: Settings, lake: LakeResource) -> AthenaWarehouse:
        """The warehouse that the settings name. Raises UserError when they leave out where it is."""
        athena, catalog = settings.athena, settings.catalog
        if athena is None or catalog.kind != "glue" or not athena.data:
            raise UserError(
                "SOCIALSENT_DBT_TARGET=athena needs SOCIALSENT_CATALOG=glue, SOCIALSENT_ATHENA_WORKGROUP and "
                "SOCIALSENT_ATHENA_DATA=s3://BUCKET/PREFIX, where the marts lie"
            )
        return cls(
            lake=lake,
            home=str(settings.home),
            duckdb_file=str(settings.warehouse),
            cleansed=catalog.cleansed,
            analytics=catalog.analytics,
            workgroup=athena.workgroup,
            marts=athena.marts,
            data=athena.data,
            deadline_seconds=athena.deadline_seconds,
        )

    @property
    def place(self) -> str:
        """See `BilledWarehouse.place`."""
        return self.marts

    def connection_environment(self) -> dict[str, str]:
        """See `BilledWarehouse.connection_environment`."""
        return athena_environment(self._athena(), CatalogSettings(self.cleansed, self.analytics))

    @contextmanager
    def asking(self) -> Iterator[SqlEngine]:
        """See `Warehouse.asking`. Missing marts show when they are queried."""
        yield self._engine(self._athena())

    def row_counts(self, tables: Iterable[str]) -> dict[str, int]:
        """None: Athena reads and bills at least 10 MB for every statement."""
        del tables
        return {}

    def day_measures(self, days: Sequence[str]) -> DayMeasures:
        """None, as `row_counts`."""
        del days
        return {}

    def versions_now(self) -> dict[str, str]:
        """See `BilledWarehouse.versions_now`."""
        quick = AthenaSettings(self.workgroup, self.marts, SENSOR_DEADLINE_S, self.data)
        try:
            return versions_in(self._engine(quick))
        except AwsCallError as error:
            raise WarehouseUnreachableError(str(error)) from error

    def _engine(self, athena: AthenaSettings) -> AthenaSql:
        return AthenaSql(aws_client("athena"), athena, CatalogSettings(self.cleansed, self.analytics))

    def _athena(self) -> AthenaSettings:
        return AthenaSettings(self.workgroup, self.marts, self.deadline_seconds, self.data)
