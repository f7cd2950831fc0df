"""Request of a Glue run: arguments shared by the side that starts it and the script on Glue.

The whole order goes with the parameters of Dagster Pipes, which lie in S3, because a year of hours is too long for
job arguments. The arguments identify a run, so that the Glue console shows which hours it builds.

Not here: starting and following runs (resources/glue.py), executing the request (glue_main.py).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.layout import EventHour, contiguous_ranges, parse_hour_range
from socialsent_assets.lake.iceberg.catalog import CatalogConfig

JobName = Literal["cleanse", "score"]

HOURS = "--hours"
"""Argument: the hours as `FROM..TO`, several with commas between them."""
ORDER = "--order"
"""Argument: digest of the order; equal for two runs that would do the very same."""

TIERS = ("landing", "cleansed", "analytics", "artifacts")
_SHOWN_RANGES = 20


class OrderError(ValueError):
    """What reached the script is no order."""


@dataclass(frozen=True)
class GlueOrder:
    """One run of a job.

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

    def to_extras(self) -> dict[str, Any]:
        """As the extras of a Pipes session: JSON values."""
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
            raise OrderError(f"no job is called {job!r}: it is cleanse or score")
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
        """Job arguments that describe the run."""
        digest = hashlib.sha256(json.dumps(self.to_extras(), sort_keys=True).encode()).hexdigest()
        return {HOURS: self._shown_hours(), ORDER: digest[:16]}

    def is_same(self, arguments: Mapping[str, str]) -> bool:
        """Whether a run with these arguments does the very same."""
        return arguments.get(ORDER) == self.arguments()[ORDER]

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
