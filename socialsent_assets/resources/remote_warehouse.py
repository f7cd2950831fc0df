"""Base class of warehouses billed per query. Caches partition versions in the lake.

Not here: the memory itself (warehouse/version_cache.py), the services (redshift.py, athena.py).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from socialsent_assets.lake.builds import read_builds
from socialsent_assets.lake.storage.base import Storage
from socialsent_assets.resources.warehouse import Warehouse
from socialsent_assets.warehouse import version_cache
from socialsent_assets.warehouse.dbt.environment import (
    ARTIFACTS,
    dbt_environment,
    in_environment,
    left_out_environment,
)
from socialsent_assets.warehouse.errors import WarehouseUnreachableError
from socialsent_assets.warehouse.version_cache import FRESH_FOR, HeldHours

SENSOR_DEADLINE_S = 20
"""How long a sensor waits for an answer: the daemon gives it a minute."""


class BilledWarehouse(Warehouse):
    """Marts in a service of AWS.

    Builds take turns by Dagster's pool `warehouse` alone: two deployments must not share a `place`.

    Attributes:
        home: folder of this machine for dbt's artifacts.
        duckdb_file: `Settings.warehouse`, which dbt_project/profiles.yml names whatever the target.
    """

    home: str
    duckdb_file: str

    @property
    @abstractmethod
    def place(self) -> str:
        """Name of the schema or database that holds the marts."""

    @abstractmethod
    def connection_environment(self) -> Mapping[str, str]:
        """What the target of dbt_project/profiles.yml reads besides the lake."""

    @abstractmethod
    def versions_now(self) -> dict[str, str]:
        """{hour key: lake version} that the marts hold, queried for at most `SENSOR_DEADLINE_S` seconds.

        Raises:
            WarehouseUnreachableError: there was no answer.
        """

    def environment(self) -> dict[str, str]:
        """See `Warehouse.environment`."""
        lake = dbt_environment(self.lake.cleansed, self.lake.analytics, Path(self.duckdb_file))
        return {**lake, **self.connection_environment()}

    def artifacts_folder(self) -> Path:
        """See `Warehouse.artifacts_folder`."""
        return Path(self.home).absolute() / ARTIFACTS

    @contextmanager
    def building(self, log: Callable[[str], None]) -> Iterator[None]:
        """See `Warehouse.building`. What is remembered is forgotten first: a build that dies may have changed it.

        The service reads the lake's tables as they are, not the snapshots of one scoring: hours that are not scored
        there are left out. One that another run cleanses while dbt is at work is joined with its old scores until it
        is scored, which makes it stale.
        """
        before = version_cache.remembered(self._artifacts(), self.place)
        version_cache.forget(self._artifacts(), self.place)
        left_out = read_builds(self.lake.open()).unscored_now()
        if left_out:
            log(f"{len(left_out)} hours are left as they are until another run has scored them")
        with in_environment({**self.environment(), **left_out_environment(left_out)}):
            yield
        try:
            self._remember(before)
        except WarehouseUnreachableError as error:  # the build is done; the sensor's next tick queries again
            log(f"cannot see what the marts hold now: {error}")

    def how_to_build_anew(self) -> str:
        """See `Warehouse.how_to_build_anew`."""
        return "Run dbt build --full-refresh (docs/deploy-aws.md, Upgrade)."

    def known_versions(self) -> dict[str, str]:
        """See `Warehouse.known_versions`: from the cache, unless that is missing or old; then from the service."""
        held = version_cache.remembered(self._artifacts(), self.place)
        if held is None or datetime.now(UTC) - held.seen_at > FRESH_FOR:
            held = self._remember(held)
        return held.versions

    def built_at(self) -> datetime | None:
        """See `Warehouse.built_at`: when the memory of the hours last changed."""
        held = version_cache.remembered(self._artifacts(), self.place)
        return held.changed_at if held is not None and held.versions else None

    def _remember(self, before: HeldHours | None) -> HeldHours:
        return version_cache.remember(self._artifacts(), self.place, self.versions_now(), datetime.now(UTC), before)

    def _artifacts(self) -> Storage:
        return self.lake.open().artifacts
