"""Request of a Glue run: arguments shared by the side that starts it and the script on Glue.

The whole order goes with the parameters of Dagster Pipes, which lie in S3, because a year of hours is too long for
job arguments. The arguments identify a run, so that the Glue console shows which hours it builds. Upkeep is ordered
for whole tables, so its order has no hours.

Not here: starting and following runs (resources/glue.py), executing the request (glue_main.py).
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.layout import EventHour, contiguous_ranges, parse_hour_range
from socialsent_assets.lake.iceberg.catalog import CatalogConfig

JobName = Literal["cleanse", "score"]
"""Jobs over event hours."""
UPKEEP: Literal["upkeep"] = "upkeep"

HOURS = "--hours"
"""Argument: the hours as `FROM..TO`, several with commas between them."""
ORDER = "--order"
"""Argument: digest of the order; equal for two runs that would do the very same."""
KEEP_HOURS = "--keep_hours"
"""Argument of upkeep: how long replaced snapshots stay."""

TIERS = ("landing", "cleansed", "analytics", "artifacts")
_SHOWN_RANGES = 20


class OrderError(ValueError):
    """What reached the script is no order."""


class Order(ABC):
    """Work of one Glue run."""

    @property
    @abstractmethod
    def kind(self) -> Literal["cleanse", "score", "upkeep"]:
        """The Glue job that does it."""

    @abstractmethod
    def to_extras(self) -> dict[str, Any]:
        """As the extras of a Pipes session: JSON values."""

    @abstractmethod
    def arguments(self) -> dict[str, str]:
        """Job arguments that say what the run does."""

    @abstractmethod
    def overlaps(self, arguments: Mapping[str, str]) -> bool:
        """Whether a run of the same job with these arguments changes some of the same rows."""

    def is_same(self, arguments: Mapping[str, str]) -> bool:
        """Whether a run with these arguments does the very same."""
        return arguments.get(ORDER) == self.arguments()[ORDER]


@dataclass(frozen=True)
class GlueOrder(Order):
    """One run of a job over event hours.

    Attributes:
        job: of jobs/.
        hours: to build, in order.
        tiers: URI of every tier, by the names in TIERS.
        catalog: the Iceberg catalog that the job commits to.
    """

    job: JobName
    hours: tuple[EventHour, ...]
    tiers: Mapping[str, str]
    catalog: CatalogConfig

    @classmethod
    def of(
        cls, job: JobName, hours: Sequence[EventHour], tiers: Mapping[str, str], catalog: CatalogConfig
    ) -> GlueOrder:
        """The same order for the same hours, whatever their sequence."""
        return cls(job, tuple(sorted(set(hours))), {name: tiers[name] for name in TIERS}, catalog)

    @property
    def kind(self) -> JobName:
        """See `Order`."""
        return self.job

    def to_extras(self) -> dict[str, Any]:
        """See `Order`."""
        return {
            "job": self.job,
            "hours": [hour.key for hour in self.hours],
            "tiers": dict(self.tiers),
            "catalog": asdict(self.catalog),
        }

    @classmethod
    def from_extras(cls, extras: Mapping[str, Any]) -> GlueOrder:
        """The inverse of `to_extras`. Raises OrderError."""
        job = extras.get("job")
        if job not in ("cleanse", "score"):
            raise OrderError(f"no job is called {job!r}: it is cleanse, score or upkeep")
        try:
            return cls.of(
                job,
                [EventHour.from_key(key) for key in extras["hours"]],
                extras["tiers"],
                CatalogConfig(**extras["catalog"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise OrderError(f"not an order: {error!r}") from error

    def arguments(self) -> dict[str, str]:
        """See `Order`."""
        return {HOURS: self._shown_hours(), ORDER: _digest(self.to_extras())}

    def overlaps(self, arguments: Mapping[str, str]) -> bool:
        """Whether a run with these arguments builds one of these hours; True for arguments that cannot be parsed."""
        try:
            ranges = [parse_hour_range(text) for text in arguments.get(HOURS, "").split(",")]
        except UserError:
            return True
        return any(first <= hour <= last for first, last in ranges for hour in self.hours)

    def _shown_hours(self) -> str:
        ranges = contiguous_ranges(self.hours)
        if len(ranges) > _SHOWN_RANGES:  # their span: a needless wait is better than an argument that Glue rejects
            ranges = [(self.hours[0], self.hours[-1])]
        return ",".join(f"{first.key}..{last.key}" for first, last in ranges)


@dataclass(frozen=True)
class UpkeepOrder(Order):
    """One upkeep of every table.

    Attributes:
        keep_hours: how long snapshots can be read after others replaced them.
        now: when it was ordered, UTC; a second try of the same step is the same order.
        tiers: URI of every tier, by the names in TIERS.
        catalog: the Iceberg catalog of the tables.
    """

    keep_hours: int
    now: datetime
    tiers: Mapping[str, str]
    catalog: CatalogConfig
    kind: ClassVar[Literal["upkeep"]] = UPKEEP

    def to_extras(self) -> dict[str, Any]:
        """See `Order`."""
        return {**self._work(), "now": self.now.isoformat()}

    @classmethod
    def from_extras(cls, extras: Mapping[str, Any]) -> UpkeepOrder:
        """The inverse of `to_extras`. Raises OrderError."""
        try:
            return cls(
                int(extras["keep_hours"]),
                datetime.fromisoformat(extras["now"]),
                {name: extras["tiers"][name] for name in TIERS},
                CatalogConfig(**extras["catalog"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise OrderError(f"not an order of upkeep: {error!r}") from error

    def arguments(self) -> dict[str, str]:
        """See `Order`."""
        return {KEEP_HOURS: str(self.keep_hours), ORDER: _digest(self._work())}

    def overlaps(self, arguments: Mapping[str, str]) -> bool:  # noqa: ARG002 - each goes through every table
        """See `Order`; any two upkeeps do."""
        return True

    def _work(self) -> dict[str, Any]:
        return {
            "job": UPKEEP,
            "keep_hours": self.keep_hours,
            "tiers": dict(self.tiers),
            "catalog": asdict(self.catalog),
        }


def order_of(extras: Mapping[str, Any]) -> GlueOrder | UpkeepOrder:
    """The order that the extras of a Pipes session hold. Raises OrderError."""
    return UpkeepOrder.from_extras(extras) if extras.get("job") == UPKEEP else GlueOrder.from_extras(extras)


def _digest(work: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(work, sort_keys=True).encode()).hexdigest()[:16]
