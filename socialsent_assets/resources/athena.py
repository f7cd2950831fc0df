"""Athena as the warehouse: what dbt has to know, and what the graph asks of the marts.

Builds take turns by Dagster's pool `warehouse` alone: two deployments must not share a database of marts.

Not here: the engine (lake/athena.py), how dbt builds there (dbt_project/macros/athena.sql).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.lake import held_hours
from socialsent_assets.lake.athena import AthenaSql
from socialsent_assets.lake.aws_calls import AwsCallError, aws_client
from socialsent_assets.lake.held_hours import FRESH_FOR, HeldHours
from socialsent_assets.lake.marts import versions_in
from socialsent_assets.lake.sql import SqlEngine
from socialsent_assets.lake.storage import Storage
from socialsent_assets.lake.warehouse import WarehouseUnreachableError
from socialsent_assets.resources.lake import LakeResource
from socialsent_assets.resources.warehouse import ARTIFACTS, Warehouse, dbt_environment, in_environment
from socialsent_assets.settings import AthenaSettings, CatalogSettings, Settings

_SENSOR_DEADLINE_S = 20  # the daemon gives a sensor a minute


class AthenaWarehouse(Warehouse):
    """A database of Iceberg marts in the Glue Data Catalog.

    Attributes:
        home: folder of this machine for dbt's artifacts.
        duckdb_file: `Settings.warehouse`, which dbt_project/profiles.yml names whatever the target.
        cleansed, analytics: see `settings.CatalogSettings`.
        workgroup, marts, data, deadline_seconds: see `settings.AthenaSettings`.
    """

    home: str
    duckdb_file: str
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
        if athena is None or catalog is None or not athena.data:
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

    def environment(self) -> dict[str, str]:
        """See `Warehouse.environment`."""
        return {
            **dbt_environment(self.lake.cleansed, self.lake.analytics, Path(self.duckdb_file)),
            **athena_environment(self._athena(), CatalogSettings(self.cleansed, self.analytics)),
        }

    def artifacts_folder(self) -> Path:
        """See `Warehouse.artifacts_folder`."""
        return Path(self.home).absolute() / ARTIFACTS

    @contextmanager
    def building(self, log: Callable[[str], None]) -> Iterator[None]:
        """See `Warehouse.building`."""
        before = held_hours.remembered(self._artifacts(), self.marts)
        held_hours.forget(self._artifacts(), self.marts)
        with in_environment(self.environment()):
            yield
        try:
            self._remember(before)
        except WarehouseUnreachableError as error:  # the build is done; the next sensor's tick asks again
            log(f"cannot see what the marts hold now: {error}")

    @contextmanager
    def asking(self) -> Iterator[SqlEngine]:
        """See `Warehouse.asking`. Marts that were never built show themselves when they are asked."""
        yield self._engine(self._athena())

    def row_counts(self, tables: Iterable[str]) -> dict[str, int]:
        """None: Athena reads and bills at least 10 MB for every statement."""
        del tables
        return {}

    def known_versions(self) -> dict[str, str]:
        """See `Warehouse.known_versions`: from memory, unless that is missing or old; then Athena is asked."""
        held = held_hours.remembered(self._artifacts(), self.marts)
        if held is None or datetime.now(UTC) - held.seen_at > FRESH_FOR:
            held = self._remember(held)
        return held.versions

    def built_at(self) -> datetime | None:
        """See `Warehouse.built_at`: when the memory of the hours last changed."""
        held = held_hours.remembered(self._artifacts(), self.marts)
        return held.changed_at if held is not None and held.versions else None

    def _remember(self, before: HeldHours | None) -> HeldHours:
        quick = AthenaSettings(self.workgroup, self.marts, _SENSOR_DEADLINE_S, self.data)
        try:
            versions = versions_in(self._engine(quick))
        except AwsCallError as error:
            raise WarehouseUnreachableError(str(error)) from error
        return held_hours.remember(self._artifacts(), self.marts, versions, datetime.now(UTC), before)

    def _engine(self, athena: AthenaSettings) -> AthenaSql:
        return AthenaSql(aws_client("athena"), athena, CatalogSettings(self.cleansed, self.analytics))

    def _athena(self) -> AthenaSettings:
        return AthenaSettings(self.workgroup, self.marts, self.deadline_seconds, self.data)

    def _artifacts(self) -> Storage:
        return self.lake.open().artifacts


def athena_environment(athena: AthenaSettings, catalog: CatalogSettings) -> dict[str, str]:
    """What the target `athena` of dbt_project/profiles.yml reads: the same for parsing and for running."""
    return {
        "SOCIALSENT_ATHENA_WORKGROUP": athena.workgroup,
        "SOCIALSENT_ATHENA_MARTS": athena.marts,
        "SOCIALSENT_ATHENA_DATA": athena.data,
        "SOCIALSENT_SPECTRUM_CLEANSED": catalog.cleansed,
        "SOCIALSENT_SPECTRUM_ANALYTICS": catalog.analytics,
    }
